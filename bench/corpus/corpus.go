// Package corpus generates what the measurements run over: ordinary-looking
// logs from templates, the same for the same seed on every machine, and the same
// logs with secrets planted in some lines. Secrets are made at run time, so none
// stands in the repository.
package corpus

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Kind is a kind of log that can be generated. A file of this package registers
// each.
type Kind struct {
	Name string
	// line appends one line without its newline.
	line func(g *gen, dst []byte) []byte
	// json says that each line is a JSON object.
	json bool
}

var kinds []Kind

func register(k Kind) bool {
	for _, other := range kinds {
		if other.Name == k.Name {
			panic("corpus: two kinds named " + k.Name)
		}
	}
	kinds = append(kinds, k)
	return true
}

// Kinds returns the registered kinds, in the order of their files. The slice is
// the caller's.
func Kinds() []Kind { return append([]Kind(nil), kinds...) }

// JSON returns the kinds whose lines are JSON objects. The slice is the caller's.
func JSON() (out []Kind) {
	for _, k := range kinds {
		if k.json {
			out = append(out, k)
		}
	}
	return out
}

// Log is a generated log. Text is the whole of it, every line ends in a newline;
// Lines are its lines without newlines, slices of Text. Planted are the secrets
// that stand in it, in order.
type Log struct {
	Text    []byte
	Lines   [][]byte
	Planted [][]byte
}

// Clean returns about size bytes of lines of the kinds given, mixed, without
// secrets.
func Clean(seed uint64, size int, from ...Kind) Log { return generate(seed, size, 0, from) }

// Dirty is Clean with a secret in each line with probability share.
func Dirty(seed uint64, size int, share float64, from ...Kind) Log {
	return generate(seed, size, share, from)
}

// run is how many lines of one kind follow each other at most, as they do where
// programs write to one stream.
const run = 8

func generate(seed uint64, size int, share float64, from []Kind) Log {
	g := newGen(seed)
	// Where secrets go is drawn apart, so that clean and dirty logs of one seed
	// differ in nothing else.
	plant := rand.New(rand.NewPCG(seed, 2))
	secrets := newGen(seed + 1)
	var l Log
	var ends []int
	for len(l.Text) < size {
		k := from[g.IntN(len(from))]
		for range 1 + g.IntN(run) {
			l.Text = k.line(g, l.Text)
			if plant.Float64() < share {
				var secret []byte
				l.Text, secret = secrets.plant(l.Text, k.json)
				l.Planted = append(l.Planted, secret)
			}
			ends = append(ends, len(l.Text))
			l.Text = append(l.Text, '\n')
		}
	}
	start := 0
	for _, end := range ends {
		l.Lines = append(l.Lines, l.Text[start:end:end])
		start = end + 1
	}
	return l
}

// Blocks cuts text into blocks of size bytes; the last is shorter.
func Blocks(text []byte, size int) (out [][]byte) {
	for len(text) > size {
		out = append(out, text[:size:size])
		text = text[size:]
	}
	return append(out, text)
}

// JSONArray joins the lines of a JSON log to one document.
func JSONArray(lines [][]byte) []byte {
	doc := []byte("[")
	for i, line := range lines {
		if i > 0 {
			doc = append(doc, ",\n "...)
		}
		doc = append(doc, line...)
	}
	return append(doc, "]\n"...)
}

// Bulk puts an Elasticsearch _bulk action before each line of a JSON log.
func Bulk(lines [][]byte) []byte {
	var body []byte
	for i, line := range lines {
		body = fmt.Appendf(body, `{"create":{"_index":"logs-app-2026.11.22","_id":"%08x"}}`+"\n", i)
		body = append(append(body, line...), '\n')
	}
	return body
}

// gen draws what lines are made of.
type gen struct {
	*rand.Rand
	now time.Time
}

func newGen(seed uint64) *gen {
	return &gen{rand.New(rand.NewPCG(seed, 1)), time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
}

// tick lets some time pass, and returns the time.
func (g *gen) tick() time.Time {
	g.now = g.now.Add(time.Duration(g.IntN(180)+1) * time.Millisecond)
	return g.now
}

func (g *gen) pick(words []string) string { return words[g.IntN(len(words))] }

func (g *gen) hex(n int) string { return g.chars("0123456789abcdef", n) }

func (g *gen) chars(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.IntN(len(alphabet))]
	}
	return string(b)
}

func (g *gen) ip() string {
	return fmt.Sprintf("10.%d.%d.%d", g.IntN(256), g.IntN(256), 1+g.IntN(254))
}

func (g *gen) uuid() string {
	return g.hex(8) + "-" + g.hex(4) + "-4" + g.hex(3) + "-a" + g.hex(3) + "-" + g.hex(12)
}
