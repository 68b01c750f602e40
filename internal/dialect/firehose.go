package dialect

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

func init() { Register(firehose{}) }

// firehose is an HTTP endpoint of Amazon Data Firehose, on whatever path: a delivery is
// known by its header. Source: AWS, "Understand HTTP endpoint delivery request and
// response specifications".
type firehose struct{}

const (
	firehoseID         = "X-Amz-Firehose-Request-Id"
	firehoseAttributes = "X-Amz-Firehose-Common-Attributes"
)

func (firehose) Name() string { return "firehose" }

func (firehose) Match(_, _, _ string) bool { return false }

// MatchHeader implements byHeader.
func (firehose) MatchHeader(r *Request) bool { return r.header(firehoseID) != "" }

func (f firehose) Handle(r *Request) (*Response, []Record) {
	if !isPost(r.Method) {
		return allowPost(f.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	body := trim(r.Body)
	deliveries := member(body, "records")
	if !json.Valid(body) || kind(deliveries) != '[' {
		return f.Fail(r, http.StatusBadRequest, "body is no delivery"), nil
	}
	var attrs []Attr
	if v := []byte(r.header(firehoseAttributes)); kind(v) == '{' && json.Valid(v) {
		attrs = append(attrs, raw("attributes", v))
	}
	attrs = attrs[:len(attrs):len(attrs)]
	var records []Record
	elements(deliveries, func(v []byte) {
		records = append(records, firehoseRecords(attrs, v)...)
	})
	return jsonAnswer(http.StatusOK, firehoseAnswer{r.header(firehoseID), time.Now().UnixMilli(), ""}), records
}

// firehoseRecords takes a record of a delivery apart. Data that does not decode is
// kept as it is.
func firehoseRecords(attrs []Attr, v []byte) []Record {
	data, err := base64.StdEncoding.DecodeString(str(member(v, "data")))
	if err != nil || len(data) == 0 {
		return []Record{{Attrs: attrs, Data: v, JSON: true}}
	}
	data = unzipped(data)
	if !isText(data) {
		return []Record{{Attrs: attrs, Data: data}}
	}
	records, ok := jsonRecords(trim(data))
	if !ok {
		records = lineRecords(data)
	}
	if events := member(trim(data), "logEvents"); len(records) == 1 && kind(events) == '[' {
		return cloudWatchRecords(attrs, records[0].Data, events)
	}
	for i := range records {
		records[i].Attrs = attrs
	}
	return records
}

// unzipped returns what data decodes to if it is gzip, up to 64 MiB, else data.
func unzipped(data []byte) []byte {
	const limit = 64 << 20
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return data
	}
	text, err := io.ReadAll(io.LimitReader(z, limit+1))
	if err != nil || len(text) > limit {
		return data
	}
	return text
}

// cloudWatchRecords makes a record of each event that a subscription of CloudWatch Logs
// sends. A control message, which says that the subscription works, has none to keep.
func cloudWatchRecords(attrs []Attr, doc, events []byte) []Record {
	if str(member(doc, "messageType")) == "CONTROL_MESSAGE" {
		return nil
	}
	for _, name := range []string{"logGroup", "logStream"} {
		if v := member(doc, name); v != nil {
			attrs = append(attrs, raw(name, v))
		}
	}
	attrs = attrs[:len(attrs):len(attrs)]
	var records []Record
	elements(events, func(e []byte) {
		rec := Record{Attrs: attrs, Data: e, JSON: true}
		if message := member(e, "message"); message != nil {
			rec.Data = message
			if ts := member(e, "timestamp"); ts != nil {
				rec.Attrs = append(rec.Attrs, raw("timestamp", ts))
			}
		}
		records = append(records, rec)
	})
	return records
}

type firehoseAnswer struct {
	RequestID string `json:"requestId"`
	Timestamp int64  `json:"timestamp"` // in milliseconds
	Error     string `json:"errorMessage,omitempty"`
}

// Fail repeats the id of the request, without which Firehose takes an answer for
// malformed. It retries whatever is no 200, until its retry duration ends.
func (firehose) Fail(r *Request, status int, reason string) *Response {
	return jsonAnswer(status, firehoseAnswer{r.header(firehoseID), time.Now().UnixMilli(), reason})
}
