package dialect

import (
	"encoding/json"
	"net/http"
)

func init() { Register(cloudevents{}) }

// cloudevents is an endpoint for CloudEvents over HTTP: structured, in batches, or in
// binary mode, in which the header holds the attributes. Events are known by their type
// or header, on whatever path. Sources: github.com/cloudevents/spec, "HTTP Protocol
// Binding" and "HTTP 1.1 Web Hooks for Event Delivery".
type cloudevents struct{}

const (
	typeCloudEvent  = "application/cloudevents+json"
	typeCloudEvents = "application/cloudevents-batch+json"
)

func (cloudevents) Name() string { return "cloudevents" }

func (cloudevents) Match(_, _, contentType string) bool {
	t := mediaType(contentType)
	return t == typeCloudEvent || t == typeCloudEvents
}

// MatchHeader implements byHeader.
func (cloudevents) MatchHeader(r *Request) bool {
	return r.header("Ce-Specversion") != "" || r.Method == http.MethodOptions && r.header("Webhook-Request-Origin") != ""
}

func (c cloudevents) Handle(r *Request) (*Response, []Record) {
	switch {
	case r.Method == http.MethodOptions: // a sender that asks whether it is welcome
		res := answer(http.StatusOK, "", nil)
		res.Header = append(res.Header, Header{"Webhook-Allowed-Origin", "*"}, Header{"Webhook-Allowed-Rate", "*"}, Header{"Allow", "POST"})
		return res, nil
	case !isPost(r.Method):
		return allowPost(c.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	body := trim(r.Body)
	if c.Match(r.Method, r.Path, r.ContentType) {
		if !json.Valid(body) {
			return c.Fail(r, http.StatusBadRequest, "body is no event"), nil
		}
		records, _ := jsonRecords(body)
		return answer(http.StatusAccepted, "", nil), records
	}
	var attrs []Attr
	for _, name := range []string{"id", "source", "type", "subject"} {
		if v := r.header("Ce-" + name); v != "" {
			attrs = append(attrs, text(name, v))
		}
	}
	if v := r.header("Ce-Time"); v != "" {
		attrs = append(attrs, text("timestamp", v))
	}
	rec := Record{Attrs: attrs, Data: r.Body}
	if json.Valid(body) {
		rec.Data, rec.JSON = body, true
	}
	return answer(http.StatusAccepted, "", nil), []Record{rec}
}

// Fail answers with problem details. Senders retry on 429 and 5xx.
func (cloudevents) Fail(_ *Request, status int, reason string) *Response {
	return problem(status, reason)
}
