package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/redactd/redactd/internal/seglog"
)

// Filter selects findings. Its zero value selects all.
type Filter struct {
	From  time.Time `json:"from,omitzero"` // inclusive
	To    time.Time `json:"to,omitzero"`   // exclusive
	Route string    `json:"route,omitempty"`
	Rule  string    `json:"rule,omitempty"`
	Tag   string    `json:"tag,omitempty"`
}

func (f *Filter) selects(e *Event) bool {
	return (f.From.IsZero() || !e.Time.Before(f.From)) && (f.To.IsZero() || e.Time.Before(f.To)) &&
		(f.Route == "" || f.Route == e.Route) && (f.Rule == "" || f.Rule == e.Rule) &&
		(f.Tag == "" || slices.Contains(e.Tags, f.Tag))
}

// Group counts the findings that have something in common.
type Group struct {
	Name     string    `json:"name"`
	Findings uint64    `json:"findings"`
	Values   int       `json:"distinct_values"` // by fingerprint
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`

	values distinct
}

// Table is the groups of one kind.
type Table struct {
	Name   string  `json:"name"` // "rule", "tag", ...
	Groups []Group `json:"groups"`
}

// Summary counts findings. A finding with several tags is counted under each.
type Summary struct {
	Filter   Filter `json:"filter"`
	Findings uint64 `json:"findings"`
	Shadow   uint64 `json:"shadow"` // of these, found in shadow mode and let through
	// Dropped is how many findings have no event, whatever the filter selects.
	Dropped uint64    `json:"dropped,omitempty"`
	Values  int       `json:"distinct_values"`
	First   time.Time `json:"first,omitzero"`
	Last    time.Time `json:"last,omitzero"`
	// ValuesCapped says that there are more distinct values than are told
	// apart; the numbers of values are then the least there are.
	ValuesCapped bool     `json:"distinct_values_capped,omitempty"`
	Tables       []Table  `json:"tables"`
	Markers      []Marker `json:"markers,omitempty"`
	// Unreadable lines were left out; Verify says what is wrong with them.
	Unreadable uint64 `json:"unreadable,omitempty"`
}

// dimensions are the ways in which findings are grouped, in the order of the
// report. Only tags give a finding several names.
var dimensions = []struct {
	name  string
	names func(e *Event) []string
	order func(a, b Group) int
}{
	{"rule", func(e *Event) []string { return []string{e.Rule} }, byCount},
	{"severity", func(e *Event) []string { return []string{e.Severity} }, bySeverity},
	{"tag", func(e *Event) []string { return e.Tags }, byCount},
	{"route", func(e *Event) []string { return []string{e.Route} }, byCount},
	{"direction", func(e *Event) []string { return []string{e.Direction} }, byCount},
	{"action", func(e *Event) []string { return []string{e.Action} }, byCount},
	{"day", func(e *Event) []string { return []string{e.Time.UTC().Format(time.DateOnly)} }, byName},
}

func byName(a, b Group) int { return cmp.Compare(a.Name, b.Name) }

func byCount(a, b Group) int {
	return cmp.Or(cmp.Compare(b.Findings, a.Findings), cmp.Compare(a.Name, b.Name))
}

func bySeverity(a, b Group) int {
	rank := func(g Group) int { return slices.Index([]string{"critical", "high", "medium", "low", "info"}, g.Name) }
	return cmp.Or(cmp.Compare(uint(rank(a)), uint(rank(b))), byName(a, b))
}

// maxDistinct bounds the distinct values that are told apart in a group.
const maxDistinct = 1 << 18

var seed = maphash.MakeSeed()

// distinct counts distinct fingerprints by a hash of each.
type distinct struct {
	seen   map[uint64]struct{}
	capped bool
}

func (d *distinct) add(h uint64) {
	if d.seen == nil {
		d.seen = map[uint64]struct{}{}
	}
	if _, ok := d.seen[h]; ok {
		return
	}
	if len(d.seen) >= maxDistinct {
		d.capped = true
		return
	}
	d.seen[h] = struct{}{}
}

// Summarise counts the findings of the trail in dir that the filter selects.
// Its memory depends on the number of groups and of distinct values, not on
// that of the events. It does not prove the chain; Verify does.
func Summarise(dir string, f Filter) (*Summary, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	segs, err := seglog.List(dir, prefix)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	s := newSummariser(f)
	for _, seg := range segs {
		err := s.file(seg.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // retention removed it meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
	}
	return s.summary(), nil
}

type summariser struct {
	filter Filter
	lean   bool // counts distinct values of the whole only
	total  Group
	shadow uint64
	groups []map[string]*Group // by dimension, then name

	markers    []Marker
	dropped    uint64
	unreadable uint64
}

func newSummariser(f Filter) *summariser {
	s := &summariser{filter: f, groups: make([]map[string]*Group, len(dimensions))}
	for i := range s.groups {
		s.groups[i] = map[string]*Group{}
	}
	return s
}

func (s *summariser) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for lines := seglog.NewLines(f, maxLine); ; {
		line, complete, err := lines.Next()
		switch {
		case err == io.EOF:
			return nil
		case err == seglog.ErrLineTooLong:
			s.unreadable++
			continue
		case err != nil:
			return err
		case !complete:
			return nil // being written, or torn: never acknowledged
		}
		var e Event
		if json.Unmarshal(line, &e) != nil {
			s.unreadable++
			continue
		}
		s.event(&e)
	}
}

func (s *summariser) event(e *Event) {
	if e.Note == notePolicy || e.Statement() != "" {
		return
	}
	if e.Note != "" {
		s.markers = append(s.markers, marker(e))
		if e.Note == noteDropped {
			s.dropped += e.Count
		}
		return
	}
	if !s.filter.selects(e) {
		return
	}
	var value uint64
	if e.Fingerprint != "" {
		value = maphash.String(seed, e.Fingerprint)
	}
	s.total.add(e, value)
	if e.Shadow {
		s.shadow += e.N()
	}
	if s.lean {
		value = 0
	}
	for i, d := range dimensions {
		for _, name := range d.names(e) {
			g, ok := s.groups[i][name]
			if !ok {
				g = &Group{Name: name}
				s.groups[i][name] = g
			}
			g.add(e, value)
		}
	}
}

func (g *Group) add(e *Event, value uint64) {
	g.Findings += e.N()
	if g.First.IsZero() || e.Time.Before(g.First) {
		g.First = e.Time
	}
	if last := e.Last(); last.After(g.Last) {
		g.Last = last
	}
	if value != 0 {
		g.values.add(value)
	}
}

func (s *summariser) summary() *Summary {
	sum := &Summary{
		Filter: s.filter, Findings: s.total.Findings, Shadow: s.shadow, Values: len(s.total.values.seen),
		First: s.total.First, Last: s.total.Last, ValuesCapped: s.total.values.capped,
		Dropped: s.dropped, Markers: s.markers, Unreadable: s.unreadable,
	}
	for i, d := range dimensions {
		t := Table{Name: d.name, Groups: []Group{}}
		for _, g := range s.groups[i] {
			g.Values = len(g.values.seen)
			t.Groups = append(t.Groups, *g)
		}
		slices.SortFunc(t.Groups, d.order)
		sum.Tables = append(sum.Tables, t)
	}
	return sum
}

// decodeMarker decodes a line if it is a marker. Findings, nearly all lines,
// cost no decoding.
func decodeMarker(line []byte) (Event, bool) {
	if !bytes.Contains(line, []byte(`,"note":"`)) {
		return Event{}, false
	}
	var e Event
	if json.Unmarshal(line, &e) != nil || e.Note == "" {
		return Event{}, false
	}
	return e, true
}
