package conformance

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/scrub"
)

// keyLines returns the lines of a private key in PEM, the last of its body a short one.
func keyLines(rnd *rand.Rand) []string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	line := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(alphabet[rnd.IntN(len(alphabet))])
		}
		return b.String()
	}
	lines := []string{"-----BEGIN RSA " + "PRIVATE KEY-----"}
	for range 6 {
		lines = append(lines, line(64))
	}
	return append(lines, line(10)+"==", "-----END RSA "+"PRIVATE KEY-----")
}

// records are what a line of a key stands in, at %.
var records = []struct{ name, line, between string }{
	{"lines", "%", "\n"},
	{"escaped lines", "%", `\n`},
	{"lines escaped twice", "%", `\\n`},
	{"records", "2026-11-22T08:00:00.123Z INFO [main] c.e.App - %", "\n"},
	{"syslog", "<134>1 2026-11-22T08:00:00.003Z host1 app 4711 ID47 - %", "\n"},
	{"CRI", "2026-11-22T08:00:00.123456789Z stderr F %", "\n"},
	{"kubectl --prefix", "[pod/web-6d4cf56db6-x2x7k/app] %", "\n"},
	{"klog", "E1122 08:00:00.123456       1 controller.go:114] %", "\n"},
	{"logfmt", "ts=2026-11-22T08:00:00Z level=error msg=\"%\" trace=4f0c90886b40bd66", "\n"},
	{"Docker", `{"log":"%\n","stream":"stderr","time":"2026-11-22T08:00:00.123456789Z"}`, "\n"},
}

// TestKeys puts a private key, whole or without its end, into lines and records, and
// asks that every line of it is gone and what stands around them is the same.
func TestKeys(t *testing.T) {
	all := load(t)
	policy := all[len(all)-1].policy
	for _, r := range records {
		for cut := range 3 {
			t.Run(r.name, func(t *testing.T) {
				lines := keyLines(rand.New(rand.NewPCG(uint64(cut), 7)))
				lines = lines[:len(lines)-cut]
				var in, empty []string
				for _, line := range lines {
					in = append(in, strings.Replace(r.line, "%", line, 1))
					empty = append(empty, strings.Replace(r.line, "%", "", 1))
				}
				const before, after = "2026-11-22T08:00:00Z INFO app started\n", "\n2026-11-22T08:00:01Z INFO and so on\n"
				text := before + strings.Join(in, r.between) + after
				s := scrub.Acquire(policy, nil)
				defer s.Release()
				res, err := s.Body([]byte(text), scrub.Meta{ContentType: "text/plain"})
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range lines[1:] {
					if strings.Contains(string(res.Body), strings.TrimRight(line, "=")) {
						t.Errorf("%d lines less: %q is left in\n%s", cut, line, res.Body)
					}
				}
				rest, err := within(strings.Replace(seal(string(res.Body)), "[#]", "", 1), before, after)
				if err != nil || strings.HasPrefix(r.between, "\n") && r.line != "%" && rest != strings.Join(empty, r.between) {
					t.Errorf("%d lines less: what is left is\n%s", cut, res.Body)
				}
				whole := bytes.Clone(res.Body)
				var b bytes.Buffer
				if _, err := s.Stream(&b, strings.NewReader(text), scrub.Meta{ContentType: "text/plain"}); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(b.Bytes(), whole) {
					t.Errorf("a stream gives\n%s\nthe whole\n%s", b.Bytes(), whole)
				}
			})
		}
	}
}

// TestBrokenString asks that a key in a string that source code or a debug page breaks
// over lines is one finding, and nothing around it is written otherwise.
func TestBrokenString(t *testing.T) {
	all := load(t)
	policy := all[len(all)-1].policy
	for _, quote := range []string{"'", "&#x27;"} {
		lines := keyLines(rand.New(rand.NewPCG(1, 7)))
		text := "<pre>(" + quote + strings.Join(lines, `\n`+quote+"\n "+quote) + quote + ")</pre>"
		s := scrub.Acquire(policy, nil)
		res, err := s.Body([]byte(text), scrub.Meta{ContentType: "text/html"})
		if err != nil {
			t.Fatal(err)
		}
		if want := "<pre>(" + quote + "[#]" + quote + ")</pre>"; seal(string(res.Body)) != want {
			t.Errorf("got %s, want %s", seal(string(res.Body)), want)
		}
		s.Release()
	}
}
