package errlog

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/redactd/redactd/internal/records"
)

func init() { registerSink("otlp", openOTLP) }

// otlpSink sends log records as https://opentelemetry.io/docs/specs/otlp/ has it: OTLP/HTTP
// in protobuf with gzip.
type otlpSink struct {
	url      string
	headers  map[string]string
	client   *http.Client
	resource *resource.Resource
	version  string
	observer Observer
}

func openOTLP(o *Options, _ *Log) (sink, error) {
	if o.Errors.OTLP == "" {
		return nil, nil
	}
	s := &otlpSink{
		url: logsURL(o.Errors.OTLP), headers: map[string]string{}, version: o.Version, observer: o.Observer,
		client: &http.Client{Timeout: sendTimeout, Transport: http.DefaultTransport.(*http.Transport).Clone()},
		resource: &resource.Resource{Attributes: attributes(
			"service.name", "redactd", "service.version", o.Version, "service.instance.id", o.Replica,
		)},
	}
	for name, value := range o.Errors.OTLPHeaders {
		s.headers[name] = string(value)
	}
	return s, nil
}

// logsURL is where logs go to: the URL itself if it says so, else below it.
func logsURL(base string) string {
	const path = "/v1/logs"
	base = strings.TrimRight(base, "/")
	if strings.HasSuffix(base, path) {
		return base
	}
	return base + path
}

func (s *otlpSink) write(ctx context.Context, b *batch) error {
	body, err := s.encode(b)
	if err != nil {
		return permanentError{err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return permanentError{&sendError{"refused", "the URL is wrong"}}
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("User-Agent", "redactd/"+s.version)
	for name, value := range s.headers {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return transportError(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err := statusError(res.StatusCode); err != nil {
		return err
	}
	if err == nil {
		if n := rejected(answer); n > 0 {
			s.observer.Dropped("otlp", DroppedCount, n)
		}
	}
	return nil
}

// rejected returns how many records were not taken although others were:
// ExportLogsServiceResponse.partial_success.rejected_log_records.
func rejected(answer []byte) int64 {
	partial, ok := field(answer, 1, protowire.BytesType)
	if !ok {
		return 0
	}
	message, n := protowire.ConsumeBytes(partial)
	if n < 0 {
		return 0
	}
	value, ok := field(message, 1, protowire.VarintType)
	if !ok {
		return 0
	}
	count, n := protowire.ConsumeVarint(value)
	if n < 0 || count > 1<<32 {
		return 0
	}
	return int64(count)
}

// field returns where the value of a field begins.
func field(message []byte, number protowire.Number, kind protowire.Type) ([]byte, bool) {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			break
		}
		message = message[n:]
		if num == number && typ == kind {
			return message, true
		}
		if n = protowire.ConsumeFieldValue(num, typ, message); n < 0 {
			break
		}
		message = message[n:]
	}
	return nil, false
}

// encode writes a batch, compressed. LogsData is the same on the wire as the request of
// the service, whose package would bring a gateway with it.
func (s *otlpSink) encode(b *batch) ([]byte, error) {
	var list []*logs.LogRecord
	for _, e := range b.entries {
		list = append(list, record(e))
	}
	for i := range b.counted {
		list = append(list, countRecord(&b.counted[i]))
	}
	data, err := proto.Marshal(&logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{
		Resource: s.resource,
		ScopeLogs: []*logs.ScopeLogs{{
			Scope:      &common.InstrumentationScope{Name: "github.com/redactd/redactd", Version: s.version},
			LogRecords: list,
		}},
	}}})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(data) // a Buffer takes everything
	_ = w.Close()
	return out.Bytes(), nil
}

// The names of the events.
const (
	eventError  = "redactd.error_response"
	eventErrors = "redactd.error_responses" // several, of which only the number is known
)

func record(e *entry) *logs.LogRecord {
	g := e.group(e.id)
	r := groupRecord(&g, eventError, e.Time)
	r.Body = text(summary(&g) + " on " + e.Method + " " + e.Path)
	r.TraceId, r.SpanId = id(e.TraceID, 16), id(e.SpanID, 8)
	if r.TraceId == nil {
		r.SpanId = nil
	}
	r.Attributes = append(r.Attributes, attributes(
		"http.request.method", e.Method, "http.route", e.Path,
		"redactd.reference", e.Reference, "redactd.request_id", e.RequestID, "redactd.policy", e.ConfigDigest,
		"redactd.original", strings.ToValidUTF8(string(e.text), "\uFFFD"),
	)...)
	return r
}

// countRecord stands for errors that were only counted.
func countRecord(g *records.ErrorGroup) *logs.LogRecord {
	r := groupRecord(g, eventErrors, g.LastSeen)
	r.Body = text(summary(g) + ", of which only the number is known")
	r.Attributes = append(r.Attributes, &common.KeyValue{
		Key: "redactd.count", Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: g.Count}},
	})
	return r
}

// groupRecord says what is common to errors of a group, in the words of OpenTelemetry's
// conventions for exceptions and HTTP where these have some.
func groupRecord(g *records.ErrorGroup, event string, at time.Time) *logs.LogRecord {
	r := &logs.LogRecord{
		EventName: event, TimeUnixNano: uint64(max(0, at.UnixNano())), ObservedTimeUnixNano: uint64(time.Now().UnixNano()),
		SeverityNumber: logs.SeverityNumber_SEVERITY_NUMBER_ERROR, SeverityText: "ERROR",
		Attributes: attributes(
			"exception.type", g.Exception, "exception.stacktrace", stack(g.Frames),
			"redactd.route", g.Route, "redactd.upstream", g.Upstream, "redactd.framework", g.Framework, "redactd.group", g.ID,
		),
	}
	if g.StatusClass == "4xx" {
		r.SeverityNumber, r.SeverityText = logs.SeverityNumber_SEVERITY_NUMBER_WARN, "WARN"
	}
	r.Attributes = append(r.Attributes, &common.KeyValue{
		Key: "http.response.status_code", Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(g.Status)}},
	})
	return r
}

// attributes makes attributes of names and values, without those that are empty.
func attributes(pairs ...string) (out []*common.KeyValue) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, &common.KeyValue{Key: pairs[i], Value: text(pairs[i+1])})
		}
	}
	return out
}

func text(s string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: strings.ToValidUTF8(s, "\uFFFD")}}
}

// stack writes frames one a line, the innermost first.
func stack(frames []Frame) string {
	lines := make([]string, len(frames))
	for i, f := range frames {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// id reads an id of a trace or span: nil unless it is one.
func id(text string, size int) []byte {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != size || bytes.Count(b, []byte{0}) == size {
		return nil
	}
	return b
}

func (s *otlpSink) close(context.Context) error {
	s.client.CloseIdleConnections()
	return nil
}
