package dialect

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

func init() { Register(elastic{}) }

// elastic is Elasticsearch and OpenSearch, as far as shippers and the official
// clients need it: documents in, the handshake, and set-up calls.
// Source: https://www.elastic.co/docs/api/doc/elasticsearch/
type elastic struct{}

const elasticVersion = "8.17.0"

// elasticAPIs are the path segments by which a path is known as Elasticsearch's.
var elasticAPIs = set("_alias", "_aliases", "_async_search", "_bulk", "_cat", "_cluster", "_component_template", "_count",
	"_create", "_data_stream", "_delete_by_query", "_doc", "_enrich", "_explain", "_field_caps", "_flush",
	"_forcemerge", "_ilm", "_index_template", "_ingest", "_license", "_logstash", "_mapping", "_mappings", "_mget",
	"_ml", "_monitoring", "_msearch", "_nodes", "_opendistro", "_pit", "_plugins", "_query", "_refresh", "_reindex",
	"_remote", "_resolve", "_rollover", "_scripts", "_search", "_security", "_settings", "_slm", "_snapshot",
	"_source", "_sql", "_stats", "_tasks", "_template", "_termvectors", "_transform", "_update",
	"_update_by_query", "_validate", "_watcher", "_xpack")

// elasticSetUp are the APIs whose changes are acknowledged and not kept.
var elasticSetUp = set("_alias", "_aliases", "_cluster", "_component_template", "_data_stream", "_enrich", "_ilm",
	"_index_template", "_ingest", "_logstash", "_mapping", "_mappings", "_ml", "_opendistro", "_plugins", "_rollover",
	"_scripts", "_security", "_settings", "_slm", "_snapshot", "_template", "_transform", "_watcher", "_xpack")

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}

func (elastic) Name() string { return "elasticsearch" }

func (elastic) Match(method, path, contentType string) bool {
	if path == "/" || path == "" || under(path, "/insert/elasticsearch") { // VictoriaLogs'
		return method == http.MethodGet || method == http.MethodHead
	}
	return parseElasticPath(path).api != "" || strings.Contains(contentType, "vnd.elasticsearch")
}

// elasticPath is a path as /{index}/{api}/{rest...}.
type elasticPath struct {
	index string   // the segment before the API, decoded
	api   string   // the first segment that names one
	rest  []string // what follows, decoded
}

func parseElasticPath(path string) elasticPath {
	var p elasticPath
	if under(path, "/insert/elasticsearch") {
		return p
	}
	for seg := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if s, err := url.PathUnescape(seg); err == nil {
			seg = s
		}
		switch {
		case p.api != "":
			// The old form /{index}/{type}/_bulk never comes here: a type is no API.
			p.rest = append(p.rest, seg)
		case elasticAPIs[seg]:
			p.api = seg
		default:
			p.index = seg
		}
	}
	return p
}

func (e elastic) Handle(r *Request) (*Response, []Record) {
	res, records := e.handle(r, parseElasticPath(r.Path))
	elasticFilter(r, res)
	return elasticHeaders(r, res), records
}

func (e elastic) handle(r *Request, p elasticPath) (*Response, []Record) {
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch p.api {
	case "_bulk":
		if isPost(r.Method) {
			return elasticBulk(r, p.index)
		}
		return elasticError(http.StatusMethodNotAllowed, "illegal_argument_exception", "method not allowed"), nil
	case "_monitoring":
		if isPost(r.Method) {
			return elasticBulk(r, ".monitoring")
		}
	case "_doc", "_create", "_update":
		return elasticDoc(r, p)
	case "_license":
		return jsonAnswer(http.StatusOK, map[string]any{"license": map[string]any{
			"status": "active", "uid": "redactd", "type": "basic", "issued_to": "redactd", "issuer": "redactd",
		}}), nil
	case "_nodes":
		return elasticNodes(r), nil
	case "_refresh", "_flush", "_forcemerge":
		return jsonAnswer(http.StatusOK, map[string]any{"_shards": elasticShards}), nil
	case "":
		if p.index == "" {
			return elasticInfo(), nil
		}
	}
	switch {
	case p.api == "_cluster" && reading && len(p.rest) > 0 && p.rest[0] == "health":
		return elasticHealth(), nil
	case p.api == "_xpack" && reading:
		return jsonAnswer(http.StatusOK, map[string]any{"features": map[string]any{}, "license": map[string]string{
			"type": "basic", "mode": "basic", "status": "active", "uid": "redactd",
		}}), nil
	case p.api == "_cluster" && reading && len(p.rest) > 0 && p.rest[0] == "settings":
		return jsonAnswer(http.StatusOK, map[string]any{"persistent": map[string]any{}, "transient": map[string]any{}}), nil
	case elasticSetUp[p.api] && !reading, p.api == "" && !reading:
		return elasticAcknowledge(p), nil
	case p.api == "" && r.Method == http.MethodHead:
		return answer(http.StatusOK, typeJSON, nil), nil
	case elasticSetUp[p.api], p.api == "":
		return elasticError(http.StatusNotFound, "resource_not_found_exception", "the embedded store keeps no such object"), nil
	}
	return elasticError(http.StatusNotImplemented, "unsupported_operation_exception", "the embedded store does not search"), nil
}

var elasticShards = map[string]int{"total": 1, "successful": 1, "failed": 0}

func elasticInfo() *Response {
	return jsonAnswer(http.StatusOK, map[string]any{
		"name": "redactd", "cluster_name": "redactd", "cluster_uuid": "cmVkYWN0ZF9zdG9yZV91dA",
		"version": map[string]any{
			"number": elasticVersion, "build_flavor": "default", "build_type": "docker", "build_hash": "redactd",
			"build_date": "2025-01-01T00:00:00.000Z", "build_snapshot": false, "lucene_version": "9.12.0",
			"minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0",
		},
		"tagline": "You Know, for Search",
	})
}

func elasticHealth() *Response {
	return jsonAnswer(http.StatusOK, map[string]any{
		"cluster_name": "redactd", "status": "green", "timed_out": false, "number_of_nodes": 1, "number_of_data_nodes": 1,
		"active_primary_shards": 1, "active_shards": 1, "relocating_shards": 0, "initializing_shards": 0,
		"unassigned_shards": 0, "delayed_unassigned_shards": 0, "number_of_pending_tasks": 0,
		"number_of_in_flight_fetch": 0, "task_max_waiting_in_queue_millis": 0, "active_shards_percent_as_number": 100.0,
	})
}

// elasticNodes answers sniffing with the address that the client came by, so
// that it stays there; where that is no address with a port, with none.
func elasticNodes(r *Request) *Response {
	node := map[string]any{"name": "redactd", "version": elasticVersion, "roles": []string{"data", "ingest", "master"}}
	if host, port, err := net.SplitHostPort(r.Host); err == nil && host != "" && port != "" && isHost(r.Host) {
		node["http"] = map[string]any{"publish_address": r.Host, "bound_address": []string{r.Host}}
	}
	return jsonAnswer(http.StatusOK, map[string]any{
		"_nodes": elasticShards, "cluster_name": "redactd", "nodes": map[string]any{"redactd": node},
	})
}

func isHost(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0) {
			return false
		}
	}
	return true
}

func elasticAcknowledge(p elasticPath) *Response {
	body := map[string]any{"acknowledged": true}
	if p.api == "" {
		body["shards_acknowledged"] = true
		body["index"] = p.index
	}
	return jsonAnswer(http.StatusOK, body)
}

func elasticError(status int, kind, reason string) *Response {
	cause := map[string]any{"type": kind, "reason": reason}
	return jsonAnswer(status, map[string]any{
		"error":  map[string]any{"root_cause": []any{cause}, "type": kind, "reason": reason},
		"status": status,
	})
}

// Fail answers with the error object. 429 and 503 make clients try again.
func (elastic) Fail(r *Request, status int, reason string) *Response {
	kind := "exception"
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		kind = "es_rejected_execution_exception"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		kind = "security_exception"
	case status < http.StatusInternalServerError:
		kind = "illegal_argument_exception"
	}
	return elasticHeaders(r, elasticError(status, kind, reason))
}

// elasticHeaders adds what the official clients check: the product, and the
// versioned media type where they asked for it.
func elasticHeaders(r *Request, res *Response) *Response {
	const compat = "application/vnd.elasticsearch+json"
	if _, version, ok := strings.Cut(r.header("Accept"), compat); ok && len(res.Body) > 0 {
		version = strings.TrimLeft(version, "; ")
		for _, v := range []string{"7", "8", "9"} {
			if strings.HasPrefix(version, "compatible-with="+v) {
				for i := range res.Header {
					if res.Header[i].Name == "Content-Type" {
						res.Header[i].Value = compat + ";compatible-with=" + v
					}
				}
			}
		}
	}
	res.Header = append(res.Header, Header{"X-Elastic-Product", "Elasticsearch"})
	return res
}
