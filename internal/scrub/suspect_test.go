package scrub

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
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

// checkSuspect walks text whether it is suspect or not: where the walk finds
// something, the test that spares walks must have said so.
func checkSuspect(t *testing.T, name string, text []byte) {
	t.Helper()
	c := codec.Lookup(name)
	if c == nil || name == textCodec {
		return
	}
	s := Acquire(builtin(), nil)
	defer s.Release()
	var res Result
	if err := s.walk(c, text, &res); err != nil {
		return
	}
	if hits := s.takeHits(); len(hits) > 0 && !c.Opaque(text) && !builtin().Set.Suspect(s.v.sc, text) {
		t.Errorf("%s: not suspect, and has %s:\n%s", name, hitList(hits), text)
	}
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
			}
		}
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
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		checkSuspect(t, name, text)
	})
}
