package audit

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCoverageStatements(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := Coverage{From: at, To: at.Add(time.Minute)}
	for i := range 500 {
		c.Rows = append(c.Rows, CoverageRow{Route: fmt.Sprint(strings.Repeat("r", 60), i), Direction: "request", Reason: "binary", Payloads: 1, Bytes: 1 << 40})
	}
	facts, err := c.Statements()
	if err != nil || len(facts) < 2 {
		t.Fatalf("%d records, %v", len(facts), err)
	}
	n := 0
	for _, f := range facts {
		part := f.(Coverage)
		for _, row := range part.Rows {
			if row != c.Rows[n] || !part.From.Equal(c.From) || !part.To.Equal(c.To) {
				t.Errorf("%d: %+v", n, part)
			}
			n++
		}
	}
	if n != len(c.Rows) {
		t.Errorf("%d rows", n)
	}
}
