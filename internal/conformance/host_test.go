package conformance

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/scrub"
)

// host is a sample payload of a codec with a field that takes any text. It is written
// and read by the codec, which its own tests hold to decoders of others.
type host struct {
	codec codec.Codec
	src   []byte
	field int // counted in the order of visits
}

// visited is a field as it was visited.
type visited struct {
	key, path, value string
	kind             codec.Kind
}

// puts notes all fields, and replaces the value of one if text is not nil.
type puts struct {
	fields []visited
	at     int
	text   []byte
}

func (p *puts) Visit(f *codec.Field) ([]codec.Splice, bool, error) {
	n := len(p.fields)
	p.fields = append(p.fields, visited{string(f.Key), string(f.Path), string(f.Value), f.Kind})
	if p.text == nil || n != p.at {
		return nil, false, nil
	}
	return []codec.Splice{{Start: 0, End: len(f.Value), Text: p.text}}, false, nil
}

func (p *puts) Suspect([]byte) bool    { return true }
func (p *puts) Tells(_, _ []byte) bool { return false }

// fields returns the fields of src, nil if it is not of the format.
func (h *host) fields(src []byte) []visited {
	var p puts
	if _, n, err := h.codec.NewWalker().Walk(nil, src, true, &p); err != nil || n != len(src) {
		return nil
	}
	return p.fields
}

// put returns the sample with text in its field, nil where that can't be read back.
func (h *host) put(text string) (doc []byte, fields []visited) {
	p := puts{at: h.field, text: []byte(text)}
	splices, _, err := h.codec.NewWalker().Walk(nil, h.src, true, &p)
	if err != nil {
		return nil, nil
	}
	doc = codec.Apply(nil, h.src, splices)
	fields = h.fields(doc)
	if len(fields) != len(p.fields) || fields[h.field].value != text {
		return nil, nil
	}
	return doc, fields
}

// newHost returns the field of a sample of a codec that takes most texts as they are.
func newHost(t *testing.T, name string) *host {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "codec", "testdata", "samples", name, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples of %s: %v", name, err)
	}
	var best *host
	most := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		h := host{codec: codec.Lookup(name), src: src}
		for i, f := range h.fields(src) {
			h.field = i
			if f.kind != codec.String && f.kind != codec.Text {
				continue
			}
			n := 0
			for _, probe := range []string{"two words", `"quoted" \ and <so> on & é`, "on two\n  lines", "a=b, c: d"} {
				if doc, _ := h.put(probe); doc != nil {
					n++
				}
			}
			if bytes.IndexByte(src, 0) >= 0 {
				n-- // what hides behind zeros is withheld
			}
			if n > most {
				h := h
				best, most = &h, n
			}
		}
	}
	if best == nil {
		t.Fatalf("no field of a sample of %s takes a text", name)
	}
	return best
}

// hosted checks what becomes of a sample in the field of h, whatever its name.
func (c *checker) hosted(h *host, s *sample) {
	if s.key != "" {
		return
	}
	doc, fields := h.put(s.text)
	if doc == nil {
		return
	}
	want, err := plain(c.policy, fields[h.field].key, s.text)
	if err != nil {
		c.t.Fatal(err)
	}
	c.done++
	forced := *c.policy
	forced.Codec = h.codec.Name()
	sc := scrub.Acquire(&forced, nil)
	defer sc.Release()
	base, err := sc.Body(bytes.Clone(h.src), scrub.Meta{})
	if err != nil {
		c.t.Fatalf("%s: %v", h.codec.Name(), err)
	}
	others := h.fields(bytes.Clone(base.Body))
	res, err := sc.Body(doc, scrub.Meta{})
	if err != nil {
		if bytes.IndexByte(doc, 0) < 0 {
			c.t.Errorf("%v: %s: %v", s, h.codec.Name(), err)
		}
		return // withheld
	}
	got := h.fields(res.Body)
	if len(got) != len(fields) || len(others) != len(fields) {
		c.t.Errorf("%v: %s: %d fields become %d:\n in %q\nout %q", s, h.codec.Name(), len(fields), len(got), doc, res.Body)
		return
	}
	if value := seal(got[h.field].value); value != want && value != s.want && !excused(&document{name: h.codec.Name()}, nil, s) {
		c.t.Errorf("%v: %s: it becomes %q, want %q", s, h.codec.Name(), value, want)
	}
	got[h.field], others[h.field] = visited{}, visited{}
	if !slices.Equal(got, others) && !strings.Contains(s.text, "REDACTED") {
		c.t.Errorf("%v: %s: other fields have changed:\n in %q\nout %q", s, h.codec.Name(), doc, res.Body)
	}
}
