package peer_test

import (
	"testing"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/peer"
	"github.com/redactd/redactd/patterns"
)

func TestDFA(t *testing.T) {
	for text, want := range map[string]int{"": 0, "x": 0, "xpass": 4, "PASSWOR": 7, "password": 0, "papas": 3} {
		if got := peer.NewDFA().Walk([]byte(text)); got != want {
			t.Errorf("%q ends in state %d, want %d", text, got, want)
		}
	}
}

// A peer that finds nothing would be compared for doing nothing.
func TestPeersFind(t *testing.T) {
	gitleaks, err := peer.NewGitleaks()
	if err != nil {
		t.Fatal(err)
	}
	regexps := peer.NewRegexps(patterns.Rules(patterns.Default()))
	if regexps.Len() < 100 || gitleaks.Rules() < 100 {
		t.Errorf("%d patterns, %d rules of gitleaks", regexps.Len(), gitleaks.Rules())
	}
	l := corpus.Dirty(1, 16<<10, .2, corpus.Kinds()...)
	if n := regexps.Find(l.Text); n < len(l.Planted) {
		t.Errorf("the rules one by one match %d times, %d planted", n, len(l.Planted))
	}
	n := 0
	for _, line := range l.Lines {
		n += gitleaks.Find(line)
	}
	if n < len(l.Planted)/4 {
		t.Errorf("gitleaks finds %d of %d planted", n, len(l.Planted))
	}
}
