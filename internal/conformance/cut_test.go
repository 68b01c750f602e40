package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/scrub"
)

// lines are what a text may stand in at the end of a quoted value, in payloads that are
// read as plain text; % is the text.
var lines = []struct {
	name, form string
	json       bool
}{
	{"lines", "INFO %\nand so on\n", false},
	{"logfmt", `level=error msg="%" status=500 user="bob"` + "\nand so on\n", false},
	{"JSON", `{"log":"%","stream":"stderr","n":[1,"a"]}`, true},
	{"JSON, last", `{"n":1,"log":"%"}`, true},
	{"JSON, line feed", `{"log":"%\n","stream":"stderr"}`, true},
	{"array", `["%","next","more"]`, true},
}

// TestCut writes examples that end where their secret begins, or shortly behind that, and
// asks that what stands behind the text stays: the next line, quotation marks, fields.
func TestCut(t *testing.T) {
	for i := range lines {
		l := &lines[i]
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			done := 0
			for _, g := range load(t) {
				s := scrub.Acquire(g.policy, nil)
				for k := range g.samples {
					if smp := &g.samples[k]; len(smp.secrets) > 0 && smp.key == "" {
						done += cut(t, s, l.form, l.json, smp)
					}
				}
				s.Release()
			}
			if done < 500 {
				t.Errorf("%d texts could be written", done)
			}
		})
	}
}

func cut(t *testing.T, s *scrub.Scrubber, form string, isJSON bool, smp *sample) (done int) {
	begin := strings.Index(smp.text, smp.secrets[0])
	before, after, _ := strings.Cut(form, "%")
	for _, n := range []int{0, 1, 5, len(smp.secrets[0])} {
		if n > len(smp.secrets[0]) {
			continue
		}
		text := smp.text[:begin+n]
		if isJSON {
			text = escaped(text)
		} else if strings.ContainsAny(text, "\"\n\\") {
			continue
		}
		done++
		res, err := s.Body([]byte("x: "+before+text+after), scrub.Meta{ContentType: "text/plain"})
		if err != nil {
			t.Errorf("%v: %v", smp, err)
			continue
		}
		out := strings.TrimPrefix(string(res.Body), "x: ")
		want := after
		if !strings.HasSuffix(out, want) || isJSON && !json.Valid([]byte(out)) {
			t.Errorf("%s, cut to %d bytes: %q\nbecomes %q", fmt.Sprint(smp.rule.ID), n, text, out)
		}
	}
	return done
}
