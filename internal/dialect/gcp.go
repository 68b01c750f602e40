package dialect

import (
	"encoding/json"
	"net/http"
	"strings"
)

func init() { Register(gcp{}) }

// gcp is entries.write of Google Cloud Logging, in its HTTP form.
// Source: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/write
type gcp struct{}

func (gcp) Name() string { return "gcp" }

func (gcp) Match(_, path, _ string) bool {
	return under(path, "/v2/entries:write") || under(strings.ToLower(path), "/v2/entries%3awrite")
}

func (g gcp) Handle(r *Request) (*Response, []Record) {
	if !isPost(r.Method) {
		return allowPost(g.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	body := trim(r.Body)
	entries := member(body, "entries")
	if !json.Valid(body) || kind(entries) != '[' {
		return g.Fail(r, http.StatusBadRequest, "body is no list of entries"), nil
	}
	var attrs []Attr
	for _, name := range []string{"logName", "resource", "labels"} {
		if v := member(body, name); v != nil {
			attrs = append(attrs, raw(name, v))
		}
	}
	var records []Record
	elements(entries, func(v []byte) { records = append(records, Record{Attrs: attrs, Data: v, JSON: true}) })
	return jsonAnswer(http.StatusOK, struct{}{}), records
}

// gcpCodes are the canonical codes of statuses (google.rpc.Code).
var gcpCodes = map[int]string{
	400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
	429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}

// Fail answers with an Error of Google's APIs. Client libraries retry on UNAVAILABLE.
func (gcp) Fail(_ *Request, status int, reason string) *Response {
	code := gcpCodes[status]
	if code == "" {
		code = "UNKNOWN"
	}
	return jsonAnswer(status, map[string]any{"error": map[string]any{"code": status, "message": reason, "status": code}})
}
