package recordstest

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// noon is when everything in the suite happens, at a time with microseconds.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)

func groupID(n int) string { return fmt.Sprintf("%064x", n) }

// group is a group as a batch adds it.
func group(n int, count int64, last time.Duration) records.ErrorGroup {
	return records.ErrorGroup{
		ID: groupID(n), Route: fmt.Sprintf("route-%d", n%2), Upstream: "api", Framework: "django", Exception: "KeyError",
		Status: 500, StatusClass: "5xx", Frames: []records.Frame{{Function: "get", File: "app/views.py", Line: "7"}},
		FirstSeen: noon.Add(last - time.Minute), LastSeen: noon.Add(last), Count: count,
	}
}

func occurrence(n int, reference string, at time.Duration, body string) records.ErrorOccurrence {
	return records.ErrorOccurrence{
		Group: groupID(n), Reference: reference, Time: noon.Add(at), Status: 500, Method: "GET", Path: "/orders/{id}",
		Original: records.Pack([]byte(body), "text/html", 1<<20),
	}
}

func add(t *testing.T, db *records.DB, b records.ErrorBatch) records.Added {
	t.Helper()
	added, err := db.AddErrors(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func getGroup(t *testing.T, db *records.DB, n int) records.ErrorGroup {
	t.Helper()
	g, err := db.ErrorGroup(t.Context(), groupID(n))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func testCounts(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	added := add(t, db, records.ErrorBatch{Groups: []records.ErrorGroup{group(2, 3, 0), group(1, 1, 0)}})
	if want := []string{groupID(1), groupID(2)}; !reflect.DeepEqual(added.New, want) || added.Reopened != nil || added.Repeated {
		t.Errorf("%+v", added)
	}
	later := group(2, 4, time.Hour)
	later.Upstream, later.Status, later.Frames = "other", 503, nil
	earlier := group(2, 5, -time.Hour)
	earlier.Upstream = "former"
	for _, g := range []records.ErrorGroup{later, earlier} {
		if added := add(t, db, records.ErrorBatch{Groups: []records.ErrorGroup{g}}); added.New != nil {
			t.Errorf("new again: %+v", added)
		}
	}
	want := group(2, 12, time.Hour)
	want.Upstream, want.Status, want.FirstSeen, want.State = "other", 503, noon.Add(-time.Hour-time.Minute), records.StateOpen
	if got := getGroup(t, db, 2); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func testOnce(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	for seq := range uint64(3) {
		for try := range 2 {
			b := records.ErrorBatch{Source: "errors/a", Seq: seq + 1, Groups: []records.ErrorGroup{group(1, 10, 0)},
				Occurrences: []records.ErrorOccurrence{occurrence(1, "r", 0, "body")}}
			if added := add(t, db, b); added.Repeated != (try > 0) {
				t.Errorf("%+v", added)
			}
		}
	}
	if g := getGroup(t, db, 1); g.Count != 30 || count(t, db, "error_occurrences") != 3 {
		t.Errorf("counted %d", g.Count)
	}
}

func testBatchFails(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	b := records.ErrorBatch{Source: "errors/a", Seq: 1, Groups: []records.ErrorGroup{group(1, 1, 0)},
		Occurrences: []records.ErrorOccurrence{occurrence(7, "of no group", 0, "secret body")}}
	_, err := db.AddErrors(t.Context(), &b)
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), groupID(7)) {
		t.Errorf("got %v", err)
	}
	for _, table := range []string{"positions", "error_groups", "error_occurrences"} {
		if n := count(t, db, table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

func testOccurrences(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	body := strings.Repeat("<li>frame</li>\n", 500)
	full := occurrence(1, "ref-1", 0, body)
	full.RequestID, full.TraceID, full.SpanID = "ref-1", strings.Repeat("a", 32), strings.Repeat("b", 16)
	full.ConfigDigest, full.Replica, full.Sealed = strings.Repeat("c", 64), "host-1", []byte("age\x00\xff")
	bare := records.ErrorOccurrence{Group: groupID(1), Reference: "ref-1", Time: noon.Add(time.Second), Status: 404}
	cut := occurrence(1, "ref-2", 2*time.Second, "")
	cut.Original = records.Pack([]byte(strings.Repeat("ä", 300)), "text/plain", 401)
	add(t, db, records.ErrorBatch{Groups: []records.ErrorGroup{group(1, 3, 0)}, Occurrences: []records.ErrorOccurrence{full, bare, cut}})

	find := func(f records.OccurrenceFilter) []records.ErrorOccurrence {
		t.Helper()
		list, err := db.ErrorOccurrences(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			if list[i].Original.Data != nil || list[i].Sealed != nil {
				t.Error("the list has originals")
			}
			if err := db.ErrorOriginal(t.Context(), &list[i]); err != nil {
				t.Fatal(err)
			}
			list[i].ID = 0
		}
		return list
	}
	got := find(records.OccurrenceFilter{Reference: "ref-1"})
	if want := []records.ErrorOccurrence{bare, full}; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if text, err := got[1].Original.Unpack(); err != nil || string(text) != body || got[1].Original.Coding != "zstd" {
		t.Errorf("the original is %d bytes in %q: %v", len(text), got[1].Original.Coding, err)
	}
	all := find(records.OccurrenceFilter{Group: groupID(1), Limit: 2})
	if len(all) != 2 || all[0].Reference != "ref-2" || all[1].Status != 404 {
		t.Fatalf("got %+v", all)
	}
	o := &all[0].Original
	if text, err := o.Unpack(); err != nil || string(text) != strings.Repeat("ä", 200) || !o.Truncated || o.Size != 600 {
		t.Errorf("cut to %d of %d bytes, %v: %v", len(text), o.Size, o.Truncated, err)
	}
	for _, f := range []records.OccurrenceFilter{{Reference: "ref"}, {Reference: "' OR 1=1 --"}, {Group: groupID(2)}} {
		if list := find(f); len(list) > 0 {
			t.Errorf("%+v finds %d", f, len(list))
		}
	}
	kind(t, db.ErrorOriginal(t.Context(), &records.ErrorOccurrence{ID: 1 << 40}), records.Missing)
}

func testText(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	for in, want := range map[string]string{
		"a\x00b":                               "ab",
		"\xff\xfe":                             "\uFFFD",
		"'; DROP TABLE positions--":            "'; DROP TABLE positions--",
		"ümlaut \u202e \x1b[31m":               "ümlaut \u202e \x1b[31m",
		strings.Repeat("é", 5000):              strings.Repeat("é", 256),
		"\xff" + strings.Repeat("x\xff", 3000): strings.Repeat("\uFFFDx", 128),
	} {
		g := group(1, 1, 0)
		g.ID = groupID(len(in) * 7)
		g.Exception, g.Frames = in, []records.Frame{{Function: in}}
		o := occurrence(1, in, 0, in)
		o.Group, o.Path = g.ID, in
		add(t, db, records.ErrorBatch{Groups: []records.ErrorGroup{g}, Occurrences: []records.ErrorOccurrence{o}})
		got, err := db.ErrorGroup(t.Context(), g.ID)
		if err != nil || got.Exception != want || got.Frames[0].Function != want {
			t.Errorf("%.20q: %q: %v", in, got.Exception, err)
		}
		list, err := db.ErrorOccurrences(t.Context(), records.OccurrenceFilter{Group: g.ID})
		if err != nil || len(list) != 1 || list[0].Reference != want || !strings.HasPrefix(list[0].Path, want) {
			t.Errorf("%.20q: %.80v: %v", in, list, err)
			continue
		}
		if err := db.ErrorOriginal(t.Context(), &list[0]); err != nil {
			t.Error(err)
		}
		if text, err := list[0].Original.Unpack(); err != nil || !bytes.Equal(text, []byte(in)) {
			t.Errorf("%.20q: the original is %.40q: %v", in, text, err)
		}
	}
}

func testGroups(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	var all []records.ErrorGroup
	for n := range 6 {
		g := group(n, 1, time.Duration(n)*time.Minute)
		g.ID = strings.Repeat(fmt.Sprint(n/2), 10) + groupID(n)[10:]
		if n == 5 {
			g.Framework = "flask"
		}
		all = append(all, g)
	}
	add(t, db, records.ErrorBatch{Groups: all})
	if err := db.SetErrorState(t.Context(), all[0].ID, records.StateResolved, "me", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		filter records.ErrorFilter
		want   string
	}{
		{records.ErrorFilter{}, "543210"},
		{records.ErrorFilter{Limit: 2}, "54"},
		{records.ErrorFilter{Route: "route-1"}, "531"},
		{records.ErrorFilter{Framework: "flask"}, "5"},
		{records.ErrorFilter{State: records.StateResolved}, "0"},
		{records.ErrorFilter{State: records.StateOpen, Route: "route-0"}, "42"},
		{records.ErrorFilter{Since: noon.Add(4 * time.Minute)}, "54"},
		{records.ErrorFilter{Since: noon.Add(4*time.Minute + time.Microsecond)}, "5"},
		{records.ErrorFilter{Route: "' OR '1'='1"}, ""},
	} {
		groups, err := db.ErrorGroups(t.Context(), c.filter)
		got := ""
		for _, g := range groups {
			got += g.ID[len(g.ID)-1:]
		}
		if err != nil || got != c.want {
			t.Errorf("%+v: %s, want %s: %v", c.filter, got, c.want, err)
		}
	}
	for id, ok := range map[string]bool{
		all[3].ID: true, all[3].ID[:63]: false, strings.Repeat("0", 10): false,
		"000": false, "": false, "______": false, "%%%%%%": false, "ffffff": false,
	} {
		g, err := db.ErrorGroup(t.Context(), id)
		switch {
		case !ok:
			kind(t, err, records.Missing)
		case err != nil || g.ID != all[3].ID:
			t.Errorf("%s: %+v, %v", id, g, err)
		}
	}
	one := group(9, 1, 0)
	one.ID = "abcdef" + groupID(9)[6:]
	add(t, db, records.ErrorBatch{Groups: []records.ErrorGroup{one}})
	if g, err := db.ErrorGroup(t.Context(), "ABCDEF"); err != nil || g.ID != one.ID {
		t.Errorf("%+v, %v", g, err)
	}
}

func testStates(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	add(t, db, records.ErrorBatch{Groups: []records.ErrorGroup{group(1, 1, 0)}})
	set := func(state string, at time.Duration) {
		t.Helper()
		if err := db.SetErrorState(t.Context(), groupID(1), state, "jo", noon.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	set(records.StateResolved, time.Minute)
	if g := getGroup(t, db, 1); g.State != records.StateResolved || g.StateBy != "jo" || !g.StateChanged.Equal(noon.Add(time.Minute)) {
		t.Errorf("%+v", g)
	}
	// One that was on its way when the group was resolved.
	if added := add(t, db, records.ErrorBatch{Groups: []records.ErrorGroup{group(1, 1, 30*time.Second)}}); added.Reopened != nil {
		t.Errorf("%+v", added)
	}
	if g := getGroup(t, db, 1); g.State != records.StateResolved || g.Count != 2 || g.StateBy != "jo" {
		t.Errorf("%+v", g)
	}
	if added := add(t, db, records.ErrorBatch{Groups: []records.ErrorGroup{group(1, 1, time.Hour)}}); !reflect.DeepEqual(added.Reopened, []string{groupID(1)}) {
		t.Errorf("%+v", added)
	}
	if g := getGroup(t, db, 1); g.State != records.StateOpen || g.StateBy != "" || !g.StateChanged.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", g)
	}
	set(records.StateResolved, 2*time.Hour)
	set(records.StateOpen, 3*time.Hour)
	if added := add(t, db, records.ErrorBatch{Groups: []records.ErrorGroup{group(1, 1, 4*time.Hour)}}); added.Reopened != nil {
		t.Errorf("%+v", added)
	}
	if g := getGroup(t, db, 1); g.State != records.StateOpen || g.StateBy != "jo" || !g.StateChanged.Equal(noon.Add(3*time.Hour)) {
		t.Errorf("%+v", g)
	}
	kind(t, db.SetErrorState(t.Context(), groupID(2), records.StateResolved, "", noon), records.Missing)
}

// Two replicas add to the same groups, in other orders, several batches at once.
func testReplicas(t *testing.T, fresh Fresh) {
	dsn := fresh(t)
	const replicas, writers, batches, groups = 2, 2, 10, 8
	var wg sync.WaitGroup
	for r := range replicas {
		db := Open(t, records.Options{DSN: dsn})
		for w := range writers {
			wg.Go(func() {
				for i := range batches {
					b := records.ErrorBatch{Source: fmt.Sprintf("errors/%d-%d", r, w), Seq: uint64(i + 1)}
					for n := range groups {
						m := (n*5 + w*3 + i) % groups
						b.Groups = append(b.Groups, group(m, 2, 0))
						b.Occurrences = append(b.Occurrences, occurrence(m, "r", 0, "b"))
					}
					for {
						_, err := db.AddErrors(t.Context(), &b)
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
	}
	wg.Wait()
	db := Open(t, records.Options{DSN: dsn})
	for n := range groups {
		if g := getGroup(t, db, n); g.Count != 2*replicas*writers*batches {
			t.Errorf("group %d counts %d", n, g.Count)
		}
	}
	if n := count(t, db, "error_occurrences"); n != replicas*writers*batches*groups {
		t.Errorf("%d occurrences", n)
	}
}
