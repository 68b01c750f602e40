package dialect

import (
	"encoding/json"
	"net/http"
	"strings"
)

func init() { Register(loki{}) }

// loki is Grafana Loki's push API, in protobuf and in JSON.
// Source: https://grafana.com/docs/loki/latest/reference/loki-http-api/
type loki struct{}

func (loki) Name() string { return "loki" }

func (loki) Match(_, path, _ string) bool {
	return under(path, "/loki/api/v1/push") || under(path, "/api/prom/push") ||
		under(path, "/loki/api/v1/status/buildinfo")
}

func (l loki) Handle(r *Request) (*Response, []Record) {
	if under(r.Path, "/loki/api/v1/status/buildinfo") {
		return jsonAnswer(http.StatusOK, map[string]string{"version": "3.0.0", "branch": "redactd"}), nil
	}
	if !isPost(r.Method) {
		return allowPost(answer(http.StatusMethodNotAllowed, typeText, []byte("method not allowed\n"))), nil
	}
	body := trim(r.Body)
	if mediaType(r.ContentType) != typeJSON { // as Loki has it
		var err error
		if body, err = lokiJSON(r.Body); err != nil {
			return l.Fail(r, http.StatusBadRequest, "body is not a push request"), nil
		}
	}
	streams := member(body, "streams")
	if !json.Valid(body) || kind(streams) != '[' {
		return l.Fail(r, http.StatusBadRequest, "body is not a push request"), nil
	}
	var records []Record
	tenant := r.header("X-Scope-Orgid")
	elements(streams, func(stream []byte) {
		var attrs []Attr
		if tenant != "" {
			attrs = append(attrs, text("tenant", tenant))
		}
		if labels := member(stream, "stream"); labels != nil {
			attrs = append(attrs, raw("labels", labels))
		} else if labels := member(stream, "labels"); labels != nil {
			attrs = append(attrs, raw("labels", labels))
		}
		attrs = attrs[:len(attrs):len(attrs)]
		elements(member(stream, "values"), func(v []byte) { records = append(records, lokiRecord(attrs, v)) })
		elements(member(stream, "entries"), func(v []byte) { records = append(records, lokiEntry(attrs, v)) })
	})
	return answer(http.StatusNoContent, "", nil), records
}

// lokiRecord reads ["<nanoseconds>", "<line>", {structured metadata}]. Of
// another shape, it is kept as it is.
func lokiRecord(attrs []Attr, v []byte) Record {
	var parts [][]byte
	elements(v, func(e []byte) { parts = append(parts, e) })
	if len(parts) < 2 || len(parts) > 3 || kind(parts[1]) != '"' {
		return Record{Attrs: attrs, Data: v, JSON: true}
	}
	attrs = append(attrs, raw("timestamp", parts[0]))
	if len(parts) == 3 {
		attrs = append(attrs, raw("metadata", parts[2]))
	}
	return Record{Attrs: attrs, Data: parts[1], JSON: true}
}

// lokiEntry reads {"ts": ..., "line": ...} of the API before version 1.
func lokiEntry(attrs []Attr, v []byte) Record {
	line := member(v, "line")
	if line == nil {
		return Record{Attrs: attrs, Data: v, JSON: true}
	}
	if ts := member(v, "ts"); ts != nil {
		attrs = append(attrs, raw("timestamp", ts))
	}
	return Record{Attrs: attrs, Data: line, JSON: true}
}

// Fail answers in plain text, as Loki does. Its clients retry on 429 and 5xx.
func (loki) Fail(_ *Request, status int, reason string) *Response {
	return answer(status, typeText, []byte(strings.TrimSpace(reason)+"\n"))
}

func allowPost(r *Response) *Response {
	r.Header = append(r.Header, Header{"Allow", "POST"})
	return r
}
