package scrub

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// builtin is the policy of the built-in rules.
var builtin = sync.OnceValue(func() *Policy {
	set, err := redact.Compile(patterns.Rules(patterns.Builtin()), redact.Options{})
	if err != nil {
		panic(err)
	}
	return &Policy{Set: set}
})

// thorough is a visitor that wants to see every field.
type thorough struct{ *visitor }

func (thorough) Suspect([]byte) bool { return true }

// walked walks text, every field of it or what the sieve lets through, and returns
// what became of it and what was found.
func walked(c codec.Codec, text []byte, every bool) (out []byte, hits []Hit, err error) {
	s := Acquire(builtin(), nil)
	defer s.Release()
	w := s.walker(c)
	if l, ok := w.(*lanes); ok {
		w = l.inner // what goes over records is seen by no sieve
	}
	var v codec.Visitor = &s.v
	if every {
		v = thorough{&s.v}
	}
	splices, n, err := w.Walk(nil, text, true, v)
	return codec.Apply(nil, text[:n], splices), s.takeHits(), err
}

// checkSuspect walks text whether it is suspect or not: where the walk finds
// something, the test that spares walks must have said so, and a walk that spares
// fields finds the same.
func checkSuspect(t *testing.T, name string, text []byte) {
	t.Helper()
	c := codec.Lookup(name)
	if c == nil || name == textCodec {
		return
	}
	out, hits, err := walked(c, text, true)
	if err != nil && !codec.IsSyntax(err) {
		return // given up, which a walk that spares fields need not
	}
	got, gotHits, gotErr := walked(c, text, false)
	if string(got) != string(out) || hitList(gotHits) != hitList(hits) || (gotErr == nil) != (err == nil) {
		t.Errorf("%s: a walk that spares fields gives %q with %s, %v; want %q with %s, %v", name, got, hitList(gotHits), gotErr, out, hitList(hits), err)
	}
	s := Acquire(builtin(), nil)
	defer s.Release()
	s.v.codec = c
	if codec.Framed(c, text) {
		return // what counts its bytes is asked about in parts only
	}
	if len(hits) > 0 && !s.v.hides(text) && !builtin().Set.Suspect(s.v.sc, text) {
		t.Errorf("%s: not suspect, and has %s:\n%s", name, hitList(hits), text)
	}
}

// among puts a text into the midst of clean records or members, more of them than
// the sieve asks about at once.
func among(name, text string) string {
	clean := map[string]string{
		"ndjson": `{"level":"info","items":[1,2,{"sku":"A-1642","qty":8}],"note":null}` + "\n",
		"esbulk": `{"create":{"_index":"logs"}}` + "\n" + `{"level":"info","took_ms":12}` + "\n",
		"logfmt": `level=info msg="request served" took_ms=12` + "\n",
		"sse":    "event: tick\ndata: {\"level\":\"info\"}\n\n",
	}[name]
	if name == "json" {
		clean = `{"level":"info","items":[1,2,{"sku":"A-1642","qty":8}],"note":null},`
		many := strings.Repeat(clean, 150)
		return `{"records":[` + many + text + `,` + strings.TrimSuffix(many, ",") + `]}`
	}
	many := strings.Repeat(clean, 150)
	return many + text + many
}

// wrappings put a value under a name into each format, with as few escapes as the
// format allows.
var wrappings = map[string]func(name, value string) string{
	"json": func(n, v string) string {
		a, _ := json.Marshal(n)
		b, _ := json.Marshal(v)
		return fmt.Sprintf(`{"a":1,%s:%s}`, a, b)
	},
	"ndjson": func(n, v string) string { return fmt.Sprintf("{%q:%q}\nx %s\n", n, v, v) },
	"form":   func(n, v string) string { return "a=1&" + url.QueryEscape(n) + "=" + v },
	"logfmt": func(n, v string) string { return fmt.Sprintf("a=1 %s=%s b=%q\n", n, v, v) },
	"html":   func(n, v string) string { return "<tr><td>" + n + "</td><td>" + v + "</td></tr><p>" + v },
	"xml":    func(n, v string) string { return "<a x=\"" + v + "\"><" + n + ">" + v + "</" + n + "></a>" },
	"sse":    func(n, v string) string { return "event: x\ndata: {\"" + n + "\":\"" + v + "\"}\n\n" },
	"esbulk": func(n, v string) string { return fmt.Sprintf("{\"index\":{}}\n{%q:%q}\n", n, v) },
	"multipart": func(n, v string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + n + "\"\r\n\r\n" + v + "\r\n--b--\r\n"
	},
}

// besides are texts that escapes of JSON stand for, which make what is before a secret
// longer than it is, or look like a part of it.
var besides = []string{"\n", "\t\"", "ü", "üüüü\n", "🔑", "id\n\n", "a \"b\": \"", `{"msg":"x\n`}

// sifted are the codecs that ask about parts of a payload.
var sifted = []string{"json", "ndjson", "esbulk", "logfmt", "sse"}

// counting counts the fields that are visited.
type counting struct {
	*visitor
	n int
}

func (c *counting) Visit(f *codec.Field) ([]codec.Splice, bool, error) {
	c.n++
	return c.visitor.Visit(f)
}

// TestSparesCleanRecords asks that of a payload with one secret few fields are
// visited.
func TestSparesCleanRecords(t *testing.T) {
	for _, name := range sifted {
		text := []byte(among(name, wrappings[name]("message", "redis://:hunter2@h/0")))
		s := Acquire(builtin(), nil)
		v := &counting{visitor: &s.v}
		splices, _, err := s.walker(codec.Lookup(name)).Walk(nil, text, true, v)
		if err != nil || len(splices) == 0 {
			t.Errorf("%s: %d splices, error %v", name, len(splices), err)
		}
		if v.n == 0 || v.n > 160 {
			t.Errorf("%s: %d fields visited of a payload with one secret", name, v.n)
		}
		s.Release()
	}
}

func TestSuspectNeverMisses(t *testing.T) {
	for name := range wrappings {
		if codec.Lookup(name) == nil {
			t.Errorf("no codec %s", name)
		}
	}
	names := map[string]bool{"message": true}
	for _, p := range patterns.Builtin() {
		for _, r := range p.Rules {
			for _, key := range r.Keys {
				names[key], names[strings.ToUpper(key)], names["my_"+key+"_2"] = true, true, true
			}
			for _, example := range r.Examples {
				text, _, err := patterns.Expand(example, 7)
				if err != nil {
					t.Fatal(err)
				}
				key := "message"
				if len(r.Keys) > 0 {
					key = r.Keys[len(text)%len(r.Keys)]
				}
				for name, wrap := range wrappings {
					checkSuspect(t, name, []byte(wrap(key, text)))
				}
				for i, hide := range disguises {
					hidden := hide(key + "=" + text)
					name := sifted[(i+len(text))%len(sifted)]
					checkSuspect(t, name, []byte(wrappings[name]("message", hidden)))
					if i == len(text)%len(disguises) {
						checkSuspect(t, name, []byte(among(name, wrappings[name]("note", "a "+hidden))))
						checkSuspect(t, "multipart", []byte(wrappings["multipart"]("note", hidden)))
					}
				}
				name := sifted[len(text)%len(sifted)]
				checkSuspect(t, name, []byte(among(name, wrappings[name](key, text))))
				for _, before := range besides {
					checkSuspect(t, "json", []byte(`{"note":`+strconv.QuoteToASCII(before+text+before)+`}`))
				}
			}
		}
	}
	for _, key := range []string{"db_password", "tags"} { // far from their name
		many := strings.Repeat(`"ordinary words", `, 1000)
		checkSuspect(t, "json", []byte(`{"`+key+`": [`+many+`["hunter2hunter2"], `+many+`"redis://:hunter2@h/0"], "note": [`+many+`"x"]}`))
	}
	for key := range names {
		for name, wrap := range wrappings {
			checkSuspect(t, name, []byte(wrap(key, "Zk4-hunter2")))
		}
	}
}

func FuzzSuspectNeverMisses(f *testing.F) {
	files, err := filepath.Glob("../codec/testdata/samples/*/*")
	if err != nil || len(files) == 0 {
		f.Fatal("no samples: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(filepath.Base(filepath.Dir(file)), text)
	}
	for name, wrap := range wrappings {
		f.Add(name, []byte(wrap("db_password", "hunter2")))
		f.Add(name, []byte(wrap("message", "redis://:hunter2@h/0")))
	}
	for name, wrap := range wrappings {
		for _, hide := range disguises {
			f.Add(name, []byte(wrap("message", hide("redis://:hunter2@h/0 and more"))))
		}
	}
	for _, name := range sifted {
		f.Add(name, []byte(among(name, wrappings[name]("message", "redis://:hunter2@h/0"))))
	}
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		checkSuspect(t, name, text)
	})
}
