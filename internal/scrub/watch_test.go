package scrub

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// split is a policy that only watches some rules, one where they are off, and one in
// shadow mode where no others are on.
type split struct{ watching, off, alone *Policy }

func splitPolicy(t testing.TB, watch func(id string) bool) split {
	t.Helper()
	mask, err := redact.ParseAction("mask", nil)
	if err != nil {
		t.Fatal(err)
	}
	compile := func(watched bool) *Policy {
		list := slices.DeleteFunc(rules(), func(r redact.Rule) bool { return watch(r.ID) != watched })
		set, err := redact.Compile(list, redact.Options{Action: func(*redact.Rule) redact.Action { return mask }})
		if err != nil {
			t.Fatal(err)
		}
		return &Policy{Set: set, Shadow: watched}
	}
	watching := compile(false)
	watching.Watch = compile(true)
	return split{watching, compile(false), compile(true)}
}

// outcome is what became of a payload.
type outcome struct {
	out       string
	kind      Kind // of the error
	hits      string
	watched   string
	unwatched Kind
}

func outcomeOf(out []byte, res Result, err error) outcome {
	o := outcome{out: string(out), unwatched: res.Unwatched}
	if err != nil {
		o.kind = kindOf(err)
	}
	var plain, marked []Hit
	for _, h := range res.Hits {
		if h.Shadow {
			marked = append(marked, h)
		} else {
			plain = append(plain, h)
		}
	}
	o.hits, o.watched = hitList(plain), hitList(marked)
	return o
}

// ways are those in which a payload goes through a Scrubber.
var ways = map[string]func(s *Scrubber, in []byte, m Meta) outcome{
	"body": func(s *Scrubber, in []byte, m Meta) outcome {
		res, err := s.Body(in, m)
		return outcomeOf(res.Body, res, err)
	},
	"stream": func(s *Scrubber, in []byte, m Meta) outcome {
		var out bytes.Buffer
		res, err := s.Stream(&out, bytes.NewReader(in), m)
		return outcomeOf(out.Bytes(), res, err)
	},
	"stream in pieces, told": func(s *Scrubber, in []byte, m Meta) outcome {
		var out bytes.Buffer
		var told []Hit
		var mu sync.Mutex
		s.OnHits(func(hits []Hit) error {
			if !mu.TryLock() {
				panic("told by two at once")
			}
			defer mu.Unlock()
			told = append(told, hits...)
			return nil
		})
		res, err := s.Stream(&out, iotest.HalfReader(bytes.NewReader(in)), m)
		s.OnHits(nil)
		res.Hits = append(res.Hits, told...)
		return outcomeOf(out.Bytes(), res, err)
	},
	"value": func(s *Scrubber, in []byte, _ Meta) outcome {
		out, hits, err := s.Value("header:", []byte("X-Password"), in)
		return outcomeOf(out, Result{Hits: hits}, err)
	},
	"query": func(s *Scrubber, in []byte, _ Meta) outcome {
		out, hits, err := s.Query(in)
		return outcomeOf(out, Result{Hits: hits}, err)
	},
}

// check holds a policy that watches to those that it is made of.
func (p split) check(t testing.TB, name string, in []byte, m Meta) {
	t.Helper()
	run := func(p *Policy, way func(*Scrubber, []byte, Meta) outcome) outcome {
		s := Acquire(p, nil)
		defer s.Release()
		return way(s, slices.Clone(in), m)
	}
	for wayName, way := range ways {
		if len(in) > 64<<10 && (wayName == "value" || wayName == "query") {
			continue // no header has so much
		}
		got, off, alone := run(p.watching, way), run(p.off, way), run(p.alone, way)
		if got.out != off.out || got.kind != off.kind || got.hits != off.hits {
			t.Errorf("%s, %s: got %+v, with the rules off %+v", name, wayName, got, off)
		}
		if off.kind != "" || alone.kind != "" {
			continue // how far one got does not hang on the other
		}
		if got.watched != alone.hits {
			t.Errorf("%s, %s: watched %q, alone they find %q", name, wayName, got.watched, alone.hits)
		}
	}
}

var watchedRules = map[string]func(id string) bool{
	"none":    func(string) bool { return false },
	"all":     func(string) bool { return true },
	"kx":      func(id string) bool { return id == "kx" },
	"generic": func(id string) bool { return id == "secret-key" || id == "assignment" },
	"others":  func(id string) bool { return id != "assignment" },
	"slow":    func(id string) bool { return id == "slow" },
}

// TestWatchedIsOff holds policies that watch rules to those where they are off.
func TestWatchedIsOff(t *testing.T) {
	for name, watch := range watchedRules {
		p := splitPolicy(t, watch)
		for _, tt := range bodies {
			for _, encoding := range []string{"", "gzip", "zstd"} {
				in, err := codec.Encode(nil, []byte(tt.in), encoding)
				if err != nil {
					t.Fatal(err)
				}
				p.check(t, name+", "+tt.name+", "+encoding, in, Meta{ContentType: tt.contentType, ContentEncoding: encoding, Path: tt.path})
			}
		}
	}
}

// TestWatchedInLongStreams has findings of both kinds, and more than is held at once.
func TestWatchedInLongStreams(t *testing.T) {
	line := `{"m":"` + secret + `","password":"hunter2","text":"` + strings.Repeat("x", 500) + "\"}\n"
	in := []byte(strings.Repeat(line, 400))
	for _, name := range []string{"kx", "generic", "all"} {
		splitPolicy(t, watchedRules[name]).check(t, name, in, Meta{ContentType: "application/x-ndjson"})
	}
}

// TestUnwatched has watched rules give up, which withholds nothing.
func TestUnwatched(t *testing.T) {
	p := splitPolicy(t, watchedRules["slow"])
	in := "slow=" + strings.Repeat("a", 60) + " and " + secret
	for _, name := range []string{"body", "stream"} {
		s := Acquire(p.watching, nil)
		got := ways[name](s, []byte(in), Meta{ContentType: "text/plain"})
		if got.kind != "" || !strings.Contains(got.out, "[REDACTED:kx]") || strings.Contains(got.out, secret) ||
			got.unwatched != KindBudget {
			t.Errorf("%s: %+v", name, got)
		}
		s.Release()
	}
}

// TestWatchedRefused has whoever takes findings refuse those that are watched: they go on
// all the same.
func TestWatchedRefused(t *testing.T) {
	p := splitPolicy(t, watchedRules["kx"])
	s := Acquire(p.watching, nil)
	defer s.Release()
	s.OnHits(func(hits []Hit) error {
		if hits[0].Shadow {
			return errors.New("refused")
		}
		return nil
	})
	in := strings.Repeat(secret+" password=hunter2\n", 5000)
	var out bytes.Buffer
	res, err := s.Stream(&out, strings.NewReader(in), Meta{ContentType: "text/plain"})
	if err != nil || res.Unwatched != KindIO || out.String() != strings.ReplaceAll(in, "hunter2", "[REDACTED:assignment]") {
		t.Errorf("%v, %s, %d bytes", err, res.Unwatched, out.Len())
	}
}

// TestWatchedSourceFails has a source break off: both searches end.
func TestWatchedSourceFails(t *testing.T) {
	s := Acquire(splitPolicy(t, watchedRules["kx"]).watching, nil)
	defer s.Release()
	src := io.MultiReader(strings.NewReader(secret+" "), iotest.ErrReader(errors.New("gone")))
	if _, err := s.Stream(io.Discard, src, Meta{ContentType: "text/plain"}); kindOf(err) != KindIO {
		t.Error(err)
	}
}

func TestConceal(t *testing.T) {
	s := Acquire(splitPolicy(t, watchedRules["kx"]).watching, nil)
	defer s.Release()
	m := Meta{ContentType: "application/json; charset=utf-8", ContentEncoding: "gzip"}
	res, err := s.Body(compressed(t, `{"m":"`+strings.Replace(secret, "A", `\u0041`, 1)+`","password":"hunter2"}`), m)
	if err != nil || !strings.Contains(string(res.Text), "u0041") || strings.Contains(string(res.Text), "hunter2") {
		t.Fatalf("%v: %s", err, res.Text)
	}
	if out, ok := s.Conceal(res.Text, m); !ok || string(out) != `{"m":"[REDACTED:kx]","password":"[REDACTED:secret-key]"}` {
		t.Errorf("%v: %s", ok, out)
	}
	if _, ok := s.Conceal([]byte{0, 1, 2, 0xff}, Meta{ContentType: "image/png"}); ok {
		t.Error("what is no text was let out")
	}
	plain := Acquire(policy(t, "mask"), nil)
	defer plain.Release()
	if out, ok := plain.Conceal([]byte(secret), m); !ok || string(out) != secret {
		t.Errorf("%v: %s", ok, out)
	}
}

// FuzzWatchedIsOff is TestWatchedIsOff over any payload.
func FuzzWatchedIsOff(f *testing.F) {
	for _, tt := range bodies {
		f.Add([]byte(tt.in), tt.contentType, byte(3))
	}
	f.Add([]byte(`{"password":"`+secret+`"}`), "application/json", byte(7))
	ids := []string{"kx", "secret-key", "assignment", "block"}
	f.Fuzz(func(t *testing.T, in []byte, contentType string, which byte) {
		if len(in) > 4<<10 {
			return
		}
		p := splitPolicy(t, func(id string) bool {
			i := slices.Index(ids, id)
			return i >= 0 && which>>i&1 == 1
		})
		p.check(t, "fuzz", in, Meta{ContentType: contentType})
	})
}

// TestOnRead has what is told on the way be what is read, but for its end.
func TestOnRead(t *testing.T) {
	line := `{"m":"` + secret + `"}` + "\n"
	for _, tt := range []struct{ contentType, encoding, in, skipped string }{
		{"application/x-ndjson", "", strings.Repeat(line, 9000), ""},
		{"application/x-ndjson", "gzip", strings.Repeat(line, 9000), ""},
		{"text/plain", "", strings.Repeat(line, 9000), ""},
		{"application/octet-stream", "", strings.Repeat("\x00\x01\xff", 100_000), "binary"},
	} {
		in, err := codec.Encode(nil, []byte(tt.in), tt.encoding)
		if err != nil {
			t.Fatal(err)
		}
		s := Acquire(policy(t, "mask"), nil)
		told := int64(0)
		s.OnRead(func(n int64, skipped string) {
			if told += n; skipped != tt.skipped || n <= 0 {
				t.Errorf("%s: told %d, %q", tt.contentType, n, skipped)
			}
		})
		if _, err := s.Stream(io.Discard, iotest.HalfReader(bytes.NewReader(in)), Meta{ContentType: tt.contentType, ContentEncoding: tt.encoding}); err != nil {
			t.Fatal(err)
		}
		if n := int64(len(in)); told > n || told < n/2 {
			t.Errorf("%s %s: told of %d bytes of %d", tt.contentType, tt.encoding, told, n)
		}
		s.Release()
	}
}
