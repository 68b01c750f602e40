package dialect

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func init() { Register(splunk{}) }

// splunk is Splunk's HTTP Event Collector. A request on a channel gets an id to ask for
// its acknowledgement with; as a success means that the records are kept, whatever id
// is asked for has been acknowledged. Sources:
// https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector
// and .../Data/AboutHECIDXAck
type splunk struct{}

// The codes of the collector's answers.
const (
	hecOK           = 0
	hecNoToken      = 2
	hecBadToken     = 4
	hecNoData       = 5
	hecBadFormat    = 6
	hecInternal     = 8
	hecBusy         = 9
	hecNoChannel    = 10
	hecNoEvent      = 12
	hecBlankEvent   = 13
	hecHealthy      = 17
	hecTooLarge     = 27
	hecPath         = "/services/collector"
	hecInvalidEvent = "invalid-event-number"
)

var hecTexts = map[int]string{
	hecOK: "Success", hecNoToken: "Token is required", hecBadToken: "Invalid token", hecNoData: "No data",
	hecBadFormat: "Invalid data format", hecInternal: "Internal server error", hecBusy: "Server is busy",
	hecNoEvent: "Event field is required", hecBlankEvent: "Event field cannot be blank",
	hecNoChannel: "Data channel is missing", hecHealthy: "HEC is healthy", hecTooLarge: "Request entity too large",
}

func (splunk) Name() string { return "splunk" }

func (splunk) Match(_, path, _ string) bool {
	_, ok := hecEndpoint(path)
	return ok
}

// hecEndpoint returns what stands behind /services/collector: "event", "raw",
// "ack" or "health", without the version.
func hecEndpoint(path string) (string, bool) {
	i := strings.LastIndex(path, hecPath)
	if i < 0 {
		return "", false
	}
	rest := strings.TrimSuffix(path[i+len(hecPath):], "/")
	switch rest = strings.TrimSuffix(rest, "/1.0"); rest {
	case "", "/event":
		return "event", true
	case "/raw", "/ack", "/health":
		return rest[1:], true
	}
	return "", false
}

func (s splunk) Handle(r *Request) (*Response, []Record) {
	endpoint, _ := hecEndpoint(r.Path)
	if endpoint == "health" {
		return hecAnswer(http.StatusOK, hecHealthy, "", -1), nil
	}
	if !isPost(r.Method) {
		return allowPost(s.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	channel := hecChannel(r)
	if endpoint == "ack" {
		return hecAcks(channel, trim(r.Body)), nil
	}
	if len(trim(r.Body)) == 0 {
		return hecAnswer(http.StatusBadRequest, hecNoData, "", -1), nil
	}
	if endpoint == "raw" {
		records := lineRecords(r.Body)
		attrs := hecQueryAttrs(r.Query)
		for i := range records {
			records[i].Attrs = attrs
		}
		return hecAccepted(channel), records
	}
	return hecEvents(trim(r.Body), channel)
}

// hecChannel returns the channel of a request, "" for none.
func hecChannel(r *Request) string {
	if v := r.header("X-Splunk-Request-Channel"); v != "" {
		return v
	}
	q, _ := url.ParseQuery(r.Query)
	return q.Get("channel")
}

// hecAcks acknowledges what is asked for.
func hecAcks(channel string, body []byte) *Response {
	asked := member(body, "acks")
	switch {
	case channel == "":
		return hecAnswer(http.StatusBadRequest, hecNoChannel, "", -1)
	case !json.Valid(body) || kind(asked) != '[':
		return hecAnswer(http.StatusBadRequest, hecBadFormat, "", -1)
	}
	acks := map[string]bool{}
	elements(asked, func(v []byte) {
		if _, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			acks[string(v)] = true
		}
	})
	return jsonAnswer(http.StatusOK, map[string]any{"acks": acks})
}

// hecAccepted answers that all is kept, with an id where there is a channel.
func hecAccepted(channel string) *Response {
	if channel == "" {
		return hecAnswer(http.StatusOK, hecOK, "", -1)
	}
	return jsonAnswer(http.StatusOK, map[string]any{
		"text": hecTexts[hecOK], "code": hecOK, "ackId": time.Now().UnixMicro(),
	})
}

// hecEvents reads events one after another. One that is no event is named in
// the answer by its place, as the collector does; the others are kept, since
// senders do not repeat a batch that was answered with 400.
func hecEvents(body []byte, channel string) (*Response, []Record) {
	var records []Record
	n, bad, badCode := 0, -1, 0
	fault := func(code int) {
		if bad < 0 {
			bad, badCode = n, code
		}
	}
	one := func(v []byte) {
		rec, code := hecEvent(v)
		if code == hecOK {
			records = append(records, rec)
		} else {
			fault(code)
		}
		n++
	}
	rest := values(body, func(v []byte) {
		if kind(v) == '[' {
			elements(v, one)
		} else {
			one(v)
		}
	})
	if rest != nil {
		fault(hecBadFormat)
	}
	if bad >= 0 {
		return hecAnswer(http.StatusBadRequest, badCode, "", bad), records
	}
	return hecAccepted(channel), records
}

func hecEvent(v []byte) (Record, int) {
	if kind(v) != '{' {
		return Record{}, hecBadFormat
	}
	rec := Record{JSON: true}
	members(v, func(name string, m []byte) {
		switch name {
		case "event":
			rec.Data = m
		case "time":
			rec.Attrs = append(rec.Attrs, raw("timestamp", m))
		case "host", "source", "sourcetype", "index", "fields":
			rec.Attrs = append(rec.Attrs, raw(name, m))
		}
	})
	switch {
	case rec.Data == nil || bytes.Equal(rec.Data, []byte("null")):
		return rec, hecNoEvent
	case bytes.Equal(rec.Data, []byte(`""`)):
		return rec, hecBlankEvent
	}
	return rec, hecOK
}

func hecQueryAttrs(query string) []Attr {
	q, _ := url.ParseQuery(query)
	var attrs []Attr
	for _, name := range []string{"host", "source", "sourcetype", "index"} {
		if v := q.Get(name); v != "" {
			attrs = append(attrs, text(name, v))
		}
	}
	if v := q.Get("time"); v != "" {
		attrs = append(attrs, text("timestamp", v))
	}
	return attrs
}

func hecAnswer(status, code int, reason string, invalid int) *Response {
	body := map[string]any{"text": hecTexts[code], "code": code}
	if reason != "" {
		body["text"] = hecTexts[code] + ": " + reason
	}
	if invalid >= 0 {
		body[hecInvalidEvent] = invalid
	}
	return jsonAnswer(status, body)
}

// Fail says busy, code 9 with 503, where the sender is to try again.
func (splunk) Fail(_ *Request, status int, reason string) *Response {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return hecAnswer(http.StatusServiceUnavailable, hecBusy, reason, -1)
	case http.StatusUnauthorized:
		return hecAnswer(status, hecNoToken, reason, -1)
	case http.StatusForbidden:
		return hecAnswer(status, hecBadToken, reason, -1)
	case http.StatusRequestEntityTooLarge:
		return hecAnswer(status, hecTooLarge, reason, -1)
	}
	if status < 500 {
		return hecAnswer(status, hecBadFormat, reason, -1)
	}
	return hecAnswer(status, hecInternal, reason, -1)
}
