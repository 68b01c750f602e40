package codec

import (
	"bytes"
	"strings"
	"testing"
)

// picky is a visitor that edits what holds a word, and suspects what holds it.
type picky struct {
	word   string
	fields int
	asked  int
}

func (p *picky) Visit(f *Field) ([]Splice, bool, error) {
	p.fields++
	if i := bytes.Index(f.Value, []byte(p.word)); i >= 0 {
		return []Splice{{i, i + len(p.word), []byte("-"), ""}}, false, nil
	}
	if string(f.Key) == p.word || string(f.Beside) == p.word {
		return []Splice{{0, len(f.Value), []byte("-"), ""}}, false, nil
	}
	return nil, false, nil
}

func (p *picky) Suspect(raw []byte) bool {
	p.asked += len(raw)
	return bytes.Contains(raw, []byte(p.word)) || bytes.IndexByte(raw, '\\') >= 0
}

func (p *picky) Tells(name, raw []byte) bool {
	return string(name) == p.word && (bytes.Contains(raw, name) || bytes.IndexByte(raw, '\\') >= 0)
}

// eager suspects everything.
type eager struct{ picky }

func (*eager) Suspect([]byte) bool { return true }

// TestSieve asks that sparing fields changes nothing, and spares them.
func TestSieve(t *testing.T) {
	many := strings.Repeat(`{"a":"b","c":[1,{"d":"e"}],"f":{"g":"h","i":null}},`, 200)
	long := `"` + strings.Repeat("long text ", 2000) + `"`
	docs := map[string]string{
		"clean":          `[` + many + `0]`,
		"value":          `[` + many + `{"k":"xSECRETx","l":"m"},` + many + `0]`,
		"name":           `[` + many + `{"SECRET":"x","l":"m"},` + many + `0]`,
		"far from name":  `{"SECRET":[` + many + `"x",` + many + `"y"]}`,
		"near its name":  `{"r":[` + many + `{"SECRET":["x",["y"],{"z":"w"},"v"]},` + many + `0]}`,
		"number":         `[` + many + `{"SECRET":12},` + many + `0]`,
		"behind a long":  `[` + many + long + `,{"SECRET":"x"},` + long + `,` + many + `"SECRET"]`,
		"in a long":      `[` + many + `"` + strings.Repeat("long text ", 2000) + `SECRET",` + many + `0]`,
		"elements":       `{"k":[` + strings.Repeat(`"some text",`, 5000) + `"SECRET"]}`,
		"more elements":  `{"k":[` + strings.Repeat(`["some text"],`, 5000) + `0],"l":[` + strings.Repeat(`"some text",`, 50) + `"SECRET"]}`,
		"end of payload": `[` + many + `"SECRET"]`,

		"beside":              `[` + many + `{"name":"SECRET","value":"x"},` + many + `{"value":"y","name":"SECRET"},` + many + `0]`,
		"far before":          `[` + many + `{"name":"SECRET","r":[` + many + `0],"value":"x"},` + many + `0]`,
		"far behind":          `[` + many + `{"value":"x","r":[` + many + `0],"name":"SECRET"},` + many + `0]`,
		"said twice":          `[` + many + `{"name":"n","r":[` + many + `0],"field":"SECRET","value":"x","key":"m"},` + many + `0]`,
		"behind other values": `[` + many + `{"old":"x","new":"y","r":[` + many[:204] + `0],"field":"SECRET"},` + many + `0]`,
		"in a named object":   `[` + many + `{"SECRET":{"type":"string","r":[` + many + `0],"value":"x"}},` + many + `{"a":{"value":"x"}}]`,
		"in named objects":    `[` + many + `{"SECRET":[{"r":[` + many + `0],"value":"x"},{"name":"n","value":"x"}]},` + many + `0]`,
	}
	for name, doc := range docs {
		src := []byte(doc)
		all, some := &eager{picky{word: "SECRET"}}, &picky{word: "SECRET"}
		want, _, err := walkWhole(jsonCodec{}, src, all)
		if err != nil {
			t.Fatal(name, err)
		}
		got, _, err := walkWhole(jsonCodec{}, src, some)
		if err != nil || !sameSplices(got, want) {
			t.Errorf("%s: splices %v, %v; want %v", name, got, err, want)
		}
		if name != "far from name" && some.fields > 400 {
			t.Errorf("%s: %d fields visited of %d", name, some.fields, all.fields)
		}
		if some.asked > 2*len(src) {
			t.Errorf("%s: asked about %d bytes of %d", name, some.asked, len(src))
		}
		for _, size := range []int{100, 1000, 10000} {
			got, _, err := walkPieces(t, jsonCodec{}, src, size, &picky{word: "SECRET"})
			if err != nil || !sameSplices(got, want) {
				t.Errorf("%s: in pieces of %d: splices %v, %v; want %v", name, size, got, err, want)
			}
		}
	}
}

// TestSieveConformance asks the same of the samples of all codecs, with each of a
// few words, alone and behind much else.
func TestSieveConformance(t *testing.T) {
	for _, name := range Names() {
		c := Lookup(name)
		for file, src := range samples(t, name) {
			for _, word := range []string{"a", "e", "1", "er", "tion", "pass", "secret", "no such word"} {
				all := &eager{picky{word: word}}
				want, _, _ := walkWhole(c, src, all)
				got, _, _ := walkWhole(c, src, &picky{word: word})
				if !sameSplices(got, want) && !c.Opaque(src) {
					t.Errorf("%s/%s: %q: splices %v; want %v", name, file, word, got, want)
				}
			}
		}
	}
}

// FuzzSieve holds walks that spare fields to those that do not, whole and in pieces.
func FuzzSieve(f *testing.F) {
	names := []string{"json", "ndjson", "esbulk", "logfmt", "otlp-logs", "otlp-metrics", "loki"}
	for i, name := range names {
		for _, src := range samples(f, name) {
			f.Add(uint8(i), src[:min(len(src), 4096)], "e", uint16(100))
		}
	}
	many := strings.Repeat(`{"a":"b","c":[1,{"d":"e"}],"f":{"g":"h","i":null}},`, 30)
	f.Add(uint8(0), []byte(`{"k":[`+many+`"x",[["y"],`+many+`0],"z"],"l":`+`[`+many+`7]}`), "k", uint16(300))
	f.Add(uint8(0), []byte(`[{"k":[["x"],`+many+`["y"]]}]{"l":"k"}`), "k", uint16(64))
	f.Add(uint8(0), []byte(`[`+many+`{"name":"k","r":[`+many+`0],"value":"x"},{"old":"y","r":[1],"field":"k"}]`), "k", uint16(300))
	f.Add(uint8(0), []byte(`[{"k":[{"value":"x"},{"name":"n","value":"x"}]},`+many+`{"d":"x","kty":"k"}]`), "k", uint16(40))
	f.Fuzz(func(t *testing.T, i uint8, src []byte, word string, size uint16) {
		if word == "" || strings.Contains(word, "\\") || len(src) > 8<<10 || size == 0 {
			return
		}
		c := Lookup(names[int(i)%len(names)])
		want, n, wantErr := walkWhole(c, src, &eager{picky{word: word}})
		got, m, err := walkWhole(c, src, &picky{word: word})
		if !sameSplices(got, want) || m != n || (err == nil) != (wantErr == nil) {
			t.Fatalf("splices %v up to %d, %v; want %v up to %d, %v", got, m, err, want, n, wantErr)
		}
		got, m, err = walkPieces(t, c, src, int(size), &picky{word: word})
		if !sameSplices(got, want) || m != n || (err == nil) != (wantErr == nil) {
			t.Fatalf("in pieces: splices %v up to %d, %v; want %v up to %d, %v", got, m, err, want, n, wantErr)
		}
	})
}
