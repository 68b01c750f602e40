package dialect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/redactd/redactd/bench/corpus"
)

// Record is what an application logs: a line of a generated log, and around it what
// libraries and agents add.
type Record struct {
	Time                    time.Time
	Level, Service, Host    string
	Trace, Span             string // hexadecimal digits
	Status, Duration, Bytes int
	Message                 string
	Secret                  string // that is planted in the message, or ""
}

// Records makes one record of each line of a log. For the same log they are the same.
func Records(l corpus.Log) []Record {
	r := rand.New(rand.NewPCG(uint64(len(l.Lines)), 3))
	levels := []string{"INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"}
	services := []string{"checkout", "catalog", "billing", "search"}
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	out := make([]Record, len(l.Lines))
	planted := l.Planted
	for i, line := range l.Lines {
		at = at.Add(time.Duration(1+r.IntN(90)) * time.Millisecond)
		service := services[i/32%len(services)]
		out[i] = Record{
			Time: at, Level: levels[r.IntN(len(levels))], Service: service,
			Host:  fmt.Sprintf("%s-%d.prod.internal", service, r.IntN(4)),
			Trace: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), Span: fmt.Sprintf("%016x", r.Uint64()),
			Status: 200 + r.IntN(300), Duration: r.IntN(4000), Bytes: r.IntN(60000),
			Message: string(line),
		}
		if len(planted) > 0 && bytes.Contains(line, planted[0]) {
			out[i].Secret = string(planted[0])
			planted = planted[1:]
		}
	}
	return out
}

// around returns n records of which the first one with a secret is in the middle, if
// there is one: for what holds fewer records than a batch of log lines.
func around(records []Record, n int) []Record {
	from := 0
	if i := slices.IndexFunc(records, func(r Record) bool { return r.Secret != "" }); i > 0 {
		from = max(0, min(i-n/2, len(records)-n))
	}
	return records[from:min(from+n, len(records))]
}

type (
	object = map[string]any
	array  = []any
)

// fields are what loggers put beside a message.
func (r *Record) fields() object {
	return object{
		"level": r.Level, "service": r.Service, "host": r.Host, "trace_id": r.Trace, "span_id": r.Span,
		"http.status_code": r.Status, "duration_ms": r.Duration, "bytes": r.Bytes,
	}
}

// with returns o with further members.
func with(o object, members object) object {
	for name, value := range members {
		o[name] = value
	}
	return o
}

func (r *Record) rfc3339() string  { return r.Time.Format("2006-01-02T15:04:05.000000Z07:00") }
func (r *Record) seconds() float64 { return float64(r.Time.UnixMilli()) / 1000 }

// appendJSON appends v as loggers write it, which is without escapes for HTML.
func appendJSON(dst []byte, v any) []byte {
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// lines appends what each makes of a record, each on a line.
func lines(records []Record, each func(r *Record) any) (body []byte) {
	for i := range records {
		body = append(appendJSON(body, each(&records[i])), '\n')
	}
	return body
}

// list makes an array of what each makes of a record.
func list(records []Record, each func(r *Record) any) array {
	out := make(array, len(records))
	for i := range records {
		out[i] = each(&records[i])
	}
	return out
}

// byService returns records with one service after the other, as agents have them in
// streams.
func byService(records []Record) (names []string, groups map[string][]Record) {
	groups = map[string][]Record{}
	for _, r := range records {
		if groups[r.Service] == nil {
			names = append(names, r.Service)
		}
		groups[r.Service] = append(groups[r.Service], r)
	}
	return names, groups
}
