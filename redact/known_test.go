package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// Of the reference implementation: key 00 01 .. 0f, text 00 01 .. 0e and shorter.
func TestSipHash(t *testing.T) {
	k := sipKey{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	text := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
	for n, want := range map[int]uint64{0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5} {
		if got := k.sum(text[:n]); got != want {
			t.Errorf("of %d bytes: %x, want %x", n, got, want)
		}
	}
}

// knownAlphabets are what the values of these tests are made of.
var knownAlphabets = []string{
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
	"ab", // values that overlap each other
	`ab"\` + "\n/",
	"aé\"ß😀\t",
	"0123456789abcdef+/=-_",
}

func randomValue(r *rand.Rand) string {
	alphabet := []rune(knownAlphabets[r.IntN(len(knownAlphabets))])
	var b strings.Builder
	for n := MinKnown + r.IntN([]int{4, 12, 60}[r.IntN(3)]); b.Len() < n; {
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// knownSet returns base, which has the rule, knowing values.
func knownSet(base *Set, values []string) *Set {
	k := NewKnown()
	var sources []*KnownValues
	for i, v := range values {
		if i%5 == 0 {
			sources = append(sources, k.NewValues())
		}
		sources[len(sources)-1].Add(Secret{"test", v}, []byte(v))
	}
	k.Replace(sources...)
	return base.WithKnown(k)
}

func knownBase(t testing.TB, rules ...Rule) *Set {
	return mustCompile(t, append(rules, KnownRule()), Options{})
}

// knownText is text with values in it, some of them broken, some encoded.
func knownText(r *rand.Rand, values []string) []byte {
	var b bytes.Buffer
	for range 1 + r.IntN(12) {
		v := values[r.IntN(len(values))]
		switch r.IntN(10) {
		case 0:
			v = v[:len(v)-1]
		case 1:
			v = v[1:] + v
		case 2:
			lead := strings.Repeat("x", r.IntN(4)) + v + strings.Repeat("\xff", r.IntN(4))
			v = []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding}[r.IntN(3)].EncodeToString([]byte(lead))
		case 3:
			v = strings.ToUpper(hex.EncodeToString([]byte(v)))
		case 4:
			quoted, _ := json.Marshal(v)
			v = string(quoted)
		}
		b.WriteString(v)
		b.WriteString([]string{"", " ", "a", "ab\n", "some words of a log line ", "==", "/"}[r.IntN(7)])
	}
	return b.Bytes()
}

// plainKnown marks the bytes of text at which a form of some value stands.
func plainKnown(s *Set, text []byte, values []string) []bool {
	in := make([]bool, len(text))
	for _, v := range values {
		knownForms([]byte(v), true, func(how knownKind, form []byte) {
			for i := 0; i+len(form) <= len(text); i++ {
				if bytes.Equal(text[i:i+len(form)], form) {
					for k := range form {
						in[i+k] = true
					}
				}
			}
		})
	}
	return in
}

func TestKnownEqualsPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	base := knownBase(t)
	for range 400 {
		var values []string
		for range 1 + r.IntN(8) {
			values = append(values, randomValue(r))
		}
		s := knownSet(base, values)
		text := knownText(r, values)
		found, err := s.Find(s.NewScratch(), nil, Field{Value: text})
		if err != nil {
			t.Fatal(err)
		}
		covered := make([]bool, len(text))
		for _, f := range found {
			if f.Rule.ID != KnownID {
				t.Fatalf("found by %s", f.Rule.ID)
			}
			if _, ok := f.Secret(); !ok {
				t.Fatal("without its secret")
			}
			for i := f.Start; i < f.End; i++ {
				covered[i] = true
			}
		}
		want := plainKnown(s, text, values)
		for i := range text {
			// Groups of base64 reach over three characters at most on each side.
			if want[i] && !covered[i] {
				t.Fatalf("%q in %q: byte %d is not found", values, text, i)
			}
			if covered[i] && !bytes.Contains(near(want, i), []byte{1}) {
				t.Fatalf("%q in %q: byte %d is found", values, text, i)
			}
		}
	}
}

func near(marks []bool, i int) (out []byte) {
	for _, m := range marks[max(0, i-5):min(len(marks), i+6)] {
		out = append(out, map[bool]byte{true: 1}[m])
	}
	return out
}

// What is encoded must decode again, to the same but for the value.
func TestKnownInEncodings(t *testing.T) {
	value := "s3cr3t" + "/+?" + "Tail"
	s := knownSet(knownBase(t), []string{value})
	sc := s.NewScratch()
	for lead := range 7 {
		for tail := range 5 {
			plain := strings.Repeat("\xfe", lead) + value + strings.Repeat("\x01", tail)
			for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
				text := []byte(e.EncodeToString([]byte(plain)))
				out, found, _, err := s.Append(sc, nil, nil, Field{Value: text})
				if err != nil || len(found) != 1 || found[0].Encoding() != "base64" {
					t.Fatalf("%d bytes before and %d behind: %d findings, %v", lead, tail, len(found), err)
				}
				if got := found[0].Value(text[found[0].Start:found[0].End]); string(got) != value {
					t.Errorf("%d bytes before and %d behind: the value is %q", lead, tail, got)
				}
				back, err := e.DecodeString(string(out))
				want := strings.Repeat("\xfe", lead) + "[REDACTED:own-secret]"
				if err != nil || !bytes.HasPrefix(back, []byte(want)) || !bytes.HasSuffix(back, []byte(strings.Repeat("\x01", tail))) || len(back) > len(want)+tail+2 {
					t.Errorf("%d bytes before and %d behind: became %q, %v", lead, tail, back, err)
				}
			}
			text := []byte(hex.EncodeToString([]byte(plain)))
			out, _, _, err := s.Append(sc, nil, nil, Field{Value: text})
			if back, herr := hex.DecodeString(string(out)); err != nil || herr != nil || !bytes.Contains(back, []byte("[REDACTED:own-secret]")) {
				t.Errorf("became %q, %v, %v", back, err, herr)
			}
		}
	}
}

// A finding in some field of a document must make the document suspect.
func TestKnownSuspect(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	base := knownBase(t)
	hits := 0
	for range 600 {
		var values []string
		for range 1 + r.IntN(4) {
			values = append(values, randomValue(r))
		}
		s := knownSet(base, values)
		sc := s.NewScratch()
		text := knownText(r, values)
		found, err := s.Find(sc, nil, Field{Value: text})
		if err != nil {
			t.Fatal(err)
		}
		raw := string(text)
		for depth := range 4 {
			if len(found) > 0 && !s.Suspect(sc, []byte(raw)) {
				t.Fatalf("%q in a document %d deep is not suspect: %s", values, depth, raw)
			}
			raw = quoteJSON(raw, r.IntN(2) == 0)
		}
		hits += len(found)
	}
	if hits < 1000 {
		t.Errorf("%d findings only", hits)
	}
}

// quoteJSON writes text as a member of a document, characters beyond ASCII escaped
// if ascii.
func quoteJSON(text string, ascii bool) string {
	unit := jsonUnit(ascii, "0123456789abcdef", false)
	return `{"msg":"` + string(escapeRunes([]byte(text), unit)) + `"}`
}

func TestKnownWriterEqualsWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	base := knownBase(t, testRules()...)
	for i := range 24 {
		var values []string
		for range 1 + r.IntN(6) {
			values = append(values, randomValue(r))
		}
		values = append(values, strings.Repeat("\n", r.IntN(700))+randomValue(r)+strings.Repeat("x-"+randomValue(r)+"Q", 1+r.IntN(40)))
		s := knownSet(base, values)
		var text []byte
		for range r.IntN(20) {
			text = append(append(text, knownText(r, values)...), randomText(r)...)
			if r.IntN(4) == 0 {
				text = append(text, strings.Repeat("plain text, ", r.IntN(300))...)
			}
		}
		longest := []int{1, 7, 300, 5000}[i%4]
		if got, want := chunked(t, s, text, r, longest), whole(t, s, text); !bytes.Equal(got, want) {
			t.Fatalf("pieces of up to %d bytes: %s", longest, firstDifference(got, want))
		}
	}
}

func TestKnownNames(t *testing.T) {
	long := "first-line-9QxT\nsecond-line-7Zp2w"
	k := NewKnown()
	v := k.NewValues()
	v.Add(Secret{"pem", "line"}, []byte("second-line-7Zp2w"))
	v.Add(Secret{"pem", "all"}, []byte(long))
	k.Replace(v)
	generic := Rule{ID: "generic", Pattern: `key=(\S+)`, Confidence: High, Severity: Critical}
	s := mustCompile(t, []Rule{generic, KnownRule()}, Options{Allow: []Allow{
		{Name: "all", Patterns: []string{".+"}},
		{Name: "by tag", Patterns: []string{".+"}, Rules: []string{"own", "config"}},
		{Name: "by id", Paths: []string{"public"}, Rules: []string{KnownID}},
	}}).WithKnown(k)
	find := func(path, text string) []Finding {
		found, err := s.Find(s.NewScratch(), nil, Field{Path: []byte(path), Value: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for text, name := range map[string]string{long: "all", "x second-line-7Zp2w": "line", "key=second-line-7Zp2wABC": "line"} {
		found := find("", text)
		if len(found) != 1 || found[0].Rule.ID != KnownID || found[0].Rule.Severity != Critical {
			t.Fatalf("%q: %v", text, found)
		}
		if got, _ := found[0].Secret(); got != (Secret{"pem", name}) {
			t.Errorf("%q: is %v", text, got)
		}
	}
	if found := find("public", long); len(found) != 0 {
		t.Errorf("an allowlist that names the rule does not hold: %v", found)
	}
	if found := find("", "key=something"); len(found) != 0 {
		t.Errorf("an allowlist does not hold for a rule: %v", found)
	}
	k.Replace()
	if found := find("", long); len(found) != 0 || k.Len() != 0 {
		t.Errorf("found after it was replaced: %v", found)
	}
}

// Nothing is known, nothing may be allocated.
func TestKnownCostsNothing(t *testing.T) {
	s := mustCompile(t, append(testRules(), KnownRule()), Options{}).WithKnown(NewKnown())
	sc, text := s.NewScratch(), []byte(strings.Repeat("a clean line of a log, with ids 4711 ", 50))
	n := testing.AllocsPerRun(100, func() {
		s.Suspect(sc, text)
		_, _ = s.Find(sc, nil, Field{Value: text})
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// A long value that repeats itself stands nearly everywhere in itself.
func TestKnownThatRepeatsIsBounded(t *testing.T) {
	set, err := Compile([]Rule{KnownRule()}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	known := NewKnown()
	values := known.NewValues()
	value := bytes.Repeat([]byte("aBc7dE9f"), MaxKnown/8)
	values.Add(Secret{"s", "n"}, value)
	known.Replace(values)
	set = set.WithKnown(known)
	sc := set.NewScratch()
	if found, err := set.Find(sc, nil, Field{Value: value}); err != nil || len(found) != 1 {
		t.Errorf("once: %d findings, %v", len(found), err)
	}
	if _, err := set.Find(sc, nil, Field{Value: bytes.Repeat(value, 4)}); !errors.Is(err, ErrGaveUp) {
		t.Errorf("many times: %v", err)
	}
	if most := budget(nil) + 200*4*len(value); sc.nfa.spent > most {
		t.Errorf("%d spent, want %d at most", sc.nfa.spent, most)
	}
}
