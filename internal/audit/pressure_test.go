package audit

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// pressed opens a trail whose disk is stalled, with a short queue that is full.
func pressed(t *testing.T, max int) (*Trail, string, *disk) {
	t.Helper()
	dir, d := t.TempDir(), &disk{gate: make(chan struct{})}
	tr := openTrail(t, Options{Dir: dir, Queue: 4, hooks: hooks{openFile: d.open}})
	tr.over.max = max
	recordN(t, tr, 2)
	for !d.stalled.Load() {
		time.Sleep(time.Millisecond)
	}
	if !tr.pressed() {
		t.Fatal("half a queue is no pressure")
	}
	return tr, dir, d
}

func count(t *testing.T, dir, table, name string) uint64 {
	t.Helper()
	s, err := Summarise(dir, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tab := range s.Tables {
		for _, g := range tab.Groups {
			if tab.Name == table && g.Name == name {
				return g.Findings
			}
		}
	}
	return 0
}

func TestPressureMerges(t *testing.T) {
	tr, dir, d := pressed(t, 100)
	wants := map[string]uint64{}
	for i := range 1000 {
		e := finding(fmt.Sprint("r", i%3), i)
		e.RequestID, e.Count = fmt.Sprint("q", i), uint64(i%2)*4
		wants[e.Rule] += e.N()
		wants["other"]++
		if err := tr.Record(t.Context(), []Event{e, finding("other", i)}); err != nil {
			t.Fatal(err)
		}
	}
	close(d.gate)
	closeTrail(t, tr)
	if r := mustVerify(t, dir); r.Last != 2+4 {
		t.Fatalf("%d records", r.Last)
	}
	for rule, want := range wants {
		if got := count(t, dir, "rule", rule); got != want {
			t.Errorf("%s: %d findings, want %d", rule, got, want)
		}
	}
	s, _ := Summarise(dir, Filter{Rule: "other"})
	if want := finding("", 999).Time; !s.Last.Equal(want) || !s.First.Equal(finding("", 0).Time) {
		t.Errorf("from %v to %v, want to %v", s.First, s.Last, want)
	}
	if st := tr.Stats(); st.Events != st.Merged+2 || st.Merged != 500*5+1000 || st.Crude != 0 || st.Dropped != 0 || st.Queued != 0 {
		t.Errorf("stats %+v", st)
	}
}

// TestPressureCountsExactly has more different values than are kept apart: they
// are counted by rule, and not one is lost.
func TestPressureCountsExactly(t *testing.T) {
	tr, dir, d := pressed(t, 10)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	tr.queue = 2 // full from the beginning, so that there is nothing to wait for
	for i := range 30 {
		e := finding("a", 0)
		e.Fingerprint = fmt.Sprint("e1-", i)
		if err := tr.Record(ctx, []Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	close(d.gate)
	closeTrail(t, tr)
	if st := tr.Stats(); st.Events != 32 || st.Merged != 30 || st.Crude != 20 || st.Dropped != 0 {
		t.Errorf("stats %+v", st)
	}
	if got := count(t, dir, "rule", "a"); got != 30 {
		t.Errorf("%d findings", got)
	}
	if r := mustVerify(t, dir); r.Last != 2+10+1 {
		t.Errorf("%d records", r.Last)
	}
}

// TestPressureTellsWhatItDrops has more rules than are counted.
func TestPressureTellsWhatItDrops(t *testing.T) {
	tr, dir, d := pressed(t, 2)
	tr.queue = 2
	for i := range 6 {
		e := finding(fmt.Sprint("rule-of-test-", i), 0)
		if err := tr.Record(t.Context(), []Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	close(d.gate)
	closeTrail(t, tr)
	if st := tr.Stats(); st.Events != 6 || st.Dropped != 2 {
		t.Errorf("stats %+v", st)
	}
	r := mustVerify(t, dir)
	if len(r.Markers) != 1 || r.Markers[0].Note != noteDropped || r.Markers[0].Count != 2 {
		t.Errorf("markers %+v", r.Markers)
	}
	s, err := Summarise(dir, Filter{})
	if err != nil || s.Dropped != 2 || s.Findings != 6 {
		t.Errorf("summary %+v, %v", s, err)
	}
}

func TestPressureAfterStop(t *testing.T) {
	tr, _, d := pressed(t, 10)
	close(d.gate)
	closeTrail(t, tr)
	tr.queue = 0 // as if pressed
	if err := tr.Record(t.Context(), []Event{finding("a", 0)}); !errors.Is(err, ErrStopped) {
		t.Fatalf("record after stop: %v", err)
	}
}

// TestPressureSurvivesFullDisk has a commit fail that holds merged events.
func TestPressureSurvivesFullDisk(t *testing.T) {
	tr, dir, d := pressed(t, 10)
	for range 5 {
		if err := tr.Record(t.Context(), []Event{finding("a", 0)}); err != nil {
			t.Fatal(err)
		}
	}
	d.setFull(true)
	close(d.gate)
	for tr.com.Stats().Failures == 0 {
		time.Sleep(time.Millisecond)
	}
	d.setFull(false)
	closeTrail(t, tr)
	if got := count(t, dir, "rule", "a"); got != 5 {
		t.Errorf("%d findings", got)
	}
	mustVerify(t, dir)
}
