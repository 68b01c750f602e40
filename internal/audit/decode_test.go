package audit

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// FuzzDecode holds a decoder to encoding/json.
func FuzzDecode(f *testing.F) {
	e := finding("rule", 3)
	e.Seq, e.Count, e.Tags, e.Shadow, e.Until = 7, 2, []string{"a", "b"}, true, e.Time.Add(time.Second)
	e.Path, e.Secret, e.RequestID, e.Service = "a.b[é]", "file/name", "r-1", "shop"
	lines, err := appendBodies(nil, []Event{e, {Note: "x", Sum: "y"}, {Path: "a\"\u2028"}})
	if err != nil {
		f.Fatal(err)
	}
	l := link{hash: genesis}
	for line := range bytes.Lines(l.appendAll(nil, lines)) {
		f.Add(bytes.TrimSuffix(line, []byte("\n")))
	}
	for _, s := range []string{
		``, `{`, `{}`, `{"seq":1}`, `{"seq":01}`, `{"seq":-1}`, `{"seq":1,}`, `{"seq":1}x`, `{"seq":99999999999999999999}`,
		`{"SEQ":1}`, `{"seq":1,"seq":2}`, `{"length":9223372036854775808}`, `{"tags":[]}`, `{"tags":["a",]}`, `{"tags":["a"`,
		`{"tags":["a"],"tags":["b","c"]}`, `{"shadow":false}`, `{"shadow":trueish}`, `{"rule":null}`, `{"rule":"\u0041"}`, "{\"rule\":\"\xff\"}", "{\"rule\":\"\t\"}",
		`{"time":"2026-01-01T00:00:00+01:00"}`, `{"time":"x"}`, `{"until":"2026-01-01T00:00:00Z"}`, ` {"seq":1}`, `[1]`, `{"unknown":1}`,
	} {
		f.Add([]byte(s))
	}
	var d decoder
	f.Fuzz(func(t *testing.T, line []byte) {
		var got, want Event
		err, wantErr := d.decode(line, &got), json.Unmarshal(line, &want)
		if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v, %v\nwant %+v, %v", got, err, want, wantErr)
		}
	})
}

// TestDecodePlain has what a Trail writes read without encoding/json, and with one object
// for each string that is a record's own.
func TestDecodePlain(t *testing.T) {
	e := finding("rule", 3)
	e.RequestID = "r-1"
	body, err := appendBodies(nil, []Event{e})
	if err != nil {
		t.Fatal(err)
	}
	line := bytes.TrimSuffix((&link{hash: genesis}).append(nil, body), []byte("\n"))
	var d decoder
	var got Event
	if !d.plain(line, &got) || got.Seq != 1 || got.Rule != "rule" || got.RequestID != "r-1" || !got.Time.Equal(e.Time) {
		t.Fatalf("%+v", got)
	}
	if n := testing.AllocsPerRun(100, func() { d.plain(line, &got) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
