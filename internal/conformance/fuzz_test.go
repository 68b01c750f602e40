package conformance

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// shapes are what a text that a rule finds may stand in; % is the text.
var shapes = []string{
	"%", "msg %", "request failed: % (retrying)", "[%]", "a=1 b=2 %", "%; next", "x, %, y",
	"{\"m\": \"%\"}", "Header: %", "<p>%</p>", "INFO got % from upstream", "('%',)", "-- %",
}

// FuzzRules takes a rule, makes a text that it finds of its pattern or of an example,
// and puts that in a shape, a disguise and a document, all by number. What is found in
// the shape as it is has to be gone, and the rest to be the same.
func FuzzRules(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint16(3), uint16(4), uint16(5), uint16(6))
	f.Add(uint64(7), uint64(1), uint16(99), uint16(2), uint16(13), uint16(1))
	f.Add(uint64(11), uint64(4), uint16(300), uint16(7), uint16(20), uint16(0))
	f.Add(uint64(13), uint64(8), uint16(512), uint16(12), uint16(33), uint16(1))
	all := load(f)
	g := all[len(all)-1] // of the packs that are on
	rules := patterns.Rules(patterns.Default())
	f.Fuzz(func(t *testing.T, a, b uint64, rule, shape, how, doc uint16) {
		r := &rules[int(rule)%len(rules)]
		text := textOf(r, rand.New(rand.NewPCG(a, b)))
		if text == "" || len(text) > 4<<10 {
			return
		}
		s := sample{rule: r, text: strings.Replace(shapes[int(shape)%len(shapes)], "%", text, 1)}
		if len(r.Keys) > 0 {
			s.key, s.text = r.Keys[0], text
		}
		// What has escapes of its own, or several lines, may be read in several ways.
		if strings.ContainsAny(s.text, "\r\n\x00\\%&#+") || !marks(t, g.policy, &s) {
			return
		}
		d := &documents[int(doc)%len(documents)]
		h := &disguises[int(how)%len(disguises)]
		c := checker{t: t, policy: g.policy, s: scrub.Acquire(g.policy, nil), stream: scrub.Acquire(g.policy, nil)}
		defer c.s.Release()
		defer c.stream.Release()
		c.document(d, &s, nil)
		c.document(&documents[int(doc)%2], &s, h)
	})
}

// marks notes what is found in the text of s as it is, and reports whether s can be
// judged: something is found, and what is left reads the same whatever stands around.
func marks(t *testing.T, p *scrub.Policy, s *sample) bool {
	found, err := p.Set.Find(p.Set.NewScratch(), nil, redact.Field{Key: []byte(s.key), Value: []byte(s.text)})
	if err != nil || len(found) == 0 {
		return false
	}
	for _, fd := range found {
		s.secrets = append(s.secrets, s.text[fd.Start:fd.End])
	}
	if s.want, err = plain(p, s.key, s.text); err != nil {
		t.Fatal(err)
	}
	if s.key == "" {
		for _, behind := range []string{"\nand so on", `","status":"x"}`, " "} {
			if out, err := plain(p, "", s.text+behind); err != nil || out != s.want+behind {
				return false
			}
		}
	}
	again, err := plain(p, s.key, s.want)
	return err == nil && again == s.want
}

// textOf returns a text that r may find, "" if none could be made.
func textOf(r *redact.Rule, rnd *rand.Rand) string {
	re, err := syntax.Parse(r.Pattern, syntax.Perl)
	if r.Pattern == "" || err != nil || rnd.IntN(2) == 0 {
		text, _, err := patterns.Expand(r.Examples[rnd.IntN(len(r.Examples))], rnd.Uint64())
		if err != nil {
			return ""
		}
		return text
	}
	g := generator{rnd: rnd}
	g.write(re)
	return g.b.String()
}

// generator writes texts that an expression matches, assertions aside.
type generator struct {
	rnd *rand.Rand
	b   strings.Builder
}

func (g *generator) write(re *syntax.Regexp) {
	if g.b.Len() > 8<<10 {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		text := string(re.Rune)
		if re.Flags&syntax.FoldCase != 0 {
			text = strings.ToLower(text)
		}
		g.b.WriteString(text)
	case syntax.OpCharClass:
		g.class(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		g.class([]rune{'0', '9', 'A', 'Z', 'a', 'z'})
	case syntax.OpCapture:
		g.write(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			g.write(sub)
		}
	case syntax.OpAlternate:
		g.write(re.Sub[g.rnd.IntN(len(re.Sub))])
	case syntax.OpStar:
		g.repeat(re.Sub[0], 0, 12)
	case syntax.OpPlus:
		g.repeat(re.Sub[0], 1, 24)
	case syntax.OpQuest:
		g.repeat(re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		most := re.Max
		if most < 0 || most > re.Min+32 {
			most = re.Min + 32
		}
		g.repeat(re.Sub[0], re.Min, most)
	}
}

func (g *generator) repeat(re *syntax.Regexp, least, most int) {
	for range least + g.rnd.IntN(most-least+1) {
		g.write(re)
	}
}

// class writes a character of a class, of printable ASCII where it has one.
func (g *generator) class(pairs []rune) {
	var few []rune
	for c := ' '; c <= '~'; c++ {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] <= c && c <= pairs[i+1] {
				few = append(few, c)
			}
		}
	}
	switch {
	case len(few) > 0:
		g.b.WriteRune(few[g.rnd.IntN(len(few))])
	case len(pairs) > 0:
		g.b.WriteRune(pairs[0])
	}
}
