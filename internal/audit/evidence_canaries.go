package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

func init() {
	evidenceOf[StatementCanaries] = func() statedEvidence { return &canaryEvidence{Outcomes: map[string]uint64{}} }
}

// maxCanaryLeaks bounds how many leaks of canaries are told one by one.
const maxCanaryLeaks = 1000

// canaryLeaked is the outcome of canaries that got through.
const canaryLeaked = "leaked"

// canaryEvidence sums up what became of canaries.
type canaryEvidence struct {
	Runs     uint64            `json:"runs"`
	First    time.Time         `json:"first"`
	Last     time.Time         `json:"last"`
	Outcomes map[string]uint64 `json:"outcomes"` // numbers of canaries
	Leaks    []canaryLeak      `json:"leaks"`    // where they got through, the first ones
	// MoreLeaks is how many leaks are not among these.
	MoreLeaks uint64 `json:"more_leaks,omitempty"`

	run string // the last one
}

type canaryLeak struct {
	At      time.Time `json:"at"`
	Route   string    `json:"route"`
	Dialect string    `json:"dialect"`
	Coding  string    `json:"coding,omitempty"`
	Number  int       `json:"canaries"`
	Rules   []string  `json:"rules,omitempty"`
}

func (c *canaryEvidence) add(facts json.RawMessage) error {
	var f Canaries
	if err := json.Unmarshal(facts, &f); err != nil {
		return err
	}
	if f.Run != c.run || c.Runs == 0 { // the parts of one stand together
		c.run = f.Run
		c.Runs++
	}
	if c.First.IsZero() || f.At.Before(c.First) {
		c.First = f.At
	}
	if f.At.After(c.Last) {
		c.Last = f.At
	}
	for _, r := range f.Rows {
		switch n := r.Outcomes[canaryLeaked]; {
		case r.Dialect == "":
			for name, n := range r.Outcomes {
				c.Outcomes[name] += uint64(max(n, 0))
			}
		case n > 0 && len(c.Leaks) < maxCanaryLeaks:
			c.Leaks = append(c.Leaks, canaryLeak{f.At, r.Route, r.Dialect, r.Coding, n, r.Rules})
		case n > 0:
			c.MoreLeaks++
		}
	}
	return nil
}

func (c *canaryEvidence) document() any {
	if c.Leaks == nil {
		c.Leaks = []canaryLeak{}
	}
	return c
}

func (c *canaryEvidence) figures() []Figure {
	var sent uint64
	var others []string
	for _, name := range slices.Sorted(maps.Keys(c.Outcomes)) {
		sent += c.Outcomes[name]
		others = append(others, fmt.Sprintf("%s %d", name, c.Outcomes[name]))
	}
	list := []Figure{
		{"Runs of canaries", fmt.Sprintf("%d, %s – %s", c.Runs, stamp(c.First), stamp(c.Last))},
		{"Canaries that got through", fmt.Sprintf("%d of %d", c.Outcomes[canaryLeaked], sent)},
	}
	if len(others) > 0 {
		list = append(list, Figure{"Canaries by outcome", strings.Join(others, ", ")})
	}
	if where := c.where(); where != "" {
		list = append(list, Figure{"Where they got through", where})
	}
	return list
}

// where names the routes and rules of leaks.
func (c *canaryEvidence) where() string {
	rules := map[string]map[string]bool{}
	for _, l := range c.Leaks {
		if rules[l.Route] == nil {
			rules[l.Route] = map[string]bool{}
		}
		for _, id := range l.Rules {
			rules[l.Route][id] = true
		}
	}
	var parts []string
	for _, route := range slices.Sorted(maps.Keys(rules)) {
		ids := slices.Sorted(maps.Keys(rules[route]))
		text := strings.Join(ids[:min(len(ids), maxTableFigure)], ", ")
		if more := len(ids) - maxTableFigure; more > 0 {
			text += fmt.Sprintf(", %d more", more)
		}
		parts = append(parts, route+": "+text)
	}
	return strings.Join(parts, "; ")
}
