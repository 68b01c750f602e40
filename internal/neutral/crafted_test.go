package neutral

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

// Bodies made to cost more than their length are read in time that grows with it: with any
// step that grows with its square, one of these would take hours.
func TestCraftedBodies(t *testing.T) {
	const size = 1 << 18
	many := func(s string) string { return strings.Repeat(s, size/len(s)) }
	nest := func(open, inner, end string, depth int) string {
		return strings.Repeat(open, depth) + inner + strings.Repeat(end, depth)
	}
	s := builtin(t)
	sc := s.NewScratch()
	for _, tt := range []struct {
		name string
		kind Kind
		body string
	}{
		{"frames, a line each", Text, many("\tat a.b.C.d(E.java:1)\n")},
		{"frames in one line", Text, many("at a.b.C.d(E.java:1) ")},
		{"frames in paragraphs", Text, many("x\n\n\tat a.b.C.d(E.java:1)\n\n\n")},
		{"frames far apart in one paragraph", Text, many(strings.Repeat("x\n", 40) + "at a.b.C.d(E.java:1)\n")},
		{"a frame, then names", Text, "at a.b.C.d(E.java:1)\n" + many("\n\n\n\n10.0.0.1\n")},
		{"names in one line", Text, many("10.0.0.1 db.internal ")},
		{"frames in elements", HTML, "<html>" + many("<p>at a.b.C.d(E.jav<b>a:1)</b></p>")},
		{"names in elements", HTML, "<html>" + many("<p>10.0.0.1</p>")},
		{"tags without end", HTML, many("<a x='")},
		{"comments without end", HTML, many("<!--")},
		{"frames in a member", JSON, `{"message":"` + many(`\tat a.b.C.d(E.java:1)\n`) + `"}`},
		{"members that ask for names beside them", JSON, `{` + many(`"line":1,"file":"f",`) + `"trace":"at a.b.C.d(E.java:1)"}`},
		{"strings of an array", JSON, `["` + many(`a","`) + `"]`},
		{"members in members", JSON, nest(`{"trace":`, `"`+many("x")+`"`, `}`, 9000)},
		{"arrays in arrays", JSON, nest(`[`, `"at a.b.C.d(E.java:1)"`, `]`, 9000)},
		{"too deep to be JSON", JSON, nest(`[`, "", `]`, size/2)},
		{"elements in elements", XML, nest(`<trace>`, many("x"), `</trace>`, 9000)},
		{"elements side by side", XML, `<e>` + many(`<line>1</line>`) + `<trace>at a.b.C.d(E.java:1)</trace></e>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, err := s.Neutralise(sc, Body{500, tt.kind, []byte(tt.body)})
			if err != nil && !errors.Is(err, redact.ErrGaveUp) {
				t.Fatal(err)
			}
			if len(res.Frames) > maxFrames {
				t.Errorf("%d frames", len(res.Frames))
			}
			if bytes.Contains(res.Text, []byte("E.java")) {
				t.Error("a frame stays")
			}
		})
	}
}
