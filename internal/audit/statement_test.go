package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// said is what statements of these tests say.
type said struct {
	What string `json:"what"`
	Rows []int  `json:"rows,omitempty"`
}

// statementsOf reads the trail and returns its statements of a kind.
func statementsOf(t *testing.T, dir, kind string) (list []said, events []Event) {
	t.Helper()
	c, err := NewReader(dir, 0).Read(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Events {
		if e.Statement() != kind {
			continue
		}
		var s said
		if err := json.Unmarshal(e.Facts, &s); err != nil {
			t.Fatal(err)
		}
		list, events = append(list, s), append(events, e)
	}
	return list, events
}

func TestStatements(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, Required: true})
	state := func(kind string, facts ...any) error { return tr.State(t.Context(), kind, facts...) }
	if err := state("early", said{What: "nothing in force"}); err != nil {
		t.Fatal(err)
	}
	if err := tr.InForce("digest-1", []byte("x = 1\n")); err != nil {
		t.Fatal(err)
	}
	recordN(t, tr, 2)
	want := []said{{What: "<one> \u2028\n", Rows: []int{1, 2}}, {What: `","note":"policy in force`}}
	if err := state(StatementCoverage, want[0], want[1]); err != nil {
		t.Fatal(err)
	}
	if err := state(StatementCanaries); err != nil {
		t.Errorf("no facts: %v", err)
	}
	for name, facts := range map[string]any{"too large": strings.Repeat("x", MaxFacts), "no JSON": func() {}} {
		if err := state(StatementCoverage, said{What: "first"}, facts); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := state("", said{}); err == nil {
		t.Error("accepted without a kind")
	}
	closeTrail(t, tr)
	if st := tr.Stats(); st.Events != 2 || st.Seq != 6 {
		t.Errorf("stats %+v", st)
	}

	list, events := statementsOf(t, dir, StatementCoverage)
	if !reflect.DeepEqual(list, want) || events[0].ConfigDigest != "digest-1" || events[0].Time.IsZero() {
		t.Errorf("read %+v, %+v", list, events)
	}
	if _, events := statementsOf(t, dir, "early"); len(events) != 1 || events[0].ConfigDigest != "" {
		t.Errorf("read %+v", events)
	}
	sum, err := Summarise(dir, Filter{})
	if err != nil || sum.Findings != 2 || sum.Markers != nil || sum.Unreadable != 0 {
		t.Errorf("summary %+v: %v", sum, err)
	}
	if rep, err := Verify(dir); err != nil || !rep.OK || rep.Statements != 3 || rep.Policies != 1 || rep.Markers != nil {
		t.Errorf("verified %+v: %v", rep, err)
	}
}

// TestStatementsAreProved changes what a statement says.
func TestStatementsAreProved(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, Required: true})
	recordN(t, tr, 1)
	if err := tr.State(t.Context(), StatementCoverage, said{What: "uninspected", Rows: []int{7000}}); err != nil {
		t.Fatal(err)
	}
	recordN(t, tr, 1)
	closeTrail(t, tr)
	img := readImage(t, dir)
	name := img.names()[0]
	for change, to := range map[string]string{"[7000]": "[0]", StatementCoverage: "canaries"} {
		edited := img.clone()
		if edited[name] = bytes.Replace(img[name], []byte(change), []byte(to), 1); edited.equal(img) {
			t.Fatalf("%q is not there", change)
		}
		again := t.TempDir()
		edited.write(t, again)
		rep, err := Verify(again)
		if err != nil || rep.Break == nil || rep.Break.Seq != 2 || rep.Break.Fault != Edited {
			t.Errorf("%s: %+v, %v", change, rep.Break, err)
		}
	}
}

// A disk that does not answer, or is full, has no statement written twice or lost: whoever
// was told that it was not taken says the same again.
func TestStatementsOfASlowDisk(t *testing.T) {
	for name, d := range map[string]*disk{"stalled": {gate: make(chan struct{})}, "full": {full: true}} {
		dir := t.TempDir()
		tr := openTrail(t, Options{Dir: dir, Queue: 2, Required: true, hooks: hooks{openFile: d.open}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		taken := 0
		for range 5 {
			if err := tr.State(ctx, StatementCoverage, said{What: "x"}); err == nil {
				taken++
			}
		}
		d.setFull(false)
		if d.gate != nil {
			close(d.gate)
		}
		closeTrail(t, tr)
		if list, _ := statementsOf(t, dir, StatementCoverage); taken != 2 || len(list) != taken {
			t.Errorf("%s: %d were taken, %d are written", name, taken, len(list))
		}
	}
}

func TestSplit(t *testing.T) {
	with := func(rows []int) any { return said{What: "all", Rows: rows} }
	rows := make([]int, 20_000)
	for i := range rows {
		rows[i] = 1_000_000 + i
	}
	facts, err := Split(rows, with)
	if err != nil || len(facts) != 16 {
		t.Fatalf("%d records, %v", len(facts), err)
	}
	var all []int
	for _, f := range facts {
		all = append(all, f.(said).Rows...)
	}
	if !reflect.DeepEqual(all, rows) {
		t.Error("rows are missing, or in another order")
	}
	if _, err := statements(Event{Note: "x"}, facts); err != nil {
		t.Error(err)
	}
	if facts, err := Split(nil, with); err != nil || len(facts) != 1 {
		t.Errorf("of none: %v, %v", facts, err)
	}
	if _, err := Split([]string{strings.Repeat("x", MaxFacts)}, func(s []string) any { return s }); err == nil {
		t.Error("a row too large was accepted")
	}
}

// TestMemoryStates is for tests of those who state.
func TestMemoryStates(t *testing.T) {
	m := &Memory{}
	_ = m.Start()
	var s Stater = m
	if err := s.State(t.Context(), StatementCanaries, said{What: "x"}); err != nil {
		t.Fatal(err)
	}
	if e := m.Events(); len(e) != 1 || e[0].Statement() != StatementCanaries || string(e[0].Facts) != `{"what":"x"}` {
		t.Errorf("%+v", e)
	}
}
