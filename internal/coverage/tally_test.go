package coverage

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/audit"
)

// clock is one that tests set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTake(t *testing.T) {
	c := &clock{noon}
	tally := New(c.now)
	if _, ok := tally.Take(); ok {
		t.Error("something was taken of nothing")
	}
	tally.Add("b", "request", "", 1, 10)
	tally.Add("b", "request", "", 1, 5)
	tally.Add("a", "response", OutOfScope, 1, 7)
	tally.Add("a", "request", "of nobody's list", 1, 3)
	tally.Add("a", "request", Binary, 0, -4)
	c.at = noon.Add(time.Minute)
	first, ok := tally.Take()
	want := []audit.CoverageRow{
		{Route: "a", Direction: "request", Reason: Binary},
		{Route: "a", Direction: "request", Reason: Other, Payloads: 1, Bytes: 3},
		{Route: "a", Direction: "response", Reason: OutOfScope, Payloads: 1, Bytes: 7},
		{Route: "b", Direction: "request", Payloads: 2, Bytes: 15},
	}
	if !ok || !reflect.DeepEqual(first.Rows, want) || !first.From.Equal(noon) || !first.To.Equal(c.at) {
		t.Errorf("took %+v", first)
	}
	// What nobody took comes again, with what is new.
	tally.Owe(first)
	c.at = c.at.Add(time.Minute)
	tally.Add("b", "request", "", 1, 1)
	second, ok := tally.Take()
	want[3] = audit.CoverageRow{Route: "b", Direction: "request", Payloads: 3, Bytes: 16}
	if !ok || !reflect.DeepEqual(second.Rows, want) || !second.From.Equal(noon) || !second.To.Equal(c.at) {
		t.Errorf("took %+v", second)
	}
	if rest, ok := tally.Take(); ok {
		t.Errorf("took %+v again", rest)
	}
}

func TestRecent(t *testing.T) {
	c := &clock{noon}
	tally := New(c.now)
	tally.Keep([]string{"r", "idle"})
	ratio := func() float64 {
		sum := tally.Recent()["r"]
		return sum.Ratio()
	}
	expect := func(want float64) {
		t.Helper()
		if got := ratio(); got != want {
			t.Errorf("%s: ratio %v, want %v", c.at.Sub(noon), got, want)
		}
	}
	expect(1)
	tally.Add("r", "request", "", 1, 75)
	tally.Add("r", "request", Signed, 1, 25)
	tally.Add("r", "response", OutOfScope, 1, 1000)
	tally.Add("gone", "request", Binary, 1, 1)
	expect(0.75)
	taken, _ := tally.Take()
	tally.Owe(taken) // what nobody takes has flowed all the same, once
	expect(0.75)
	c.at = noon.Add(30 * time.Minute)
	tally.Add("r", "request", "", 1, 100)
	_, _ = tally.Take()
	expect(175.0 / 200)
	c.at = noon.Add(60 * time.Minute)
	expect(1)
	tally.Add("r", "request", Binary, 1, 100)
	expect(0.5)
	c.at = noon.Add(200 * time.Minute)
	_, _ = tally.Take()
	expect(0)
	c.at = noon.Add(260 * time.Minute)
	expect(1)
	all := tally.Recent()
	if _, ok := all["idle"]; !ok || len(all) != 2 {
		t.Errorf("told of %v", all)
	}
	tally.Keep([]string{"idle"})
	tally.Add("r", "request", "", 1, 1) // what was under way when its route went
	_, _ = tally.Take()
	if all := tally.Recent(); len(all) != 1 {
		t.Errorf("told of %v", all)
	}
}

// TestCountsAreExact counts from many sides while it is taken.
func TestCountsAreExact(t *testing.T) {
	tally := New(nil)
	const workers, each = 8, 2000
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				tally.Add([]string{"a", "b"}[(w+i)%2], "request", "", 1, 2)
			}
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); wg.Wait() }()
	var sum audit.CoverageSum
	for more := true; more; {
		select {
		case <-done:
			more = false
		default:
		}
		taken, _ := tally.Take()
		_ = tally.Recent()
		for _, r := range taken.Rows {
			sum.Add(r)
		}
	}
	if sum.Inspected != (audit.Passed{Payloads: workers * each, Bytes: 2 * workers * each}) || sum.Ratio() != 1 {
		t.Errorf("counted %+v", sum)
	}
}

func BenchmarkAdd(b *testing.B) {
	tally := New(nil)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			tally.Add("logs", "request", "", 1, 400)
		}
	})
}
