package corpus_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

const size = 256 << 10

func defaultSet(t *testing.T) *redact.Set {
	t.Helper()
	set, err := redact.Compile(patterns.Rules(patterns.Default()), redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestSameSeedSameLog(t *testing.T) {
	dirty := func(seed uint64) []byte { return corpus.Dirty(seed, size, .01, corpus.Kinds()...).Text }
	if !bytes.Equal(dirty(1), dirty(1)) {
		t.Error("one seed gave two logs")
	}
	if bytes.Equal(dirty(1), dirty(2)) {
		t.Error("two seeds gave one log")
	}
}

func TestLinesAreTheText(t *testing.T) {
	for _, k := range corpus.Kinds() {
		l := corpus.Clean(3, size, k)
		if joined := append(bytes.Join(l.Lines, []byte("\n")), '\n'); !bytes.Equal(joined, l.Text) {
			t.Errorf("%s: lines joined are not the text", k.Name)
		}
		if len(l.Text) < size || len(l.Lines) < 100 {
			t.Errorf("%s: %d bytes in %d lines", k.Name, len(l.Text), len(l.Lines))
		}
	}
}

func TestJSONIsJSON(t *testing.T) {
	l := corpus.Dirty(4, size, .5, corpus.JSON()...)
	for _, line := range l.Lines {
		if !json.Valid(line) {
			t.Fatalf("not JSON: %s", line)
		}
	}
	if !json.Valid(corpus.JSONArray(l.Lines)) {
		t.Error("the array is not JSON")
	}
	for line := range bytes.Lines(corpus.Bulk(l.Lines)) {
		if !json.Valid(line) {
			t.Fatalf("not JSON: %s", line)
		}
	}
}

// What is measured as clean must be clean, or its figures are those of rewriting.
func TestCleanHasNoFindings(t *testing.T) {
	set := defaultSet(t)
	for _, k := range corpus.Kinds() {
		sc := set.NewScratch()
		for _, line := range corpus.Clean(5, 1<<20, k).Lines {
			found, err := set.Find(sc, nil, redact.Field{Value: line})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				t.Errorf("%s: rule %s finds something in %s", k.Name, f.Rule.ID, line)
			}
		}
	}
}

func TestPlantedIsFound(t *testing.T) {
	set := defaultSet(t)
	for _, k := range corpus.Kinds() {
		l := corpus.Dirty(6, size, .1, k)
		if lines := float64(len(l.Lines)); float64(len(l.Planted)) < .05*lines || float64(len(l.Planted)) > .15*lines {
			t.Errorf("%s: %d planted in %d lines, want about a tenth", k.Name, len(l.Planted), len(l.Lines))
		}
		out, found, _, err := set.Append(set.NewScratch(), nil, nil, redact.Field{Value: l.Text})
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != len(l.Planted) {
			t.Errorf("%s: %d findings of %d planted", k.Name, len(found), len(l.Planted))
		}
		for _, secret := range l.Planted {
			if bytes.Contains(out, secret) {
				t.Errorf("%s: %s comes through", k.Name, secret)
			}
		}
	}
}
