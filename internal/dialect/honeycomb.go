package dialect

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

func init() { Register(honeycomb{}) }

// honeycomb is Honeycomb's API for events, one at a time or in batches.
// Source: https://api-docs.honeycomb.io/api/events
type honeycomb struct{}

func (honeycomb) Name() string { return "honeycomb" }

func (honeycomb) Match(_, path, _ string) bool {
	api, _ := honeycombPath(path)
	return api != ""
}

// honeycombPath reads /1/batch/{dataset} and /1/events/{dataset}.
func honeycombPath(path string) (api, dataset string) {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	n := len(parts)
	if n < 4 || parts[n-3] != "1" || parts[n-2] != "batch" && parts[n-2] != "events" {
		return "", ""
	}
	dataset, err := url.PathUnescape(parts[n-1])
	if err != nil {
		dataset = parts[n-1]
	}
	return parts[n-2], dataset
}

func (h honeycomb) Handle(r *Request) (*Response, []Record) {
	api, dataset := honeycombPath(r.Path)
	if !isPost(r.Method) {
		return allowPost(h.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	body := trim(r.Body)
	attrs := []Attr{text("dataset", dataset)}
	switch {
	case mediaType(r.ContentType) == "application/msgpack":
		return h.Fail(r, Retryable, "the embedded store takes events as application/json only"), nil
	case !json.Valid(body):
		return h.Fail(r, http.StatusBadRequest, "request body is malformed and cannot be read as JSON"), nil
	case api == "events":
		return answer(http.StatusOK, "", nil), []Record{{Attrs: attrs, Data: body, JSON: true}}
	case kind(body) != '[':
		return h.Fail(r, http.StatusBadRequest, "batch is no array"), nil
	}
	type status struct {
		Status int `json:"status"`
	}
	statuses := []status{}
	var records []Record
	elements(body, func(v []byte) {
		records = append(records, honeycombRecord(attrs, v))
		statuses = append(statuses, status{http.StatusAccepted})
	})
	return jsonAnswer(http.StatusOK, statuses), records
}

func honeycombRecord(attrs []Attr, v []byte) Record {
	data := member(v, "data")
	if data == nil {
		return Record{Attrs: attrs, Data: v, JSON: true}
	}
	attrs = attrs[:len(attrs):len(attrs)]
	if ts := member(v, "time"); ts != nil {
		attrs = append(attrs, raw("timestamp", ts))
	}
	if rate := member(v, "samplerate"); rate != nil {
		attrs = append(attrs, raw("samplerate", rate))
	}
	return Record{Attrs: attrs, Data: data, JSON: true}
}

func (honeycomb) Fail(_ *Request, status int, reason string) *Response {
	return jsonAnswer(status, map[string]string{"error": reason})
}
