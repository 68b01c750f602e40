package neutral

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/patterns"
)

func builtin(t testing.TB) *Set {
	t.Helper()
	set, err := Compile(disclosure.Rules(disclosure.Builtin()))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Each rule recognises its examples and not its counter-examples, alone.
func TestExamples(t *testing.T) {
	for _, pack := range disclosure.Builtin() {
		for _, r := range pack.Rules {
			t.Run(r.ID, func(t *testing.T) { tryRule(t, r) })
		}
	}
}

func tryRule(t *testing.T, r disclosure.Rule) {
	t.Helper()
	if len(r.Examples) < 2 || len(r.CounterExamples) < 2 || r.Description == "" || !strings.HasPrefix(r.Reference, "https://") {
		t.Error("lacks a description, a reference, two examples or two counter-examples")
	}
	if r.Framework == "" && (r.Part == disclosure.Page || r.Part == disclosure.Trace) {
		t.Error("lacks a framework")
	}
	set, err := Compile([]disclosure.Rule{r})
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range r.Examples {
		if err := tryExample(set, &r, example); err != nil {
			t.Errorf("example %q: %v", example, err)
		}
	}
	for _, example := range r.CounterExamples {
		text, _, err := patterns.Expand(example, 1)
		if err != nil {
			t.Fatal(err)
		}
		if set.recognises(&r, text) {
			t.Errorf("counter-example %q discloses", example)
		}
	}
}

// status returns a status on which the rule counts.
func statusOf(r *disclosure.Rule) int {
	for _, status := range []int{400, 500, 404, 422, 403, 502, 200} {
		if r.OnStatus(status) {
			return status
		}
	}
	return 0
}

func kindOf(r *disclosure.Rule, text string) Kind {
	text = strings.TrimSpace(text)
	switch {
	case len(r.Media) > 0:
		return Kind(r.Media[0])
	case strings.HasPrefix(text, "<?xml") || r.Part == disclosure.Member && strings.HasPrefix(text, "<"):
		return XML
	case strings.HasPrefix(text, "<"):
		return HTML
	case json.Valid([]byte(text)) && text != "":
		return JSON
	}
	return Text
}

func (s *Set) recognises(r *disclosure.Rule, text string) bool {
	if r.Part == disclosure.Header {
		name, value, _ := strings.Cut(text, ": ")
		out, remove := s.Header(statusOf(r), name, value)
		return remove || out != value
	}
	res, err := s.Neutralise(s.NewScratch(), Body{statusOf(r), kindOf(r, text), []byte(text)})
	return err != nil || res.Discloses()
}

func tryExample(s *Set, r *disclosure.Rule, example string) error {
	text, spans, err := patterns.Expand(example, 1)
	if err != nil {
		return err
	}
	if !s.recognises(r, text) {
		return fmt.Errorf("is not recognised")
	}
	if r.Part == disclosure.Page {
		return nil
	}
	if len(spans) == 0 {
		return fmt.Errorf("has no « and »")
	}
	var out []byte
	if r.Part == disclosure.Header {
		name, value, _ := strings.Cut(text, ": ")
		rest, _ := s.Header(statusOf(r), name, value)
		out = []byte(name + ": " + rest)
	} else {
		res, err := s.Neutralise(s.NewScratch(), Body{statusOf(r), kindOf(r, text), []byte(text)})
		if err != nil {
			return err
		}
		out = res.Text
		if res.Whole {
			out = nil
		}
	}
	kept := 0
	for _, span := range spans {
		if gone := bytes.TrimSpace([]byte(text[span.Start:span.End])); bytes.Contains(out, gone) {
			return fmt.Errorf("%q stays", gone)
		}
		if before := text[kept:span.Start]; len(out) > 0 && r.Part != disclosure.Member && !bytes.Contains(out, []byte(strings.TrimSpace(before))) {
			return fmt.Errorf("%q goes", before)
		}
		kept = span.End
	}
	if len(out) > 0 && !bytes.Contains(out, []byte(strings.TrimSpace(text[kept:]))) && r.Part != disclosure.Member {
		return fmt.Errorf("%q goes: %q is left", text[kept:], out)
	}
	if kindOf(r, text) == JSON && len(out) > 0 && !json.Valid(out) {
		return fmt.Errorf("leaves %q, which is no JSON", out)
	}
	return nil
}
