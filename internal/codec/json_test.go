package codec

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// editor answers with what edits has for a value, and removes what is in gone.
func editor(edits map[string][]Splice, gone ...string) *recorder {
	return &recorder{edit: func(f *Field) ([]Splice, bool) {
		for _, g := range gone {
			if g == string(f.Value) {
				return nil, true
			}
		}
		return edits[string(f.Value)], false
	}}
}

func all(value, text string) map[string][]Splice {
	return map[string][]Splice{value: {{0, len(value), []byte(text), ""}}}
}

// rewrite walks src whole and, if the codec streams, byte by byte.
func rewrite(t *testing.T, name, src string, r *recorder) string {
	t.Helper()
	c := Lookup(name)
	splices, n, err := walkWhole(c, []byte(src), r)
	if err != nil || n != len(src) {
		t.Fatalf("%s: n = %d, %v", src, n, err)
	}
	out := string(Apply(nil, []byte(src), splices))
	if c.Streams() {
		splices, _, err := walkPieces(t, c, []byte(src), 1, r)
		if got := string(Apply(nil, []byte(src), splices)); got != out || err != nil {
			t.Errorf("%s: byte by byte %s, %v; want %s", src, got, err, out)
		}
	}
	return out
}

func TestJSONEdits(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		r         *recorder
		want      string
	}{
		{"plain", `{"a" : "secret"}`, editor(all("secret", "x")), `{"a" : "x"}`},
		{"part", `["a secret b"]`, editor(map[string][]Splice{"a secret b": {{2, 8, []byte("x"), ""}}}), `["a x b"]`},
		{"escaped text", `["s"]`, editor(all("s", "\"\\\n\x01é")), `["\"\\\n\u0001é"]`},
		{"behind escapes", `["\u0041\n\/ sec \ud83d\ude00"]`,
			editor(map[string][]Splice{"A\n/ sec 😀": {{4, 7, []byte("x"), ""}}}), `["\u0041\n\/ x \ud83d\ude00"]`},
		{"inside of an escape", `["a\u00e9b"]`, editor(map[string][]Splice{"aéb": {{2, 4, []byte("x"), ""}}}), `["ax"]`},
		{"inside of a character", `["aéb"]`, editor(map[string][]Splice{"aéb": {{0, 2, []byte("x"), ""}}}), `["xb"]`},
		{"lone surrogate stays", `["\ud800 s"]`, editor(map[string][]Splice{"\ufffd s": {{4, 5, []byte("x"), ""}}}), `["\ud800 x"]`},
		{"bad UTF-8 stays", "[\"\xff s\"]", editor(map[string][]Splice{"\xff s": {{2, 3, []byte("x"), ""}}}), "[\"\xff x\"]"},
		{"number to number", `[12, 13]`, editor(all("12", "-3.5e1")), `[-3.5e1, 13]`},
		{"number to text", `[12, 13]`, editor(all("12", "x")), `[0, 13]`},
		{"number in part", `[12, 13]`, editor(map[string][]Splice{"12": {{0, 1, []byte("4"), ""}}}), `[0, 13]`},
		{"name", `{"k\u0065y":"v"}`, editor(all("key", "n")), `{"n":"v"}`},
		{"remove first", `{ "a" : "x" , "b":1}`, editor(nil, "x"), `{  "b":1}`},
		{"remove middle", `{"a":1 , "b" : "x", "c":2}`, editor(nil, "x"), `{"a":1, "c":2}`},
		{"remove last", "{\"a\":1,\n \"b\":\"x\"\n}", editor(nil, "x"), "{\"a\":1\n}"},
		{"remove only", `{"a":"x"}`, editor(nil, "x"), `{}`},
		{"remove several", `{"a":"x","b":"x" ,"c":"x","d":3}`, editor(nil, "x"), `{"d":3}`},
		{"remove all", `[{"a":"x","b":"x"},{"a":"x"}]`, editor(nil, "x"), `[{},{}]`},
		{"remove before object", `{"a":"x","b":{"c":"x"},"d":"x"}`, editor(nil, "x"), `{"b":{}}`},
		{"remove number", `{"a":7,"b":[7,7]}`, editor(nil, "7"), `{"b":[0,0]}`},
		{"remove element", `["x", "y"] "x" 7`, editor(nil, "x", "7"), `["", "y"] "" 0`},
		{"remove name", `{"x":"y"}`, editor(nil, "x"), `{"":"y"}`},
		{"nested", `{"a":"{\"b\":\"sec\\u0041\",\"n\":5}"}`,
			&recorder{edit: editor(map[string][]Splice{"secA": {{0, 4, []byte(`"`), ""}}}, "5").edit}, `{"a":"{\"b\":\"\\\"\"}"}`},
		{"nested whole", `{"a":"{\"b\":1}"}`, editor(all(`{"b":1}`, "x")), `{"a":"x"}`},
		{"not nested", `{"a":"{\"b\":}"}`, editor(all(`{"b":}`, "x")), `{"a":"x"}`},
		{"nested twice", `["[\"[\\\"s\\\"]\"]"]`, editor(all("s", "\n")), `["[\"[\\\"\\\\n\\\"]\"]"]`},
	} {
		if got := rewrite(t, "json", tt.src, tt.r); got != tt.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tt.name, tt.src, got, tt.want)
		}
	}
}

func TestJSONPaths(t *testing.T) {
	src := `{"user":{"tokens":["a",["b",{"c":"d"}]],"n":1},"e":"{\"f\":[\"g\"]}","` + strings.Repeat("é", 40) + `":2} [3] "t"`
	want := []seen{
		{"", "", "user", Name, true}, {"", "user", "tokens", Name, true},
		{"tokens", "user.tokens[]", "a", String, false}, {"tokens", "user.tokens[][]", "b", String, false},
		{"", "user.tokens[][]", "c", Name, true}, {"c", "user.tokens[][].c", "d", String, false},
		{"", "user", "n", Name, true}, {"n", "user.n", "1", Number, false},
		{"", "", "e", Name, true}, {"", "e", "f", Name, true}, {"f", "e.f[]", "g", String, false},
		{"e", "e", `{"f":["g"]}`, String, false},
		{"", "", strings.Repeat("é", 40), Name, true}, {strings.Repeat("é", 40), strings.Repeat("é", 32), "2", Number, false},
		{"", "[]", "3", Number, true}, {"", "", "t", String, true},
	}
	r := &recorder{}
	rewrite(t, "json", src, r)
	if diff := sameFields(r.fields[:len(want)], want); diff != "" {
		t.Error(diff)
	}
	// A name that was edited stands in the path as edited.
	r = editor(all("user", "x"))
	rewrite(t, "json", `{"user":{"a":"b"}}`, r)
	if got := r.fields[2]; got.Path != "x.a" || got.Key != "a" {
		t.Error(got)
	}
}

// TestJSONBroken asks for what is left over: the broken member with its name.
func TestJSONBroken(t *testing.T) {
	deep := strings.Repeat("[", maxDepth)
	for _, tt := range []struct{ src, rest string }{
		{`{"a":"x", "b":"cut`, `, "b":"cut`},
		{`{"password":"cut`, `"password":"cut`},
		{`{"a":1,"b":tru }`, `,"b":tru }`},
		{`{"a":1,}`, `,}`}, {`{,}`, `,}`}, {`[1,]`, `,]`}, {`{"a"}`, `"a"}`}, {`{"a":01}`, `"a":01}`},
		{`[NaN]`, `NaN]`}, {`[-]`, `-]`}, {`[1.]`, `1.]`}, {`[1e]`, `1e]`}, {`[+1]`, `+1]`}, {`[.5]`, `.5]`}, {`[1x]`, `1x]`},
		{`["\x"]`, `"\x"]`}, {`["\u12g4"]`, `"\u12g4"]`}, {"[\"a\nb\"]", "\"a\nb\"]"},
		{`[1 2]`, ` 2]`}, {`[1}`, `}`}, {`]`, `]`}, {`{"a":1`, ``}, {`{'a':1}`, `'a':1}`},
		{`"ok" nope`, `nope`}, {`truefalse`, `truefalse`}, {deep + "[", "["}, {`plain text`, `plain text`},
	} {
		r := &recorder{edit: markAll}
		splices, n, err := walkWhole(Lookup("json"), []byte(tt.src), r)
		if !IsSyntax(err) || tt.src[n:] != tt.rest {
			t.Errorf("%.40s: rest %q, %v; want %q", tt.src, tt.src[n:], err, tt.rest)
		}
		checkOrder(t, splices, n)
		checkWalk(t, Lookup("json"), []byte(tt.src))
	}
	if _, n, err := walkWhole(Lookup("json"), []byte(deep+strings.Repeat("]", maxDepth)), &recorder{}); err != nil {
		t.Error(n, err)
	}
}

// TestJSONLongString feeds a long string in small pieces: what was searched is
// not searched again, which shows in that n stays 0 and the result is right.
func TestJSONLongString(t *testing.T) {
	src := `["` + strings.Repeat(`abc\n\u0041`, 2000) + `"]`
	r := &recorder{}
	if _, n, err := walkPieces(t, Lookup("json"), []byte(src), 13, r); err != nil || n != len(src) || len(r.fields) != 1 {
		t.Fatal(n, err, len(r.fields))
	}
	if want := strings.Repeat("abc\nA", 2000); r.fields[0].Value != want {
		t.Error("value differs")
	}
}

// checkAgainstStandard compares with encoding/json what is JSON at all, and the
// strings in it.
func checkAgainstStandard(t *testing.T, src []byte) {
	r := &recorder{}
	var w jsonWalker
	_, n, err := w.Walk(nil, src, true, r)
	valid := json.Valid(src)
	if valid && err != nil && n < maxDepth {
		t.Fatalf("refused %q: %v", src, err)
	}
	if !valid || err != nil || !utf8.Valid(src) {
		return
	}
	var want []string
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch v := tok.(type) {
		case string:
			want = append(want, v)
		case json.Number:
			want = append(want, v.String())
		}
	}
	w.Reset()
	w.depth = maxNest + 1 // no documents in strings
	r = &recorder{}
	w.Walk(nil, src, true, r)
	for i, f := range r.fields {
		if i >= len(want) || f.Value != want[i] {
			t.Fatalf("field %d of %q: %v, want %q", i, src, f, want)
		}
	}
	if len(want) != len(r.fields) {
		t.Fatalf("%d fields of %q, want %d", len(r.fields), src, len(want))
	}
	splices, _, _ := walkWhole(jsonCodec{}, src, &recorder{edit: markSome})
	if out := Apply(nil, src, splices); !json.Valid(out) || !utf8.Valid(out) {
		t.Fatalf("%q became %q", src, out)
	}
}

func TestJSONAgainstStandard(t *testing.T) {
	for _, name := range Names() {
		for _, src := range samples(t, name) {
			for line := range bytes.Lines(src) {
				checkAgainstStandard(t, line)
			}
			checkAgainstStandard(t, src)
		}
	}
}

// TestJSONAllocations asserts that walking without edits allocates nothing.
func TestJSONAllocations(t *testing.T) {
	src := []byte(`{"level":"info","msg":"a \"quoted\" \u00e9 thing","n":12,"tags":["a","b"],"ctx":{"id":"x","in":"{\"a\":[1,\"b\\n\"]}"}}`)
	w := Lookup("json").NewWalker()
	v := &stopper{1 << 30}
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := w.Walk(nil, src, true, v); err != nil {
			t.Fatal(err)
		}
		w.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// namer is a recorder for which all names tell what values are.
type namer struct{ recorder }

func (*namer) Tells(_, _ []byte) bool { return true }

// TestJSONResetWipes asks that no memory of a walker holds text after Reset.
func TestJSONResetWipes(t *testing.T) {
	secret := "s3cr" + "et"
	w := &jsonWalker{}
	src := []byte(`{"` + secret + `\u0041":["` + secret + `\u0042","{\"` + secret + `\":\"` + secret + `\\u0043\"}"],"name":"` + secret + `","val":"` + secret +
		`","r":{"value":"x","key":"` + secret + `"}}`)
	if _, _, err := w.Walk(nil, src, true, &namer{recorder{edit: markSome}}); err != nil {
		t.Fatal(err)
	}
	w.Reset()
	for _, b := range [][]byte{w.text, w.arena, w.path, w.keys, w.name, w.said, w.beside, w.child.text, w.child.path, w.child.keys, w.child.name} {
		if bytes.Contains(b[:cap(b)], []byte(secret)) {
			t.Errorf("%q", b[:cap(b)])
		}
	}
}
