package disguise

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"mime/quotedprintable"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/redactd/redactd/internal/codec"
)

// writers write text in each encoding, by means other than this package's.
var writers = map[string][]func(text string) string{
	"percent": {url.QueryEscape, func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }},
	"entity": {html.EscapeString, func(s string) string {
		return strings.NewReplacer("=", "&#61;", "\"", "&quot;", "p", "&#x70;").Replace(s)
	}},
	"backslash": {
		func(s string) string { return strings.NewReplacer(`"`, `\"`, "=", `\u003d`, "p", `\x70`).Replace(s) },
	},
	"uri": {func(s string) string { return "a+b" + url.PathEscape(strings.ReplaceAll(s, " ", "/")) }},
	"records": {func(s string) string {
		body := strings.Repeat("q0", 32)
		return "-----BEGIN PRIVATE KEY-----\nx y " + body + " z\nx y " + body + " z\nx y passwordpassword z\nx y -----END PRIVATE KEY-----"
	}},
	"control": {func(s string) string { return "a#012b#011" + s }},
	"ansi":    {func(s string) string { return "\x1b[1;31m" + s[:9] + "\x1b[0m" + s[9:] }},
	"quoted-printable": {func(s string) string {
		var b strings.Builder
		w := quotedprintable.NewWriter(&b)
		w.Write([]byte(strings.Repeat("words ", 12) + s))
		w.Close()
		return b.String()
	}},
	"base64": {
		func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
		func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
		func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		func(s string) string { return wrap(base64.StdEncoding.EncodeToString([]byte(s+s+s)), 24, "\n") },
		func(s string) string { return wrap(base64.StdEncoding.EncodeToString([]byte(s+s+s)), 76, "\r\n") },
		func(s string) string { return "x" + base64.StdEncoding.EncodeToString([]byte(s)) },
		func(s string) string { return "objects/ab" + "/" + base64.StdEncoding.EncodeToString([]byte(s)) },
	},
	"utf-16": {
		func(s string) string { return base64.StdEncoding.EncodeToString(inUTF16(s, binary.LittleEndian)) },
		func(s string) string { return base64.StdEncoding.EncodeToString(inUTF16("\uFEFF"+s, binary.BigEndian)) },
		func(s string) string {
			return wrap(base64.StdEncoding.EncodeToString(inUTF16(s+s, binary.BigEndian)), 64, "\n")
		},
	},
	"hex": {
		func(s string) string { return hex.EncodeToString([]byte(s)) },
		func(s string) string { return "0x" + strings.ToUpper(hex.EncodeToString([]byte(s))) },
	},
	"gzip": {func(s string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
		return base64.StdEncoding.EncodeToString(b.Bytes())
	}},
}

func inUTF16(s string, order binary.AppendByteOrder) (out []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func wrap(s string, width int, newline string) string {
	var b strings.Builder
	for ; len(s) > width; s = s[width:] {
		b.WriteString(s[:width] + newline)
	}
	return b.String() + s
}

// texts stand encoded; each holds "password".
var texts = []string{
	`a "password"="hunter2 & <b>", é`,
	`{"user":"bob","password":"hunter2","n":1,"x":"===="}`,
	`password=hunter2; and a few words >> that go on??`,
}

// surroundings are what an encoded text stands in, at %s.
var surroundings = []string{"%s", "2026-11-22 INFO msg=%s took 12\n", "a\nb: \"%s\"\nc\n", `x,{"m":"%s"}`}

func TestConformance(t *testing.T) {
	for _, e := range All() {
		if len(writers[e.Name()]) == 0 {
			t.Errorf("%s: nothing writes it", e.Name())
		}
		for i, write := range writers[e.Name()] {
			for j, text := range texts {
				for k, around := range surroundings {
					t.Run(fmt.Sprint(e.Name(), i, j, k), func(t *testing.T) {
						src := []byte(fmt.Sprintf(around, write(text)))
						if !found(t, e, src, "password") {
							t.Errorf("%q is not seen in %q", text, src)
						}
						check(t, e, src)
					})
				}
			}
		}
	}
}

// found reports whether a stretch of src decodes to what holds word.
func found(t *testing.T, e Encoding, src []byte, word string) bool {
	for at := 0; ; {
		start, end := e.Next(src, at)
		if start < 0 {
			return false
		}
		at = end
		if out, ok := e.Decode(nil, src[start:end]); ok && bytes.Contains(out, []byte(word)) {
			return true
		}
	}
}

// hasWide reports whether a reference in text may stand for several characters, such
// as &quot00;
func hasWide(text []byte) bool {
	return anyEntity.Match(oneEntity.ReplaceAll(text, nil))
}

var (
	oneEntity = regexp.MustCompile(`&(?:quot|amp|lt|gt|apos);`)
	anyEntity = regexp.MustCompile(`&[A-Za-z]`)
)

const mark = "[MARK:a-b]"

// check holds for any bytes.
func check(t *testing.T, e Encoding, src []byte) {
	t.Helper()
	keep := bytes.Clone(src)
	for at := 0; ; {
		start, end := e.Next(src, at)
		if start < 0 {
			break
		}
		if start < at || end <= start || end > len(src) {
			t.Fatalf("%s: stretch [%d,%d) of %d, from %d", e.Name(), start, end, len(src), at)
		}
		at = end
		if !Stands(src) || !IsShort(src) && e.Name() != "backslash" && !Hides(src) {
			t.Fatalf("%s: not announced: %q", e.Name(), src)
		}
		checkStretch(t, e, src[start:end], start)
	}
	if !bytes.Equal(src, keep) {
		t.Fatalf("%s: changed what it was given", e.Name())
	}
}

// checkStretch edits what a stretch decodes to at several places at once.
func checkStretch(t *testing.T, e Encoding, stretch []byte, base int) {
	t.Helper()
	text, ok := e.Decode([]byte("before"), stretch)
	if !bytes.HasPrefix(text, []byte("before")) {
		t.Fatalf("%s: wrote over what it was to append to", e.Name())
	}
	if text = text[len("before"):]; !ok {
		return
	}
	if len(text) > MaxDecoded {
		t.Fatalf("%s: %d bytes", e.Name(), len(text))
	}
	if out, _ := e.Encode(nil, nil, nil, text, stretch, base); len(out) != 0 {
		t.Fatalf("%s: %d splices without an edit of %q", e.Name(), len(out), stretch)
	}
	n := len(text)
	for _, cut := range [][]int{{0, n}, {0, min(n, 3)}, {max(0, n-3), n}, {n / 4, n / 3, n / 2, n/2 + n/3}, {n / 2, n / 2}} {
		var edits []codec.Splice
		for i := 0; i < len(cut); i += 2 {
			edits = append(edits, codec.Splice{Start: cut[i], End: cut[i+1], Text: []byte(mark)})
		}
		splices, _ := e.Encode(nil, nil, edits, text, stretch, base)
		last := base
		for i := range splices {
			s := &splices[i]
			if s.Start < last || s.End < s.Start || s.End > base+len(stretch) {
				t.Fatalf("%s: splice [%d,%d) outside of [%d,%d)", e.Name(), s.Start, s.End, base, base+len(stretch))
			}
			last = s.End
			s.Start, s.End = s.Start-base, s.End-base
		}
		if !isASCII(text) || hasWide(stretch) {
			continue // edits are widened to whole characters
		}
		if e.Name() == "records" {
			continue // what is between the parts stays
		}
		if e.Name() == "ansi" && bytes.IndexByte(text, esc) >= 0 {
			continue // what stood for itself may begin a sequence with the mark
		}
		now := codec.Apply(nil, stretch, splices)
		got, ok := e.Decode(nil, now)
		want := codec.Apply(nil, text, edits)
		if ok && !same(e, got, want) {
			t.Fatalf("%s: %q edited is %q, which decodes to\n%q, want\n%q", e.Name(), stretch, now, got, want)
		}
	}
}

// same compares decoded texts; whether + is a blank depends on what else stands in a
// stretch, and what is between edits may begin or end an escape that was none.
func same(e Encoding, a, b []byte) bool {
	if e.Name() == "percent" {
		a, b = bytes.ReplaceAll(a, []byte("+"), []byte(" ")), bytes.ReplaceAll(b, []byte("+"), []byte(" "))
	}
	return bytes.Equal(a, b)
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// TestHidesInFormats asks that what a field hides is announced by the payload.
func TestHidesInFormats(t *testing.T) {
	for _, e := range All() {
		for _, write := range writers[e.Name()] {
			for _, text := range texts {
				checkJSON(t, e, "x\n"+write(text)+"\né")
				checkJSON(t, e, "é"+write(text))
				checkJSON(t, e, "\u2028"+write(text))
			}
		}
	}
}

// checkJSON asks that what a value hides is announced by the document, however deep.
func checkJSON(t *testing.T, e Encoding, text string) {
	t.Helper()
	text = strings.ToValidUTF8(text, "?")
	if start, _ := e.Next([]byte(text), 0); start < 0 || !Hides([]byte(text)) {
		return // there, or only in a field, see Stands
	}
	for range 3 {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode([]string{text}); err != nil {
			t.Fatal(err)
		}
		text = b.String()
		if !Hides([]byte(text)) {
			t.Fatalf("%s: not announced: %s", e.Name(), text)
		}
	}
}

// TestSeesNothing asks that ordinary lines are dropped at once.
func TestSeesNothing(t *testing.T) {
	clean := []byte(`2026-11-22T08:00:00.101Z INFO [nio-8080-exec-134] o.h.engine.jdbc.spi.SqlExceptionHelper : 50% of a=b && c<d, C:\temp\new
trace 4f0c90886b40bd66f22a908fa6bd7993 id 574686d0-1ba6-4ce7-8f97-813b86f8bc21 sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
GET /assets/application/components/navigation/SidebarCollapsibleMenuItem.js?v=1&w=2 HTTP/1.1 ------------------------------ ==============================
{"error":{"stack":"Error: at order.js\n    at com.example.shop.checkout.InternationalShipmentServiceImplementation","note":"caf\u00e9 \"q\""}}
github.com/redactd/redactd/internal/disguise AbstractSingletonProxyFactoryBeanDefinitionReader timeout=20 uid=10037
`)
	if Hides(clean) {
		for _, line := range bytes.Split(clean, []byte("\n")) {
			for _, e := range All() {
				if e.Hides(line) {
					t.Errorf("%s: %s", e.Name(), line)
				}
			}
		}
	}
	if n := testing.AllocsPerRun(20, func() { Hides(clean) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestRunsAreFound puts a run at every place relative to the words that are looked at.
func TestRunsAreFound(t *testing.T) {
	run := base64.StdEncoding.EncodeToString([]byte("password=hunter2"))
	for _, glue := range []string{" ", ",", ".", ":", "a,", "ab.", "="} {
		for pad := range 20 {
			for tail := range 10 {
				text := strings.Repeat(glue, pad) + run + strings.Repeat(",", tail)
				at := len(text) - tail - len(run)
				if start, end := nextRun([]byte(text), 0); pad > 0 && glue[0] != 'a' && (start != at || end != at+len(run)) {
					t.Fatalf("run at [%d,%d) of %q, want %d", start, end, text, at)
				}
			}
		}
	}
}

// TestRunsAlike holds the ways to find runs to each other, and to a plain loop.
func TestRunsAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		text := make([]byte, r.IntN(300))
		rare := 1 + r.IntN(60)
		for i := range text {
			text[i] = "ABCxyzm0189+/-_"[r.IntN(15)]
			if r.IntN(rare) == 0 {
				text[i] = byte(r.IntN(256))
			}
			if r.IntN(3*rare) == 0 {
				text[i] = '='
			}
		}
		from := r.IntN(len(text) + 1)
		want, wantEnd := -1, -1
		for i := from; i < len(text); i++ {
			if i > from && inRun[text[i-1]] || !inRun[text[i]] {
				continue
			}
			if start, end := runAt(text, from, i); end-start >= minRun {
				want, wantEnd = start, end
				break
			}
		}
		if a, b := nextRunPlain(text, from); a != want || b != wantEnd {
			t.Fatalf("plain: [%d,%d), want [%d,%d) from %d of %q", a, b, want, wantEnd, from, text)
		}
		if !wide {
			continue
		}
		if a, b := nextRunWide(text, from); a != want || b != wantEnd {
			t.Fatalf("wide: [%d,%d), want [%d,%d) from %d of %q", a, b, want, wantEnd, from, text)
		}
	}
}

func FuzzEncodings(f *testing.F) {
	for _, list := range writers {
		for _, write := range list {
			for i, text := range texts {
				f.Add([]byte(fmt.Sprintf(surroundings[i%len(surroundings)], write(text))))
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, e := range All() {
			check(t, e, src)
			checkJSON(t, e, string(src))
		}
	})
}
