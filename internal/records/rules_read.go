package records

import (
	"context"
	"time"
)

// RuleTotal is how much of a rule is in the records.
type RuleTotal struct {
	Rule     string    `json:"rule"`
	Findings int64     `json:"findings"`
	LastHour time.Time `json:"last_hour,omitzero"` // the beginning of the hour of the last finding
	Leaks    int64     `json:"leaks"`
	Open     int64     `json:"open"`               // of the leaks
	LastSeen time.Time `json:"last_seen,omitzero"` // of a leak; findings without a fingerprint are none
}

// RuleTotals returns how much of each rule is in the records, by rule; of all, unless rule
// names one.
func (db *DB) RuleTotals(ctx context.Context, rule string) (map[string]RuleTotal, error) {
	var w where
	w.equal("rule", rule)
	var out map[string]RuleTotal
	err := db.View(ctx, "sum up rules", func(tx *Tx) error {
		out = map[string]RuleTotal{}
		err := tx.Each(func(scan func(...any) error) error {
			var t RuleTotal
			var last int64
			err := scan(&t.Rule, &t.Findings, &last)
			t.LastHour = FromMicros(last)
			out[t.Rule] = t
			return err
		}, `SELECT rule, CAST(SUM(count) AS BIGINT), MAX(hour) FROM finding_counts`+w.text()+` GROUP BY rule`, w.args...)
		if err != nil {
			return err
		}
		return tx.Each(func(scan func(...any) error) error {
			var name string
			var leaks, open, last int64
			err := scan(&name, &leaks, &open, &last)
			t := out[name]
			t.Rule, t.Leaks, t.Open, t.LastSeen = name, leaks, open, FromMicros(last)
			out[name] = t
			return err
		}, `SELECT rule, COUNT(*), COUNT(CASE WHEN state = 'open' THEN 1 END), MAX(last_seen) FROM leaks`+w.text()+` GROUP BY rule`, w.args...)
	})
	return out, err
}
