package errlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/records"
)

// fakeSink takes what it is given, once fail returns nil.
type fakeSink struct {
	mu      sync.Mutex
	fail    func(try int) error
	tries   int
	batches []*batch
}

func (s *fakeSink) write(ctx context.Context, b *batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(s.tries); err != nil {
			s.tries++
			return err
		}
	}
	s.batches = append(s.batches, b)
	return nil
}

func (s *fakeSink) close(context.Context) error { return nil }

// got returns the entries and the counts by group that the sink has taken.
func (s *fakeSink) got() (entries []*entry, counts map[string]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts = map[string]int64{}
	for _, b := range s.batches {
		entries = append(entries, b.entries...)
		for _, g := range b.groups {
			counts[g.ID] += g.Count
		}
	}
	return entries, counts
}

// tally is an Observer that keeps what it is told.
type tally struct {
	mu sync.Mutex
	n  map[string]int64
}

func newTally() *tally { return &tally{n: map[string]int64{}} }

func (t *tally) add(key string, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n[key] += n
}

func (t *tally) get(key string) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n[key]
}

func (t *tally) Dropped(sink, what string, n int64) { t.add("dropped "+sink+" "+what, n) }
func (t *tally) Written(sink string, n int64)       { t.add("written "+sink, n) }
func (t *tally) Failed(sink, kind string)           { t.add("failed "+sink+" "+kind, 1) }
func (t *tally) Group(g *records.ErrorGroup, reopened bool) {
	t.add(fmt.Sprintf("group %v", reopened), 1)
}

// newLog returns a Log whose only sink is s, called "fake".
func newLog(t *testing.T, s sink, l limits) (*Log, *tally) {
	t.Helper()
	log, seen := unstarted(t, s, l)
	log.start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		_ = log.Close(ctx)
	})
	return log, seen
}

func unstarted(t *testing.T, s sink, l limits) (*Log, *tally) {
	t.Helper()
	seen := newTally()
	log, err := New(Options{Observer: seen, Errors: config.ErrorLog{MaxOriginal: 1 << 20}})
	if err != nil || log.Active() {
		t.Fatal(err)
	}
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	log = &Log{o: log.o, observer: seen, logger: log.logger, texts: true, intake: newQueue(l), done: make(chan struct{}), firstPause: time.Millisecond}
	log.lanes = []*lane{{name: "fake", q: newQueue(l), sink: s, log: log}}
	return log, seen
}

var roomy = limits{entries: 1000, bytes: 1 << 20, groups: 100}

func report(n int) Report {
	return Report{
		Reference: fmt.Sprint("ref-", n), Time: time.Unix(int64(n), 0), Route: "api", Status: 500, Framework: "f",
		Exception: fmt.Sprint("E", n%3), Path: "/orders/17?x=y", ContentType: "text/html", Original: []byte(strings.Repeat("body ", 100)),
	}
}

func TestReportsArrive(t *testing.T) {
	s := &fakeSink{}
	log, seen := newLog(t, s, roomy)
	const reporters, each = 4, 60
	var wg sync.WaitGroup
	for i := range reporters {
		wg.Go(func() {
			for j := range each {
				log.Report(report(i*each + j))
			}
		})
	}
	wg.Wait()
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, counts := s.got()
	if len(entries) != reporters*each || len(counts) != 3 || seen.get("written fake") != reporters*each {
		t.Fatalf("%d entries, counts %v", len(entries), counts)
	}
	e := entries[0]
	if text, err := e.original.Unpack(); err != nil || string(text) != string(report(0).Original) || string(e.text) != string(text) {
		t.Errorf("the original is %q", text)
	}
	if e.Path != "/orders/{id}" || e.Original != nil {
		t.Errorf("%+v", e.Report)
	}
	log.Report(report(1)) // after Close: is counted as lost, and does no harm
	if seen.get("dropped  count") != 1 {
		t.Error("a report after Close is not counted")
	}
}

// A sink that is away: what waits is bounded, and counts are exact when it is back.
func TestStalledSink(t *testing.T) {
	var away sync.Mutex
	away.Lock()
	gone := true
	s := &fakeSink{fail: func(int) error {
		if away.TryLock() {
			defer away.Unlock()
			gone = false
		}
		if gone {
			return &records.Error{Op: "x", Kind: records.Busy, Err: errors.New("locked")}
		}
		return nil
	}}
	l := limits{entries: 20, bytes: 10 * entrySize, groups: 2}
	log, seen := newLog(t, s, l)
	const n = 500
	for i := range n {
		log.Report(report(i))
		if i == 0 {
			wait(t, func() bool { return seen.get("failed fake busy") > 0 })
		}
		for name, b := range log.Waiting() {
			if b.Reports > l.entries || b.Bytes > l.bytes+int64(l.entries)*(entrySize+100) {
				t.Fatalf("%s holds %+v", name, b)
			}
		}
	}
	away.Unlock()
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, counts := s.got()
	total := int64(0)
	for _, c := range counts {
		total += c
	}
	if total != n || seen.get("written fake") != n {
		t.Errorf("%d reports are counted as %d", n, total)
	}
	without := int64(0)
	for _, e := range entries {
		if e.text == nil {
			without++
		}
	}
	reports := seen.get("dropped fake report") + seen.get("dropped  report")
	originals := seen.get("dropped fake original") + seen.get("dropped  original")
	// One that was stripped may have been counted later.
	if without == 0 || without > originals || int64(len(entries))+reports != n {
		t.Errorf("%d entries, %d of them stripped; told: %d counted, %d stripped", len(entries), without, reports, originals)
	}
}

func wait(t *testing.T, until func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !until(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

func TestPermanentErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		tries int
	}{
		"permanent": {permanentError{errors.New("no")}, 1},
		"unknown":   {errors.New("what"), maxTries},
	} {
		s := &fakeSink{}
		s.fail = func(try int) error {
			if try < c.tries {
				return c.err
			}
			return nil
		}
		log, seen := newLog(t, s, roomy)
		log.Report(report(1))
		wait(t, func() bool { return seen.get("dropped fake count") == 1 })
		log.Report(report(2))
		if err := log.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if entries, _ := s.got(); len(entries) != 1 || entries[0].Reference != "ref-2" || s.tries != c.tries {
			t.Errorf("%s: %d entries after %d tries", name, len(entries), s.tries)
		}
	}
}

func TestCloseGivesUp(t *testing.T) {
	s := &fakeSink{fail: func(int) error { return &records.Error{Kind: records.Unreachable, Err: errors.New("away")} }}
	log, seen := newLog(t, s, roomy)
	for i := range 300 {
		log.Report(report(i))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := log.Close(ctx)
	if err == nil || !strings.Contains(err.Error(), "300 reports are lost") || seen.get("dropped fake count") != 300 {
		t.Errorf("%v, %v", err, seen.n)
	}
	if again := log.Close(t.Context()); again == nil || again.Error() != err.Error() {
		t.Errorf("the second time: %v", again)
	}
}

// More groups than are counted one by one are counted together, by what is bounded.
func TestManyGroups(t *testing.T) {
	q := newQueue(limits{entries: 0, bytes: 1, groups: 2})
	for i := range 10 {
		r := Report{Route: "api", Status: 500, Exception: fmt.Sprint("E", i), Time: time.Unix(int64(i), 0)}
		if became, ok := q.put(&entry{Report: r, id: Fingerprint(&r)}); became != counted || !ok {
			t.Fatal(became, ok)
		}
	}
	_, groups, _ := q.take(1)
	total, others := int64(0), int64(0)
	for _, g := range groups {
		total += g.Count
		if g.Exception == "(others)" {
			others = g.Count
			if g.FirstSeen.Unix() != 2 || g.LastSeen.Unix() != 9 {
				t.Errorf("%+v", g)
			}
		}
	}
	if len(groups) != 3 || total != 10 || others != 8 {
		t.Errorf("%d groups, %d in all, %d of others", len(groups), total, others)
	}
}

func TestBound(t *testing.T) {
	long := strings.Repeat("é", 3000)
	r := Report{Reference: long, Path: "/" + long, Exception: long, Frames: make([]Frame, 100)}
	r.bound()
	if len(r.Reference) > maxName || len(r.Path) > maxPath || len(r.Exception) > maxName || len(r.Frames) != maxFrames {
		t.Errorf("%d %d %d %d", len(r.Reference), len(r.Path), len(r.Exception), len(r.Frames))
	}
}
