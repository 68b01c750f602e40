package neutral

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

func validXML(text []byte) bool {
	dec := xml.NewDecoder(bytes.NewReader(text))
	elements := 0
	for {
		tok, err := dec.Token()
		if err != nil {
			return err == io.EOF && elements > 0
		}
		if _, ok := tok.(xml.StartElement); ok {
			elements++
		}
	}
}

// FuzzNeutralise reads anything. What was a document stays one, nothing that is recognised
// is left, and what is left stays as it is.
func FuzzNeutralise(f *testing.F) {
	for _, pack := range disclosure.Builtin() {
		for _, r := range pack.Rules {
			if r.Part == disclosure.Header {
				continue
			}
			for _, example := range r.Examples {
				text, _, err := patterns.Expand(example, 1)
				if err != nil {
					f.Fatal(err)
				}
				f.Add([]byte(text), uint8(len(text)), r.Part == disclosure.Message)
			}
		}
	}
	files, _ := filepath.Glob("testdata/real/*")
	for i, name := range files {
		if data, err := os.ReadFile(name); err == nil && i%8 == 0 && len(data) < 64<<10 {
			f.Add(data, uint8(i), true)
		}
	}
	f.Add([]byte(`<a b="File &#34;/a.py&#34;, line 3, in f" c='x'>t</a>`), uint8(2), true)
	f.Add([]byte("data: {\"a\":\"File \\\"/a.py\\\", line 3, in f\",\"b\":1}\n\n: x\ndata: {}\n"), uint8(1), false)
	s := builtin(f)
	f.Fuzz(func(t *testing.T, text []byte, kind uint8, severe bool) {
		b := Body{Status: 400, Kind: kinds[int(kind)%len(kinds)], Text: text}
		if severe {
			b.Status = 500
		}
		before := bytes.Clone(text)
		res, err := s.Neutralise(s.NewScratch(), b)
		if !bytes.Equal(text, before) {
			t.Fatal("it changes the body")
		}
		if err != nil {
			if !errors.Is(err, redact.ErrGaveUp) {
				t.Fatal(err)
			}
			return
		}
		if res.Text == nil || res.Whole {
			return
		}
		again := b
		again.Text = res.Text
		if json.Valid(text) && !json.Valid(res.Text) {
			t.Fatalf("%q becomes %q, which is no JSON", text, res.Text)
		}
		if looks(b.Kind, text) == XML && validXML(text) && !validXML(res.Text) {
			t.Fatalf("%q becomes %q, which is no XML", text, res.Text)
		}
		twice, err := s.Neutralise(s.NewScratch(), again)
		if err != nil || twice.Whole || twice.Text != nil && !bytes.Equal(twice.Text, res.Text) {
			t.Fatalf("%q becomes %q, and that %q, whole %v: %v", text, res.Text, twice.Text, twice.Whole, err)
		}
	})
}

var kinds = []Kind{HTML, JSON, XML, Text}

// Reading takes work in proportion to the body, or gives up.
func TestWork(t *testing.T) {
	s := builtin(t)
	const size = 1 << 20
	fill := func(line string) string { return strings.Repeat(line, size/len(line)) }
	for name, body := range map[string]struct {
		kind Kind
		text string
	}{
		"frames of Python":     {Text, fill("  File \"/srv/app/views.py\", line 12, in charge\n")},
		"frames of Java":       {Text, fill("\tat com.example.Shop.pay(Shop.java:12)\n")},
		"frames of JavaScript": {HTML, fill("<pre>    at pay (/srv/app/shop.js:12:7)</pre>\n")},
		"beginnings of frames": {Text, fill("  File \"/srv/app/views.py\", line ")},
		"no end of a line":     {Text, fill("at com.example.Shop.pay")},
		"quotes":               {Text, fill(`"`)},
		"small strings":        {JSON, "[" + fill(`"a",`) + `"a"]`},
		"empty arrays":         {JSON, "[" + fill(`[],`) + `[]]`},
		"nested members":       {JSON, strings.Repeat(`{"error":`, 9000) + `"` + strings.Repeat("x", 1<<20) + `"` + strings.Repeat("}", 9000)},
		"nested elements":      {XML, strings.Repeat("<message>", 50000) + strings.Repeat("x", 1<<20) + strings.Repeat("</message>", 50000)},
		"empty elements":       {XML, "<r>" + fill("<a/>") + "</r>"},
		"attributes":           {XML, "<r " + fill(`a="at a.b(C.java:1)" `) + "/>"},
		"tags":                 {HTML, fill("<p a=b>")},
		"lines of JSON":        {Text, fill(`{"stack":"at a.b(C.java:1)","n":1}` + "\n")},
	} {
		t.Run(name, func(t *testing.T) {
			n := &neutraliser{set: s, sc: s.NewScratch(), status: 500, most: baseWork + workPerByte*len(body.text)}
			b := Body{Status: 500, Kind: body.kind, Text: []byte(body.text)}
			n.page(b)
			err := n.body(looks(b.Kind, b.Text), b.Text)
			if err != nil && !errors.Is(err, redact.ErrGaveUp) {
				t.Fatal(err)
			}
			// One step may exceed what is left, by its own budget at most.
			if n.work > n.most+1<<21+192*len(body.text)+expressionWork*maxExamined {
				t.Errorf("%d units for %d bytes", n.work, len(body.text))
			}
			t.Logf("%d units a byte: %v", n.work/len(body.text), err)
		})
	}
}
