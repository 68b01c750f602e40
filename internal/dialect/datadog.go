package dialect

import (
	"net/http"
	"net/url"
	"strings"
)

func init() { Register(datadog{}) }

// datadog is the logs intake of Datadog, versions 1 and 2.
// Source: https://docs.datadoghq.com/api/latest/logs/
type datadog struct{}

func (datadog) Name() string { return "datadog" }

func (datadog) Match(_, path, _ string) bool {
	return under(path, "/api/v2/logs") || isDatadogV1(path) || under(path, "/api/v1/validate")
}

// isDatadogV1 allows for the API key that the path may end in.
func isDatadogV1(path string) bool {
	path = strings.TrimSuffix(path, "/")
	if strings.HasSuffix(path, "/v1/input") {
		return true
	}
	i := strings.LastIndexByte(path, '/')
	return i >= 0 && strings.HasSuffix(path[:i], "/v1/input")
}

func (d datadog) Handle(r *Request) (*Response, []Record) {
	if under(r.Path, "/api/v1/validate") {
		return jsonAnswer(http.StatusOK, map[string]bool{"valid": true}), nil
	}
	if !isPost(r.Method) {
		return allowPost(d.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	status := http.StatusAccepted
	if isDatadogV1(r.Path) {
		status = http.StatusOK
	}
	records := genericRecords(r.ContentType, r.Body)
	if len(records) == 1 && string(records[0].Data) == "{}" {
		records = nil // an Agent that looks whether it gets through
	}
	attrs := datadogAttrs(r)
	for i := range records {
		records[i].Attrs = attrs
	}
	return answer(status, typeJSON, []byte("{}")), records
}

// datadogAttrs reads what the query or headers say of all records. The API key
// may stand there too and is none of it.
func datadogAttrs(r *Request) []Attr {
	q, _ := url.ParseQuery(r.Query)
	var attrs []Attr
	for _, name := range []string{"ddsource", "ddtags", "hostname", "service"} {
		v := q.Get(name)
		if v == "" && name != "hostname" && name != "service" {
			v = r.header(name)
		}
		if v != "" {
			attrs = append(attrs, text(name, v))
		}
	}
	return attrs
}

// Fail answers with the error list of version 2. Datadog's senders retry on
// 408, 429 and 5xx.
func (datadog) Fail(_ *Request, status int, reason string) *Response {
	type e struct {
		Status string `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	return jsonAnswer(status, map[string][]e{"errors": {{itoa(status), http.StatusText(status), reason}}})
}
