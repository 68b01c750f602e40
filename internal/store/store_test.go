package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/seglog"
)

func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// lines returns everything stored, line by line.
func lines(t testing.TB, dir string) []string {
	t.Helper()
	segs, err := seglog.List(dir, prefix)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, seg := range segs {
		p, err := os.ReadFile(seg.Path)
		if err != nil {
			t.Fatal(err)
		}
		for l := range bytes.Lines(p) {
			if !bytes.HasSuffix(l, []byte("\n")) || !json.Valid(l) {
				t.Fatalf("line %d of %s is no record", len(out), seg.Name())
			}
			out = append(out, strings.TrimSuffix(string(l), "\n"))
		}
	}
	return out
}

func post(path, ct, body string) *dialect.Request {
	return &dialect.Request{Method: "POST", Path: path, ContentType: ct, Body: []byte(body)}
}

func TestServeWritesLines(t *testing.T) {
	at := time.Date(2026, 5, 6, 7, 8, 9, 123456789, time.UTC)
	head := `{"time":"2026-05-06T07:08:09.123456789Z","route":"logs",`
	for name, tc := range map[string]struct {
		req  *dialect.Request
		want []string
	}{
		"json":   {post("/", "application/json", "{\n \"a\": 1.50,\r\n\"a\":\"<x>\"}"), []string{head + `"dialect":"http","request_id":"r\"1","record":{"a":1.50,"a":"<x>"}}`}},
		"spaced": {post("/", "application/json", `{"a" :  12345678901234567890}`), []string{head + `"dialect":"http","request_id":"r\"1","record":{"a" :  12345678901234567890}}`}},
		"text":   {post("/t", "text/plain", "a\t\"b\" <\x01>\nc"), []string{head + `"dialect":"http","request_id":"r\"1","tag":"t","record":"a\t\"b\" <\u0001>"}`, head + `"dialect":"http","request_id":"r\"1","tag":"t","record":"c"}`}},
		"latin":  {post("/", "text/plain", "caf\xe9"), []string{head + `"dialect":"http","request_id":"r\"1","encoding":"base64","record":"` + base64.StdEncoding.EncodeToString([]byte("caf\xe9")) + `"}`}},
		"gelf":   {post("/gelf", "", `{"short_message":"x"}`), []string{head + `"dialect":"gelf","request_id":"r\"1","record":{"short_message":"x"}}`}},
		"none":   {post("/", "application/json", `[]`), nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, Options{Dir: dir, now: func() time.Time { return at }})
			res, err := s.Serve(t.Context(), Origin{Route: "logs", RequestID: `r"1`}, tc.req)
			if err != nil || res.Status >= 300 {
				t.Fatalf("status %d, %v", res.Status, err)
			}
			if got := lines(t, dir); strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
				t.Fatalf("stored %s\nwant %s", got, tc.want)
			}
			if st := s.Stats(); res.Records != len(tc.want) || st.Records != uint64(res.Records) || st.Bytes != uint64(res.Bytes) {
				t.Fatalf("result %+v, stats %+v", res, st)
			}
		})
	}
}

func TestServeHeadHasNoBody(t *testing.T) {
	s := open(t, Options{Dir: t.TempDir()})
	res, err := s.Serve(t.Context(), Origin{}, &dialect.Request{Method: "HEAD", Path: "/"})
	if err != nil || res.Status != 200 || res.Body != nil || res.Get("X-Elastic-Product") == "" {
		t.Fatalf("%+v, %v", res, err)
	}
}

// fullDisk takes room bytes, then writes short.
type fullDisk struct {
	mu   sync.Mutex
	room int
}

type fullFile struct {
	*os.File
	d *fullDisk
}

func (d *fullDisk) open(name string) (seglog.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return fullFile{f, d}, err
}

func (d *fullDisk) set(room int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = room
}

func (f fullFile) Write(p []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	n := min(len(p), f.d.room)
	f.d.room -= n
	n, err := f.File.Write(p[:n])
	if err == nil && n < len(p) {
		err = errors.New("no space left on device")
	}
	return n, err
}

// TestDiskFullInEveryDialect fills the disk and expects an answer that makes
// the sender keep its data, and no trace of it in the store.
func TestDiskFullInEveryDialect(t *testing.T) {
	for path, body := range map[string]string{
		"/":                         `{"a":1}`,
		"/gelf":                     `{"short_message":"x"}`,
		"/a/_bulk":                  "{\"index\":{}}\n{\"a\":1}\n",
		"/a/_doc":                   `{"a":1}`,
		"/api/v2/logs":              `[{"message":"x"}]`,
		"/v1/logs":                  `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}`,
		"/services/collector/event": `{"event":"x"}`,
		"/loki/api/v1/push":         `{"streams":[{"values":[["1","x"]]}]}`,
	} {
		t.Run(path, func(t *testing.T) {
			dir, d := t.TempDir(), &fullDisk{room: 30}
			s := open(t, Options{Dir: dir, openFile: d.open})
			req := post(path, "application/json", body)
			res, err := s.Serve(t.Context(), Origin{}, req)
			if err == nil || res.Status != 503 || res.Records != 0 || res.Bytes != 0 || res.Get("Retry-After") == "" {
				t.Fatalf("status %d, %v", res.Status, err)
			}
			if got := lines(t, dir); len(got) != 0 {
				t.Fatalf("stored %q", got)
			}
			d.set(1 << 20)
			if res, err = s.Serve(t.Context(), Origin{}, req); err != nil || res.Status >= 300 {
				t.Fatalf("status %d, %v", res.Status, err)
			}
			if got := lines(t, dir); len(got) != 1 {
				t.Fatalf("stored %q", got)
			}
			if st := s.Stats(); st.Records != 1 || st.Failures != 1 {
				t.Fatalf("stats %+v", st)
			}
		})
	}
}

func TestAppend(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	for _, bad := range [][]byte{nil, []byte("a\nb")} {
		if err := s.Append(t.Context(), [][]byte{[]byte("1"), bad}); err == nil {
			t.Errorf("took %q", bad)
		}
	}
	if err := s.Append(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); !errors.Is(err, seglog.ErrLocked) {
		t.Fatalf("second opener: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Append(t.Context(), [][]byte{[]byte("1")}); !errors.Is(err, ErrClosed) {
		t.Fatalf("append after close: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s = open(t, Options{Dir: dir})
	if err := s.Append(ctx, [][]byte{[]byte("1")}); !errors.Is(err, context.Canceled) {
		t.Fatalf("append with a dead context: %v", err)
	}
	if got := lines(t, dir); len(got) != 0 {
		t.Fatalf("stored %q", got)
	}
}

// TestConcurrentOrder checks that the records of a request stay together and
// in order, over rotations, and that none is missing.
func TestConcurrentOrder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir, MaxSize: 2000})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				recs := [][]byte{fmt.Appendf(nil, `[%d,%d,0]`, w, i), fmt.Appendf(nil, `[%d,%d,1]`, w, i)}
				if err := s.Append(t.Context(), recs); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got := lines(t, dir)
	if len(got) != 320 {
		t.Fatalf("%d lines", len(got))
	}
	next := map[int]int{}
	for i := 0; i < len(got); i += 2 {
		var a, b [3]int
		if err := errors.Join(json.Unmarshal([]byte(got[i]), &a), json.Unmarshal([]byte(got[i+1]), &b)); err != nil {
			t.Fatal(err)
		}
		if a[2] != 0 || b[2] != 1 || a[0] != b[0] || a[1] != b[1] || next[a[0]] != a[1] {
			t.Fatalf("lines %d: %v %v", i, a, b)
		}
		next[a[0]]++
	}
}

func TestReopenAfterCrash(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	if err := s.Append(t.Context(), [][]byte{[]byte(`{"a":1}`)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	segs, _ := seglog.List(dir, prefix)
	p, _ := os.ReadFile(segs[0].Path)
	if err := os.WriteFile(segs[0].Path, append(p, `{"torn":`...), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Dir: dir})
	if err := s.Append(t.Context(), [][]byte{[]byte(`{"b":2}`)}); err != nil {
		t.Fatal(err)
	}
	if got := lines(t, dir); len(got) != 2 || got[1] != `{"b":2}` {
		t.Fatalf("stored %q", got)
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte("text"), "route")
	f.Add([]byte("{\n\"a\":1}"), "r")
	f.Add([]byte("\xff\x00\u2028"), "\xff\"")
	f.Fuzz(func(t *testing.T, data []byte, route string) {
		rec := dialect.Record{Data: data, JSON: json.Valid(data)}
		line := appendLine(nil, time.Unix(0, 0).UTC(), Origin{Route: route}, "x", &rec)
		if bytes.Count(line, []byte("\n")) != 1 || !json.Valid(line) {
			t.Fatalf("not one line of JSON: %q", line)
		}
		var got struct {
			Encoding string
			Record   json.RawMessage
		}
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if rec.JSON {
			return
		}
		var s string
		if err := json.Unmarshal(got.Record, &s); err != nil {
			t.Fatal(err)
		}
		back := []byte(s)
		if got.Encoding == "base64" {
			back, _ = base64.StdEncoding.DecodeString(s)
		}
		if !bytes.Equal(back, data) {
			t.Fatalf("%q came back as %q", data, back)
		}
	})
}
