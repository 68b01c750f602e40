package audit

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// bodyOf is the body of an event as encoding/json writes it.
func bodyOf(e Event) ([]byte, error) {
	e.Seq, e.Prev, e.Time = 0, "", e.Time.UTC()
	if !e.Until.IsZero() {
		e.Until = e.Until.UTC()
	}
	p, err := json.Marshal(e)
	body, ok := bytes.CutPrefix(p, []byte(`{"seq":0,"prev":"",`))
	if err == nil && !ok {
		panic("an event begins in another way")
	}
	return append(body, '\n'), err
}

// FuzzEncode holds appendBodies to encoding/json.
func FuzzEncode(f *testing.F) {
	f.Add("logs", "a\"b\\<c>&\n\r\t\b\f\x00\x1f\x7f", "a.b\u2028\u2029\xff\xed\xa0\x80é\u00e9🙂", "e1-a", int64(1767225600123456789), int64(0), 20, uint64(0), false)
	f.Add("", "", "", "", int64(0), int64(1767225600000000000), -1, uint64(7), true)
	f.Fuzz(func(t *testing.T, a, b, c, d string, at, until int64, length int, count uint64, shadow bool) {
		e := Event{
			Time: time.Unix(at>>30, at&(1<<30-1)), Route: a, Direction: b, Rule: c, Severity: d, Action: b, Shadow: shadow,
			Path: c, Length: length, Count: count, Fingerprint: d, Secret: a, RequestID: c, ConfigDigest: b, Note: d, Sum: a,
			Origin: Origin{Service: c, Version: a, Logger: b, Environment: d, Destination: a},
		}
		if until != 0 {
			e.Until = time.Unix(until>>30, until&(1<<30-1))
		}
		if len(b)%2 == 1 {
			e.Facts, _ = json.Marshal(map[string]string{a: b, c: d})
		}
		if len(c)%7 == 6 {
			e.Facts = json.RawMessage(c) // hardly ever JSON
		}
		if a != "" {
			e.Tags = strings.SplitAfter(a, "o")
		}
		other := e
		other.Direction, other.Rule = c, a
		want, wantErr := bodyOf(e)
		got, err := appendBodies(nil, []Event{e})
		if (err == nil) != (wantErr == nil && len(want) <= maxLine/2) {
			t.Fatalf("error %v, want %v", err, wantErr)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
		second, secondErr := bodyOf(other)
		want = slices.Concat(want, want, second, want)
		if got, err := appendBodies(nil, []Event{e, e, other, e}); err == nil && secondErr == nil && !bytes.Equal(got, want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	})
}

func TestEncodeRefuses(t *testing.T) {
	for name, e := range map[string]Event{
		"year 10000": {Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"too long":   {Path: strings.Repeat("x", maxLine)},
		"no facts":   {Facts: json.RawMessage("{")},
	} {
		if _, err := appendBodies(nil, []Event{e}); err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	events := []Event{finding("aws-access-key-id", 1)}
	events[0].RequestID, events[0].ConfigDigest = strings.Repeat("r", 36), strings.Repeat("d", 64)
	var dst []byte
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst, _ = appendBodies(dst[:0], events)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = bodyOf(events[0])
		}
	})
}
