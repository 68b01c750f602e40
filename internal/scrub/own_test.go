package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// ownValues are values as secrets are: plain ones, short ones, with signs, beyond
// ASCII, of several lines.
var ownValues = []string{
	"kX9pQ2" + "mV",
	"t0p-S3" + "cret!",
	"Zq7Lw" + "1mN8vB4" + "xK6jH3gF5dS2aP9oI",
	`a"b\c` + "/d'e<f>&g9Z",
	"pä" + "ßwörd-7Qx2",
	"😀ключ" + "Q9z",
	"first-9QxT7\n" + "\tsecond-7Zp2wL",
	"p%41+b c=" + "d;9Xq",
	"0123-4567" + "-89ab-cdef-Zq",
}

// ownBase is the built-in rules with that of known values.
var ownBase = sync.OnceValue(func() *redact.Set {
	set, err := redact.Compile(append(slices.Clone(builtin().Set.Rules()), redact.KnownRule()), redact.Options{})
	if err != nil {
		panic(err)
	}
	return set
})

// ownPolicy is a policy that knows values.
func ownPolicy(values ...string) *Policy {
	k := redact.NewKnown()
	v := k.NewValues()
	for i, value := range values {
		v.Add(redact.Secret{Source: "test", Name: fmt.Sprint("value", i)}, []byte(value))
	}
	k.Replace(v)
	return &Policy{Set: ownBase().WithKnown(k)}
}

// ownDisguises write a text in ways that redactd knows.
var ownDisguises = map[string]func(s string) string{
	"as it is":       func(s string) string { return s },
	"base64":         func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64, second": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("u:" + s)) },
	"base64, third":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("me:p:" + s + ";")) },
	"base64 in bytes": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte("\x00\xff\x80\x01" + s + "\xfe\x02"))
	},
	"base64 of base64": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte("first: " + base64.StdEncoding.EncodeToString([]byte("second: "+s))))
	},
	"gzip":             inGzip,
	"hex":              func(s string) string { return hex.EncodeToString([]byte(s)) },
	"hex in bytes":     func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte("\x00\xff" + s + "\xfe"))) },
	"percent":          url.QueryEscape,
	"percent twice":    func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"path":             url.PathEscape,
	"entities":         html.EscapeString,
	"numeric entities": func(s string) string { return each(s, func(r rune) string { return fmt.Sprintf("&#%d;", r) }) },
	"hex escapes":      func(s string) string { return eachByte(s, func(b byte) string { return fmt.Sprintf(`\x%02x`, b) }) },
	"JSON":             quoted,
	"JSON twice":       func(s string) string { return quoted(quoted(s)) },
	"JSON in ASCII":    func(s string) string { return inASCII(quoted(s)) },
	"colours":          func(s string) string { return "\x1b[1;31m" + string([]rune(s)[:4]) + "\x1b[0m" + string([]rune(s)[4:]) },
	"colours, each": func(s string) string {
		return "\x1b[1m" + each(s, func(r rune) string { return string(r) + "\x1b[2m" }) + "end"
	},
	"quoted-printable": inQuotedPrintable,
}

func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}

// inASCII writes characters beyond ASCII of JSON as escapes.
func inASCII(s string) string {
	return each(s, func(r rune) string {
		out := ""
		for _, u := range utf16.Encode([]rune{r}) {
			if u < utf8.RuneSelf {
				return string(r)
			}
			out += fmt.Sprintf(`\u%04x`, u)
		}
		return out
	})
}

func each(s string, f func(rune) string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteString(f(r))
	}
	return b.String()
}

func eachByte(s string, f func(byte) string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(f(s[i]))
	}
	return b.String()
}

// ownCodecs write a message in a format.
var ownCodecs = map[string]func(msg string) string{
	"text":   func(m string) string { return "2026-01-02 INFO got " + m + " back\n" },
	"json":   func(m string) string { return `{"level":"info","msg":` + quoted("got "+m+" back") + `,"n":1}` },
	"ndjson": func(m string) string { return `{"msg":` + quoted(m) + "}\n" + `{"msg":"fine"}` + "\n" },
	"logfmt": func(m string) string { return "level=info msg=" + quoted("got "+m+" back") + " n=1\n" },
	"form":   func(m string) string { return "a=1&note=" + url.QueryEscape("got "+m+" back") + "&b=2" },
	"xml":    func(m string) string { return "<log><msg>" + html.EscapeString("got "+m+" back") + "</msg></log>" },
}

// Each value must be gone in each disguise inside of each format, and whatever can
// be decoded still must: only what is redacted may have changed.
func TestOwnSecretsInDisguise(t *testing.T) {
	for vi, value := range ownValues {
		p := ownPolicy(value)
		for dname, disguise := range ownDisguises {
			if strings.ContainsAny(value, "\n\t") && strings.HasPrefix(dname, "colours") {
				continue // a line at a time, by their nature
			}
			for cname, format := range ownCodecs {
				if cname == "xml" && strings.Contains(dname, "colours") {
					continue // no character of XML
				}
				hidden := disguise(value)
				body := []byte(format(hidden))
				s := Acquire(p, nil)
				policy := *p
				policy.Codec = cname
				s.policy = &policy
				res, err := s.Body(body, Meta{})
				if err != nil {
					t.Errorf("value %d, %s in %s: %v", vi, dname, cname, err)
				} else if len(res.Hits) == 0 || res.Hits[0].Rule.ID != redact.KnownID || res.Hits[0].Secret != "test/value0" {
					t.Errorf("value %d, %s in %s is not found: %q", vi, dname, cname, body)
				} else if bytes.Contains(res.Body, []byte(format(hidden)[5:])) {
					t.Errorf("value %d, %s in %s stays: %q", vi, dname, cname, res.Body)
				}
				s.Release()
			}
		}
	}
}

// However a stream is cut, the same must come out as of the whole.
func TestOwnSecretsInStreams(t *testing.T) {
	p := ownPolicy(ownValues...)
	r := rand.New(rand.NewPCG(1, 2))
	for cname, format := range ownCodecs {
		var body bytes.Buffer
		for range 12 {
			value := ownValues[r.IntN(len(ownValues))]
			for _, name := range []string{"as it is", "base64 in bytes", "hex", "percent", "JSON in ASCII", "gzip"} {
				if cname != "xml" && cname != "json" && cname != "form" || body.Len() == 0 {
					body.WriteString(format(ownDisguises[name](value)))
				}
			}
		}
		policy := *p
		policy.Codec = cname
		run := func(in io.Reader) (string, string) {
			s := Acquire(&policy, nil)
			defer s.Release()
			var out bytes.Buffer
			res, err := s.Stream(&out, in, Meta{})
			if err != nil {
				t.Fatalf("%s: %v", cname, err)
			}
			return out.String(), hitList(res.Hits)
		}
		want, hits := run(bytes.NewReader(body.Bytes()))
		if hits == "" {
			t.Fatalf("%s: nothing is found", cname)
		}
		for name, in := range map[string]io.Reader{
			"bytes": iotest.OneByteReader(bytes.NewReader(body.Bytes())), "halves": iotest.HalfReader(bytes.NewReader(body.Bytes())),
		} {
			// What is encoded in text is found after what is not, some lines at a time.
			got, gotHits := run(in)
			if got != want || !slices.Equal(sortedHits(gotHits), sortedHits(hits)) {
				t.Errorf("%s in %s: got\n%s\n%s\nwant\n%s\n%s", cname, name, got, gotHits, want, hits)
			}
		}
	}
}

func sortedHits(list string) []string { return slices.Sorted(strings.SplitSeq(list, ",")) }

// The sieve must let through every field with a known value in it.
func TestOwnSecretsAreSuspect(t *testing.T) {
	for vi, value := range ownValues {
		p := ownPolicy(value)
		for dname, disguise := range ownDisguises {
			for cname, format := range ownCodecs {
				if cname == "text" {
					continue
				}
				body := []byte(format(disguise(value)))
				s := Acquire(p, nil)
				s.walker(codec.Lookup(cname))
				seen := s.v.Suspect(body)
				s.Release()
				if !seen {
					t.Errorf("value %d, %s in %s is not suspect: %q", vi, dname, cname, body)
				}
			}
		}
	}
}
