package redact

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// On a busy machine time passes while nothing is done: an attempt that ends for that is
// made again.
func TestRegexp2WaitsForTheProcessor(t *testing.T) {
	const pattern = `(?=a)(?:a+)+b`
	text := []byte(strings.Repeat("a", 14) + "c" + strings.Repeat("a", 14) + "b")
	e, err := newRegexp2Engine(pattern)
	if err != nil {
		t.Fatal(err)
	}
	e.re.MatchTimeout = -time.Hour // is over before it begins
	sc := newScratchOf(t)
	if _, err := e.re.FindRunesMatch([]rune(string(text))); err == nil {
		t.Fatal("the first attempt does not end too early")
	}
	sc.begin()
	if loc, err := e.match(sc, text, 15, len(text)); err != nil || len(loc) < 2 || loc[0] != 15 || loc[1] != len(text) {
		t.Errorf("%v, %v", loc, err)
	}
	e.patient.MatchTimeout = -time.Hour
	if _, err := e.match(sc, text, 15, len(text)); !errors.Is(err, ErrGaveUp) {
		t.Errorf("out of time twice: %v", err)
	}
}

// What takes too long by itself is given up all the same.
func TestRegexp2IsBounded(t *testing.T) {
	e, err := newRegexp2Engine(`(?=a)(?:a|aa)+[bcd]`)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(strings.Repeat("a", 64) + "x")
	sc := newScratchOf(t)
	sc.begin()
	if _, err := e.match(sc, text, 0, len(text)); !errors.Is(err, ErrGaveUp) {
		t.Errorf("%v", err)
	}
}

func newScratchOf(t *testing.T) *Scratch {
	t.Helper()
	set, err := Compile([]Rule{{ID: "any", Pattern: "acme_[a-z]{8}"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set.NewScratch()
}
