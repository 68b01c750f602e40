package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"io"
	"mime/quotedprintable"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/disguise"
)

func inBase64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func inLines(s, newline string) string {
	var b strings.Builder
	for s = inBase64(s); len(s) > 40; s = s[40:] {
		b.WriteString(s[:40] + newline)
	}
	return b.String() + s
}

func inGzip(s string) string {
	out, err := codec.Encode(nil, []byte(s), "gzip")
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(out)
}

func inQuotedPrintable(s string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte("a==b " + s))
	w.Close()
	return b.String()
}

// disguises write text so that a scan of it does not see what it says.
var disguises = []func(text string) string{
	inBase64,
	func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	func(s string) string { return inLines(s+" "+s, "\n") },
	func(s string) string { return "data:text/plain;base64," + inBase64(s) },
	func(s string) string { return hex.EncodeToString([]byte(s)) },
	inGzip,
	url.QueryEscape,
	func(s string) string { return url.PathEscape(url.PathEscape(s)) },
	html.EscapeString,
	func(s string) string {
		return strings.NewReplacer("_", `\x5f`, ":", `\u003a`, "=", `\u003d`, `\`, `\\`).Replace(s)
	},
	func(s string) string { return "\x1b[1;31m" + s[:len(s)/2] + "\x1b[0m" + s[len(s)/2:] },
	inQuotedPrintable,
	func(s string) string { return inBase64(inBase64(s)) },
	func(s string) string { return url.QueryEscape(inBase64(s + "x")) },
	func(s string) string { return inBase64(url.QueryEscape(`"` + s + `"`)) },
}

const placeholder = "[REDACTED:kx]"

// each has a token of the test rules, a disguise of a text with it, and what is there
// once it is replaced.
var disguised = []struct{ name, in, out, encodings string }{
	{"base64", inBase64("user bob, key " + secret + " used"), inBase64("user bob, key " + placeholder + " used"), "base64"},
	{"URL-safe, unpadded", base64.RawURLEncoding.EncodeToString([]byte("??>>??>> key " + secret)),
		base64.RawURLEncoding.EncodeToString([]byte("??>>??>> key " + placeholder)), "base64"},
	{"wrapped", inLines("some words first, then the key "+secret+" used and more", "\n"),
		inLines("some words first, then the key "+placeholder+" used and more", "\n"), "base64"},
	{"wrapped, CRLF", inLines("some words first, then the key "+secret+" used and more", "\r\n"),
		inLines("some words first, then the key "+placeholder+" used and more", "\r\n"), "base64"},
	{"data URL", "data:text/plain;base64," + inBase64("key="+secret), "data:text/plain;base64," + inBase64("key="+placeholder), "base64"},
	{"in a path", "/v1/objects/" + inBase64("key: "+secret), "/v1/objects/" + inBase64("key: "+placeholder), "base64"},
	{"hex", hex.EncodeToString([]byte("the key " + secret + " é")), hex.EncodeToString([]byte("the key " + placeholder + " é")), "hex"},
	{"gzip", inGzip("the key " + secret), inGzip("the key " + placeholder), "gzip"},
	{"percent", "q=%22kx%5FA1b2C3d4E5f6%22+x", "q=%22%5BREDACTED%3Akx%5D%22+x", "percent"},
	{"percent twice", "kx%255FA1b2C3d4E5f6", "%255BREDACTED%253Akx%255D", "percent|percent"},
	{"entity", "a &lt; kx&#95;A1b2C3d4E5f6 &gt;", "a &lt; [REDACTED:kx] &gt;", "entity"},
	{"backslash u", `x \u006bx_A1b2C3d4E5f6 \u00e9`, `x [REDACTED:kx] \u00e9`, "backslash"},
	{"backslash x", `b'\x6bx_A1b2C3d4E5f6\xff'`, `b'[REDACTED:kx]\xff'`, "backslash"},
	{"colours", "\x1b[31mkx_A1b2\x1b[1mC3d4E5f6\x1b[0m", "\x1b[31m[REDACTED:kx]\x1b[1m\x1b[0m", "ansi"},
	{"quoted-printable", "k=3Dkx=5FA1b2C3d4E5f6 =C3=A9", "k=3D[REDACTED:kx] =C3=A9", "quoted-printable"},
	{"soft break", strings.Repeat("words ", 11) + "kx_A1b2=\nC3d4E5f6 more", strings.Repeat("words ", 11) + placeholder + " more", "quoted-printable"},
	{"base64 twice", inBase64("a b c d " + inBase64("the key "+secret)), inBase64("a b c d " + inBase64("the key "+placeholder)), "base64|base64"},
	{"beside a finding", secret + " " + inBase64("the key "+secret), placeholder + " " + inBase64("the key "+placeholder), "base64"},
	{"nothing in it", inBase64("the key is not in here") + " a%20b c&amp;d", inBase64("the key is not in here") + " a%20b c&amp;d", ""},
	{"padding at the end of a line", inBase64("as many words as fill a line, "+secret) + "\n=====\n", inBase64("as many words as fill a line, "+placeholder) + "\n=====\n", "base64"},
	{"too deep", inBase64("a " + inBase64("b "+inBase64("c "+inBase64("the key "+secret)))),
		inBase64("a " + inBase64("b "+inBase64("c "+inBase64("the key "+secret)))), ""},
}

func TestDisguises(t *testing.T) {
	p := policy(t, "mask")
	for _, tt := range disguised {
		for _, around := range []string{"%", "2026-11-22 INFO msg=% took 12\n", "a\nb: \"%\"\nc d\n"} {
			in, out := strings.Replace(around, "%", tt.in, 1), strings.Replace(around, "%", tt.out, 1)
			if strings.Contains(tt.name, "soft") && !strings.HasPrefix(around, "%") {
				continue // the line is too long then
			}
			t.Run(tt.name, func(t *testing.T) {
				s := Acquire(p, nil)
				defer s.Release()
				checkBody(t, s, "text/plain", in, out, tt.encodings, "")
				checkBody(t, s, "application/json", asJSON(t, "m", in), asJSON(t, "m", out), tt.encodings, "m")
				checkBody(t, s, "application/json", asJSON(t, "m", asJSON(t, "n", in)), asJSON(t, "m", asJSON(t, "n", out)), tt.encodings, "m.n")
				checkStream(t, s, strings.NewReader(in), out)
				checkStream(t, s, iotest.OneByteReader(strings.NewReader(in)), out)
			})
		}
	}
}

func asJSON(t *testing.T, name, value string) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]string{name: value}); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func checkBody(t *testing.T, s *Scrubber, contentType, in, out, encodings, path string) {
	t.Helper()
	res, err := s.Body([]byte(in), Meta{ContentType: contentType})
	if err != nil {
		t.Fatal(err)
	}
	if string(res.Body) != out || res.Changed != (in != out) {
		t.Errorf("%s: got\n%s\nwant\n%s", contentType, res.Body, out)
	}
	seen := encodings == ""
	for _, h := range res.Hits {
		seen = seen || h.Path == path+"|"+encodings
	}
	if !seen || encodings == "" && in == out && len(res.Hits) > 0 {
		t.Errorf("hits are %s, want one at %s|%s", hitList(res.Hits), path, encodings)
	}
}

func checkStream(t *testing.T, s *Scrubber, r io.Reader, out string) {
	t.Helper()
	var b strings.Builder
	res, err := s.Stream(&b, r, Meta{ContentType: "text/plain"})
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != out {
		t.Errorf("stream: got\n%s\nwant\n%s", b.String(), out)
	}
	for _, h := range res.Hits {
		if h.Line == 0 {
			t.Errorf("stream: hit without a line: %v", h)
		}
	}
}

// TestDisguisedLines asks for the line of what is found in an encoding, behind
// findings of several lines.
func TestDisguisedLines(t *testing.T) {
	block := "-----BEGIN KEY-----\nzz\n-----END KEY-----\n"
	text := "a\n" + block + inBase64("the key "+secret) + "\nb\n" + block + "c\n" + inBase64("the key "+secret) + "\n"
	s := Acquire(policy(t, "mask"), nil)
	defer s.Release()
	res, err := s.Stream(io.Discard, strings.NewReader(text), Meta{ContentType: "text/plain"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]string{}
	for _, h := range res.Hits {
		got[h.Line] += h.Rule.ID + h.Path
	}
	for line, want := range map[int]string{2: "block", 5: "kx|base64", 7: "block", 11: "kx|base64"} {
		if got[line] != want {
			t.Errorf("line %d has %q, want %q: %v", line, got[line], want, got)
		}
	}
}

// TestLinesAreNotHeld asks that a pause in a stream of text passes on the words so far,
// unless the line could be encoded.
func TestLinesAreNotHeld(t *testing.T) {
	wide := strings.Repeat("words ", 11) + "4f0c90886b40bd66f22a908fa6bd7993\n"
	for in, want := range map[string]string{
		"a line\nand a pro":        "a line\nand a ",
		wide:                       wide,
		"==========\n":             "==========\n",
		"one &quot;two three f":    "",
		inBase64(wide[:57]) + "\n": "",
	} {
		var b strings.Builder
		enc, err := codec.NewEncoder(&b, "")
		if err != nil {
			t.Fatal(err)
		}
		s := Acquire(policy(t, "mask"), nil)
		w := &lineWriter{st: &stream{s: s, enc: enc}, line: 1}
		if _, err := w.Write([]byte(in)); err != nil {
			t.Fatal(err)
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("%q: passed on %q, want %q", in, b.String(), want)
		}
		if err := w.close(); err != nil || b.String() != in {
			t.Errorf("%q: %q in the end, %v", in, b.String(), err)
		}
		s.Release()
	}
}

// TestDisguiseIsWiped asks that nothing of what was decoded stays.
func TestDisguiseIsWiped(t *testing.T) {
	s := Acquire(policy(t, "mask"), nil)
	if _, err := s.Body([]byte(inBase64("a "+inBase64("the key "+secret))), Meta{ContentType: "text/plain"}); err != nil {
		t.Fatal(err)
	}
	var texts [][]byte
	for _, l := range s.v.layers {
		texts = append(texts, l.text[:cap(l.text)])
	}
	if len(texts[0]) == 0 {
		t.Fatal("nothing was decoded")
	}
	s.Release()
	for _, text := range texts {
		if len(bytes.Trim(text, "\x00")) > 0 {
			t.Errorf("%d bytes are left", len(text))
		}
	}
}

// TestDisguisesCostNoMemory asks that text in which nothing is found allocates nothing,
// encoded or not.
func TestDisguisesCostNoMemory(t *testing.T) {
	s := Acquire(policy(t, "mask"), nil)
	defer s.Release()
	text := []byte("took 12 ms, trace 4f0c90886b40bd66f22a908fa6bd7993 of " + inBase64("nothing in here at all") + " a%20b &#61; \\x41 \x1b[1mb")
	if !disguise.Hides(text) {
		t.Fatal("nothing encoded")
	}
	n := testing.AllocsPerRun(50, func() {
		if edits, _, err := s.v.unmask(nil, s.v.one(codec.Field{Value: text}), 0); err != nil || len(edits) > 0 {
			t.Fatal(edits, err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
