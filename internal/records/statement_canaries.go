package records

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CanaryRun is a run of canaries, and what became of them.
type CanaryRun struct {
	ID      string         `json:"id"`
	Time    time.Time      `json:"time"` // when it began
	Took    time.Duration  `json:"took"` // to the microsecond
	Results []CanaryResult `json:"results,omitempty"`
}

// CanaryResult is canaries of a route that have dialect, coding and outcome in common.
// Those without a dialect sum up the route; the others tell where not all was well.
type CanaryResult struct {
	Route    string   `json:"route"`
	Dialect  string   `json:"dialect,omitempty"`
	Coding   string   `json:"coding,omitempty"`
	Outcome  string   `json:"outcome"`
	Canaries int64    `json:"canaries"`
	Rules    []string `json:"rules,omitempty"` // ids of those that leaked
}

// CanaryRuns is the Statement of runs. Parts of a run, which statements split, have the
// same id.
type CanaryRuns []CanaryRun

// maxRules bounds, in bytes, the ids of rules of a result.
const maxRules = 4 << 10

func (list CanaryRuns) put(tx *Tx) error {
	for _, r := range slices.SortedFunc(slices.Values(list), func(a, b CanaryRun) int { return strings.Compare(a.ID, b.ID) }) {
		id := clean(r.ID, maxName)
		if err := tx.Exec(`INSERT INTO canary_runs (id, time, took) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`,
			id, Micros(r.Time), r.Took.Microseconds()); err != nil {
			return err
		}
		for _, c := range r.Results {
			if err := tx.Exec(`INSERT INTO canary_results (run, route, dialect, coding, outcome, canaries, rules)
				VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (run, route, dialect, coding, outcome) DO NOTHING`,
				id, clean(c.Route, maxName), clean(c.Dialect, maxName), clean(c.Coding, maxName), clean(c.Outcome, maxName),
				c.Canaries, clean(strings.Join(c.Rules, " "), maxRules)); err != nil {
				return err
			}
		}
	}
	return nil
}

// CanaryRuns returns up to limit runs that began before a time, where that is not zero, the
// last ones first. Their results are in the order of route, dialect, coding and outcome.
func (db *DB) CanaryRuns(ctx context.Context, before time.Time, limit int) (runs []CanaryRun, err error) {
	var w where
	if !before.IsZero() {
		w.add("time < $%d", Micros(before))
	}
	err = db.View(ctx, "list runs of canaries", func(tx *Tx) error {
		runs = nil
		at := map[string]int{}
		last := `SELECT id, time, took FROM canary_runs` + w.text() + ` ORDER BY time DESC, id LIMIT ` + strconv.Itoa(limit)
		if err := tx.Each(func(scan func(...any) error) error {
			var r CanaryRun
			var began, took int64
			err := scan(&r.ID, &began, &took)
			r.Time, r.Took = someTime(began), time.Duration(took)*time.Microsecond
			at[r.ID] = len(runs)
			runs = append(runs, r)
			return err
		}, last, w.args...); err != nil {
			return err
		}
		return tx.Each(func(scan func(...any) error) error {
			var run, rules string
			var c CanaryResult
			err := scan(&run, &c.Route, &c.Dialect, &c.Coding, &c.Outcome, &c.Canaries, &rules)
			c.Rules = strings.Fields(rules)
			if len(c.Rules) == 0 {
				c.Rules = nil
			}
			if i, ok := at[run]; ok {
				runs[i].Results = append(runs[i].Results, c)
			}
			return err
		}, `SELECT run, route, dialect, coding, outcome, canaries, rules FROM canary_results
			WHERE run IN (SELECT id FROM (`+last+`) AS latest) ORDER BY run, route, dialect, coding, outcome`, w.args...)
	})
	return runs, err
}
