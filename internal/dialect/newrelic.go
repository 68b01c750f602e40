package dialect

import (
	"net/http"
)

func init() { Register(newrelic{}) }

// newrelic is New Relic's Log API.
// Source: https://docs.newrelic.com/docs/logs/log-api/introduction-log-api/
type newrelic struct{}

func (newrelic) Name() string { return "newrelic" }

func (newrelic) Match(_, path, _ string) bool { return under(path, "/log/v1") }

func (n newrelic) Handle(r *Request) (*Response, []Record) {
	if !isPost(r.Method) {
		return allowPost(n.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	var records []Record
	for _, rec := range genericRecords(r.ContentType, r.Body) {
		logs := member(rec.Data, "logs")
		if !rec.JSON || kind(logs) != '[' {
			records = append(records, rec)
			continue
		}
		var attrs []Attr
		if common := member(rec.Data, "common"); common != nil {
			attrs = append(attrs, raw("common", common))
		}
		elements(logs, func(v []byte) { records = append(records, Record{Attrs: attrs, Data: v, JSON: true}) })
	}
	return jsonAnswer(http.StatusAccepted, map[string]string{"requestId": newEventID()}), records
}

// Fail answers in the form of problem details; New Relic's own has no body. Its agents
// and plugins retry on 408, 429 and 5xx.
func (newrelic) Fail(_ *Request, status int, reason string) *Response { return problem(status, reason) }
