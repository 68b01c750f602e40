package redact

import (
	"sync"
	"testing"
)

// What was made since Remember is let go of, what was there before stays, and nothing is
// found otherwise.
func TestRemember(t *testing.T) {
	set, err := Compile([]Rule{
		{ID: "before", Pattern: `before-([a-z]{8})`}, {ID: "since", Pattern: `(?:x|yy){1,9}since-([a-z]{8})`},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc := set.NewScratch()
	find := func(text string) {
		t.Helper()
		found, err := set.Find(sc, nil, Field{Value: []byte(text)})
		if err != nil || len(found) != 1 || !set.Suspect(sc, []byte(text)) {
			t.Fatalf("%s: %v, %v", text, found, err)
		}
	}
	made := func() (n int) {
		set.eachAutomaton(func(a *automaton) {
			if a.n.Load() != nil {
				n++
			}
		})
		return n
	}
	find("before-abcdefgh")
	before := made()
	forget := set.Remember()
	find("xyysince-abcdefgh")
	if made() <= before {
		t.Fatal("nothing was made")
	}
	var wg sync.WaitGroup
	for range 4 { // whoever is at it goes on
		wg.Go(func() {
			sc := set.NewScratch()
			for range 200 {
				if found, _ := set.Find(sc, nil, Field{Value: []byte("xyysince-abcdefgh")}); len(found) != 1 {
					t.Error("not found")
				}
			}
		})
	}
	for range 100 {
		forget()
	}
	wg.Wait()
	forget()
	if n := made(); n != before {
		t.Errorf("%d automata, want %d", n, before)
	}
	find("xyysince-abcdefgh")
	find("before-abcdefgh")
}
