package audit

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

func finding(rule string, i int) Event {
	return Event{
		Time: time.Date(2026, 3, 1, 12, 0, i, 0, time.UTC), Route: "logs", Direction: "request", Rule: rule,
		Severity: "high", Tags: []string{"cloud", "token"}, Action: "mask", Path: "a.b", Length: 20,
		Fingerprint: "e1-abc", RequestID: "r1", ConfigDigest: "d",
	}
}

// TestSinks holds every registered sink to what Sink promises.
func TestSinks(t *testing.T) {
	for _, name := range SinkNames() {
		for _, required := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				open := func(t *testing.T) Sink {
					s, err := OpenSink(name, Options{Dir: t.TempDir(), Required: required})
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _ = s.Close() })
					return s
				}
				t.Run("lifecycle", func(t *testing.T) { testSinkLifecycle(t, open(t)) })
				t.Run("concurrent", func(t *testing.T) { testSinkConcurrent(t, open(t)) })
				t.Run("context", func(t *testing.T) { testSinkContext(t, open(t)) })
				t.Run("keeps nothing", func(t *testing.T) { testSinkKeepsNothing(t, open(t)) })
			})
		}
	}
}

func testSinkLifecycle(t *testing.T, s Sink) {
	if err := s.Start(); err != nil {
		t.Fatalf("second start: %v", err)
	}
	if err := s.Record(t.Context(), nil); err != nil {
		t.Fatalf("no events: %v", err)
	}
	if err := s.Record(t.Context(), []Event{finding("a", 1), finding("b", 2)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); !errors.Is(err, ErrStopped) {
		t.Fatalf("start after stop: %v", err)
	}
	if err := s.Record(t.Context(), []Event{finding("a", 1)}); !errors.Is(err, ErrStopped) {
		t.Fatalf("record after stop: %v", err)
	}
	if st := s.Stats(); st.Events != 2 || st.Seq != 2 || st.Refused != 1 || st.Queued != 0 || st.Lost != 0 {
		t.Fatalf("stats %+v", st)
	}
}

func testSinkConcurrent(t *testing.T, s Sink) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 25 {
				if err := s.Record(t.Context(), []Event{finding("a", i), finding("b", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := s.Stats(); st.Events != 400 || st.Seq != 400 {
		t.Fatalf("stats %+v", st)
	}
}

func testSinkContext(t *testing.T, s Sink) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Record(ctx, []Event{finding("a", 1)}); !errors.Is(err, context.Canceled) {
		t.Fatalf("record with a dead context: %v", err)
	}
	if st := s.Stats(); st.Refused != 1 || st.Events != 0 {
		t.Fatalf("stats %+v", st)
	}
}

// testSinkKeepsNothing changes events after Record; the race detector sees a
// sink that reads them then.
func testSinkKeepsNothing(t *testing.T, s Sink) {
	events := []Event{finding("a", 1)}
	for range 50 {
		if err := s.Record(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		events[0].Rule = "changed"
		events[0].Tags[0] = "changed"
	}
}

func TestSinkRegistry(t *testing.T) {
	if got := strings.Join(SinkNames(), " "); got != "discard file memory" {
		t.Fatalf("sinks %s", got)
	}
	if _, err := OpenSink("none", Options{}); err == nil {
		t.Fatal("an unknown sink was opened")
	}
	defer func() {
		if recover() == nil {
			t.Fatal("a second registration was taken")
		}
	}()
	RegisterSink("file", nil)
}

func TestMemoryEvents(t *testing.T) {
	m := &Memory{}
	if err := m.Record(t.Context(), []Event{finding("a", 1)}); !errors.Is(err, ErrStopped) {
		t.Fatalf("record before start: %v", err)
	}
	_ = m.Start()
	in := []Event{finding("a", 1), finding("b", 2)}
	if err := m.Record(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	in[0].Tags[0] = "x"
	if got := m.Events(); len(got) != 2 || got[1].Seq != 2 || got[1].Rule != "b" || got[0].Tags[0] != "cloud" {
		t.Fatalf("events %+v", got)
	}
}
