package dialect

import "testing"

func TestElasticFilter(t *testing.T) {
	const body = `{"took":1,"errors":true,"items":[{"index":{"_id":"a","status":201}},{"create":{"status":400,"error":{"type":"x","reason":"y","caused_by":{"type":"z"}}}}]}`
	for filter, want := range map[string]string{
		"":                        body,
		"errors":                  `{"errors":true}`,
		"errors,items.*.error":    `{"errors":true,"items":[{"create":{"error":{"type":"x","reason":"y","caused_by":{"type":"z"}}}}]}`,
		"items.*.status":          `{"items":[{"index":{"status":201}},{"create":{"status":400}}]}`,
		"items.*.error.t*":        `{"items":[{"create":{"error":{"type":"x"}}}]}`,
		"**.type":                 `{"items":[{"create":{"error":{"type":"x","caused_by":{"type":"z"}}}}]}`,
		"nothing":                 `{}`,
		"took.x":                  `{}`,
		"-items":                  `{"took":1,"errors":true}`,
		"items,-items.*.error":    `{"items":[{"index":{"_id":"a","status":201}},{"create":{"status":400}}]}`,
		"-items.index,-took,-err": `{"errors":true,"items":[{},{"create":{"status":400,"error":{"type":"x","reason":"y","caused_by":{"type":"z"}}}}]}`,
	} {
		res := &Response{Status: 200, Body: []byte(body)}
		elasticFilter(&Request{Query: "filter_path=" + filter}, res)
		if string(res.Body) != want {
			t.Errorf("%s: %s, want %s", filter, res.Body, want)
		}
	}
	res := &Response{Status: 400, Body: []byte(body)}
	if elasticFilter(&Request{Query: "filter_path=took"}, res); string(res.Body) != body {
		t.Error("an error is filtered")
	}
}

// TestHop asks what the hop asks of requests.
func TestHop(t *testing.T) {
	for _, tt := range []struct {
		method, path, contentType string
		intake, tells, nodes      bool
	}{
		{"POST", "/_bulk", "", true, true, false},
		{"PUT", "/x/logs/_bulk/", "application/vnd.elasticsearch+x-ndjson;compatible-with=8", true, true, false},
		{"POST", "/insert/elasticsearch/_bulk", "", true, true, false},
		{"GET", "/_bulk", "", false, false, false},
		{"POST", "/_monitoring/bulk", "", true, true, false},
		{"PUT", "/logs/_doc/1", "", true, false, false},
		{"DELETE", "/logs/_doc/1", "", false, false, false},
		{"PUT", "/logs/_create/1", "", true, false, false},
		{"POST", "/logs/_update/1", "", true, false, false},
		{"POST", "/logs/_update_by_query", "", false, true, false},
		{"POST", "/_reindex", "", false, true, false},
		{"POST", "/_search", "", false, false, false},
		{"PUT", "/logs", "application/vnd.elasticsearch+json;compatible-with=8", false, false, false},
		{"GET", "/", "", false, false, false},
		{"GET", "/_nodes/_all/http", "", false, false, true},
		{"GET", "/_nodes", "", false, false, true},
		{"GET", "/_nodes/n1/stats/http", "", false, false, false},
		{"POST", "/loki/api/v1/push", "", true, false, false},
		{"POST", "/v1/logs", "application/x-protobuf", true, false, false},
		{"POST", "/login", "application/json", false, false, false},
	} {
		r := &Request{Method: tt.method, Path: tt.path, ContentType: tt.contentType}
		if intake, tells, nodes := Intake(r), Tells(r), NamesNodes(r); intake != tt.intake || tells != tt.tells || nodes != tt.nodes {
			t.Errorf("%s %s: intake %v, tells %v, names nodes %v", tt.method, tt.path, intake, tells, nodes)
		}
	}
}
