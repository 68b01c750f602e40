package recordstest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

const trail = "trail/x"

// leak is what a batch adds of one leak, in one place.
func leak(n int, count int64, last time.Duration) records.Leak {
	p := place(n, count, last)
	return records.Leak{
		Fingerprint: fmt.Sprintf("e1-%026d", n), Rule: fmt.Sprintf("rule-%d", n%2), Severity: "high",
		FirstSeen: p.FirstSeen, LastSeen: p.LastSeen, Count: count, Places: []records.LeakPlace{p},
	}
}

func place(n int, count int64, last time.Duration) records.LeakPlace {
	return records.LeakPlace{
		Route: fmt.Sprintf("route-%d", n%2), Direction: "request", Path: "msg", Service: fmt.Sprintf("svc-%d", n%3), Version: "1.8.2",
		Logger: "app.auth", Environment: "prod", Destination: "loki",
		FirstSeen: noon.Add(last - time.Minute), LastSeen: noon.Add(last), Count: count,
	}
}

// addLeaks takes a batch in that follows what was read before.
func addLeaks(t *testing.T, db *records.DB, leaks ...records.Leak) []records.LeakEvent {
	t.Helper()
	var after uint64
	err := db.View(t.Context(), "position", func(tx *records.Tx) (err error) { after, err = tx.Position(trail); return err })
	if err != nil {
		t.Fatal(err)
	}
	events, err := db.AddTrail(t.Context(), &records.TrailBatch{Source: trail, After: after, Seq: after + 1, Leaks: leaks})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func getLeak(t *testing.T, db *records.DB, n int) records.Leak {
	t.Helper()
	l, err := db.Leak(t.Context(), leak(n, 1, 0).Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func testLeakCounts(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	events := addLeaks(t, db, leak(2, 3, 0), leak(1, 1, 0))
	if len(events) != 2 || events[0].Leak.Fingerprint != leak(1, 0, 0).Fingerprint || events[0].Reopened || events[0].Leak.Number == 0 {
		t.Errorf("%+v", events)
	}
	later := leak(2, 4, time.Hour)
	later.Rule, later.Severity, later.Secret, later.Shadow = "other", "critical", "env/KEY", 4
	earlier := leak(2, 5, -time.Hour)
	earlier.Rule = "former"
	elsewhere := leak(2, 2, 2*time.Minute)
	elsewhere.Places[0].Version = "1.9.0"
	for _, l := range []records.Leak{later, earlier, elsewhere} {
		if events := addLeaks(t, db, l); events != nil {
			t.Errorf("told again: %+v", events)
		}
	}
	want := leak(2, 14, time.Hour)
	want.Rule, want.Severity, want.Secret, want.Shadow, want.State = "other", "critical", "env/KEY", 4, records.LeakOpen
	want.FirstSeen = earlier.FirstSeen
	want.Places[0].Count, want.Places[0].FirstSeen = 12, earlier.FirstSeen
	want.Places = append(want.Places, elsewhere.Places[0])
	want.Number = events[1].Leak.Number
	if got := getLeak(t, db, 2); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Numbers are for people: repeated findings do not use them up.
func testLeakNumbers(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	for n := range 4 {
		for range 5 {
			addLeaks(t, db, leak(n, 1, 0))
		}
		if got := getLeak(t, db, n).Number; got != int64(n+1) {
			t.Errorf("leak %d has number %d", n+1, got)
		}
	}
}

func testLeaksOnce(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	batch := func(after, seq uint64) error {
		_, err := db.AddTrail(t.Context(), &records.TrailBatch{
			Source: trail, After: after, Seq: seq, Leaks: []records.Leak{leak(1, 10, 0)},
			Counts: []records.FindingCount{{Hour: noon.Truncate(time.Hour), Route: "r", Direction: "request", Rule: "x", Severity: "high", Action: "mask", Count: 10}},
			Losses: []records.TrailLoss{{Reason: records.LossRemoved, Time: noon, Count: 3}},
		})
		return err
	}
	for i, step := range []struct {
		after, seq uint64
		ok         bool
	}{{0, 5, true}, {0, 5, false}, {0, 9, false}, {4, 9, false}, {6, 9, false}, {5, 9, true}, {5, 9, false}, {9, 10, true}} {
		if err := batch(step.after, step.seq); (err == nil) != step.ok || !step.ok && !errors.Is(err, records.ErrMoved) {
			t.Errorf("step %d: %v", i, err)
		}
	}
	counts, err := db.FindingCounts(t.Context(), noon.Truncate(time.Hour), noon)
	if err != nil || len(counts) != 1 || counts[0].Count != 30 || getLeak(t, db, 1).Count != 30 {
		t.Errorf("counted %+v: %v", counts, err)
	} else if rules, err := db.RuleTotals(t.Context(), counts[0].Rule); err != nil || rules[counts[0].Rule].Findings != 30 || !rules[counts[0].Rule].LastHour.Equal(counts[0].Hour) {
		t.Errorf("rules %+v: %v", rules, err)
	}
	losses, err := db.TrailLosses(t.Context())
	if err != nil || len(losses) != 3 || losses[0].Count != 3 || losses[2].Seq != 10 || losses[0].Source != trail {
		t.Errorf("lost %+v: %v", losses, err)
	}
	if counts, err := db.FindingCounts(t.Context(), noon, time.Time{}); err != nil || counts != nil {
		t.Errorf("of later hours: %+v, %v", counts, err)
	}
}

func testLeakStates(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	number := addLeaks(t, db, leak(1, 1, 0))[0].Leak.Number
	set := func(state string, at time.Duration) {
		t.Helper()
		c := records.LeakChange{Time: noon.Add(at), State: state, By: "jo", Note: "ticket 7"}
		if err := db.SetLeakState(t.Context(), number, c); err != nil {
			t.Fatal(err)
		}
	}
	seen := func(at time.Duration, state string, reopened bool) {
		t.Helper()
		events := addLeaks(t, db, leak(1, 1, at))
		if (len(events) == 1 && events[0].Reopened && events[0].Leak.Number == number) != reopened || !reopened && events != nil {
			t.Errorf("%s: told %+v", at, events)
		}
		l := getLeak(t, db, 1)
		if l.State != state || l.Reopened.Equal(noon.Add(at)) != reopened {
			t.Errorf("%s: %+v", at, l)
		}
	}
	set(records.LeakAcknowledged, time.Minute)
	seen(time.Hour, records.LeakAcknowledged, false)
	set(records.LeakFalsePositive, 2*time.Hour)
	seen(3*time.Hour, records.LeakFalsePositive, false)
	set(records.LeakRotated, 4*time.Hour)
	seen(3*time.Hour+time.Minute, records.LeakRotated, false) // on its way then
	seen(5*time.Hour, records.LeakOpen, true)
	if l := getLeak(t, db, 1); !l.StateChanged.Equal(noon.Add(5 * time.Hour)) {
		t.Errorf("%+v", l)
	}
	if events := addLeaks(t, db, leak(1, 1, 6*time.Hour)); events != nil {
		t.Errorf("told again: %+v", events)
	}
	set(records.LeakAcknowledged, 7*time.Hour)
	if l := getLeak(t, db, 1); !l.Reopened.Equal(noon.Add(5 * time.Hour)) {
		t.Errorf("%+v", l)
	}
	set(records.LeakRotated, 8*time.Hour)
	if l := getLeak(t, db, 1); !l.Reopened.IsZero() {
		t.Errorf("%+v", l)
	}
	changes, err := db.LeakChanges(t.Context(), number)
	var states []string
	for _, c := range changes {
		states = append(states, c.State+" by "+c.By)
	}
	want := "acknowledged by jo, false_positive by jo, rotated by jo, open by redactd, acknowledged by jo, rotated by jo"
	if got := strings.Join(states, ", "); err != nil || got != want || changes[0].Note != "ticket 7" || !changes[0].Time.Equal(noon.Add(time.Minute)) {
		t.Errorf("%s: %v", got, err)
	}
	kind(t, db.SetLeakState(t.Context(), number+1, records.LeakChange{State: records.LeakOpen, Time: noon}), records.Missing)
	kind(t, db.SetLeakState(t.Context(), number, records.LeakChange{State: "gone", Time: noon}), records.Invalid)
}

func testLeaksFound(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	for n := range 6 {
		addLeaks(t, db, leak(n, 1, time.Duration(n)*time.Minute))
	}
	if err := db.SetLeakState(t.Context(), getLeak(t, db, 0).Number, records.LeakChange{Time: noon, State: records.LeakRotated}); err != nil {
		t.Fatal(err)
	}
	text := func(leaks []records.Leak) (got string) {
		for _, l := range leaks {
			if len(l.Places) != 1 {
				t.Errorf("places %+v", l.Places)
			}
			got += l.Fingerprint[len(l.Fingerprint)-1:]
		}
		return got
	}
	for _, c := range []struct {
		filter records.LeakFilter
		want   string
	}{
		{records.LeakFilter{}, "543210"},
		{records.LeakFilter{Limit: 2}, "54"},
		{records.LeakFilter{Limit: 2, Offset: 3}, "21"},
		{records.LeakFilter{Limit: 2, Offset: 6}, ""},
		{records.LeakFilter{Again: true}, ""},
		{records.LeakFilter{Route: "route-1"}, "531"},
		{records.LeakFilter{Service: "svc-0", Limit: 9}, "30"},
		{records.LeakFilter{Service: "svc-0", Route: "route-0", Version: "1.8.2"}, "0"},
		{records.LeakFilter{Version: "1.8.3"}, ""},
		{records.LeakFilter{Rule: "rule-0", Severity: "high"}, "420"},
		{records.LeakFilter{State: records.LeakRotated}, "0"},
		{records.LeakFilter{Since: noon.Add(4 * time.Minute)}, "54"},
		{records.LeakFilter{Route: "' OR '1'='1"}, ""},
	} {
		leaks, err := db.Leaks(t.Context(), c.filter)
		if got := text(leaks); err != nil || got != c.want {
			t.Errorf("%+v: %s, want %s: %v", c.filter, got, c.want, err)
		}
		if c.filter.Limit == 0 {
			if n, err := db.CountLeaks(t.Context(), c.filter); err != nil || n != int64(len(c.want)) {
				t.Errorf("%+v: %d, want %d: %v", c.filter, n, len(c.want), err)
			}
		}
	}
	some, err := db.LeaksOf(t.Context(), []string{leak(3, 0, 0).Fingerprint, "e2-none", leak(1, 0, 0).Fingerprint})
	if got := text(some); err != nil || got != "31" {
		t.Errorf("%s: %v", got, err)
	}
	if none, err := db.LeaksOf(t.Context(), nil); err != nil || none != nil {
		t.Errorf("%+v, %v", none, err)
	}
	for id, want := range map[string]string{
		fmt.Sprint(getLeak(t, db, 3).Number): "3", "#" + fmt.Sprint(getLeak(t, db, 4).Number): "4",
		strings.ToUpper(leak(2, 0, 0).Fingerprint): "2", "e1-0000": "", "e1-": "", "": "", "9999": "", "%%%%%%": "", "e1-______________": "",
	} {
		l, err := db.Leak(t.Context(), id)
		if want == "" {
			kind(t, err, records.Missing)
		} else if err != nil || !strings.HasSuffix(l.Fingerprint, want) {
			t.Errorf("%s: %+v, %v", id, l, err)
		}
	}
	rules, err := db.RuleTotals(t.Context(), "")
	if want := rules["rule-0"]; err != nil || want.Leaks != 3 || want.Open != 2 || !want.LastSeen.Equal(noon.Add(4*time.Minute)) || want.Findings != 0 || !want.LastHour.IsZero() {
		t.Errorf("rules %+v: %v", rules, err)
	}
	if one, err := db.RuleTotals(t.Context(), "rule-0"); err != nil || len(one) != 1 || one["rule-0"] != rules["rule-0"] {
		t.Errorf("one rule %+v: %v", one, err)
	}
	totals, reopened, err := db.LeakTotals(t.Context())
	if err != nil || reopened != 0 || !reflect.DeepEqual(totals, map[string]int64{records.LeakOpen: 5, records.LeakRotated: 1}) {
		t.Errorf("%v, %d: %v", totals, reopened, err)
	}
}

// A value in ever new places must not fill the database.
func testLeakPlaces(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	const places = 230
	l := leak(1, 2*places, 0)
	l.Places = nil
	for n := range places {
		p := place(1, 2, time.Duration(n)*time.Second)
		p.Path = fmt.Sprintf("by.user-%d\x00", n)
		l.Places = append(l.Places, p)
	}
	for range 2 {
		addLeaks(t, db, l)
	}
	got, total, others := getLeak(t, db, 1), int64(0), int64(0)
	for _, p := range got.Places {
		total += p.Count
		if p.Path == records.OtherPlaces {
			others += p.Count
		}
		if strings.Contains(p.Path, "\x00") {
			t.Errorf("%q", p.Path)
		}
	}
	if len(got.Places) > 201 || total != 4*places || others == 0 || got.Count != 4*places {
		t.Errorf("%d places, of %d findings, %d in others", len(got.Places), total, others)
	}
}

// Two replicas with a trail each add to the same leaks, in other orders.
func testLeakReplicas(t *testing.T, fresh Fresh) {
	dsn := fresh(t)
	const replicas, batches, values = 3, 10, 8
	var mu sync.Mutex
	var wg sync.WaitGroup
	news := 0
	for r := range replicas {
		db := Open(t, records.Options{DSN: dsn})
		wg.Go(func() {
			for i := range batches {
				b := records.TrailBatch{Source: fmt.Sprintf("trail/%d", r), After: uint64(i), Seq: uint64(i + 1)}
				for n := range values {
					m := (n*5 + r*3 + i) % values
					b.Leaks = append(b.Leaks, leak(m, 2, 0))
					b.Counts = append(b.Counts, records.FindingCount{Hour: noon, Route: fmt.Sprint(m), Count: 2})
				}
				for {
					events, err := db.AddTrail(t.Context(), &b)
					mu.Lock()
					news += len(events)
					mu.Unlock()
					if err == nil {
						break
					}
					if e, ok := err.(*records.Error); !ok || !e.Temporary() {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	db := Open(t, records.Options{DSN: dsn})
	for n := range values {
		if l := getLeak(t, db, n); l.Count != 2*replicas*batches || len(l.Places) != 1 || l.Places[0].Count != l.Count {
			t.Errorf("leak %d: %+v", n, l)
		}
	}
	counts, err := db.FindingCounts(t.Context(), time.Time{}, time.Time{})
	if err != nil || len(counts) != values || counts[0].Count != 2*replicas*batches || news != values {
		t.Errorf("%d new ones, %+v: %v", news, counts, err)
	}
}

func testLeakAge(t *testing.T, fresh Fresh) {
	const day = 24 * time.Hour
	db := Open(t, records.Options{DSN: fresh(t), KeepLeaks: 30 * day, MaxLeaks: 3})
	for n, last := range []time.Duration{-31 * day, -29 * day, -2 * day, -day, 0} {
		addLeaks(t, db, leak(n, 1, last))
	}
	// What somebody said something of stays, when there are too many.
	if err := db.SetLeakState(t.Context(), getLeak(t, db, 1).Number, records.LeakChange{Time: noon, State: records.LeakAcknowledged}); err != nil {
		t.Fatal(err)
	}
	if p, err := db.Prune(t.Context(), noon); err != nil || p.Leaks != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	leaks, err := db.Leaks(t.Context(), records.LeakFilter{})
	if err != nil || len(leaks) != 3 || leaks[2].State != records.LeakAcknowledged {
		t.Errorf("%+v, %v", leaks, err)
	}
	if n := count(t, db, "leak_places"); n != 3 {
		t.Errorf("%d places", n)
	}
}
