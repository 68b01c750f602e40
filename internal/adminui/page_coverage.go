package adminui

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/canary"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/records"
)

// defaultCoverage is the period that is shown unless another is asked for.
const defaultCoverage = "24h"

func (c *Console) showCoverage(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), glance)
	defer cancel()
	name := r.URL.Query().Get("period")
	if periods[name] < 24*time.Hour {
		name = defaultCoverage
	}
	d, err := c.coverage(ctx, periods[name])
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "coverage.html", view{Title: "Coverage", Nav: "/coverage", Data: struct {
		CoverageDetail
		Period   string
		Outcomes []string
		Table    []canaryRow
	}{d, name, canary.Outcomes(), canaryTable(d.Canaries)}})
}

// canaryRow is what became of the canaries of a route in the last run.
type canaryRow struct {
	Route    string
	Canaries []int64 // by outcome
	Troubles []records.CanaryResult
}

// canaryTable sums up the last of runs by route.
func canaryTable(runs []records.CanaryRun) (rows []canaryRow) {
	if len(runs) == 0 {
		return nil
	}
	outcomes := canary.Outcomes()
	for _, result := range runs[0].Results {
		i := slices.IndexFunc(rows, func(r canaryRow) bool { return r.Route == result.Route })
		if i < 0 {
			i = len(rows)
			rows = append(rows, canaryRow{Route: result.Route, Canaries: make([]int64, len(outcomes))})
		}
		if at := slices.Index(outcomes, result.Outcome); result.Dialect == "" && at >= 0 {
			rows[i].Canaries[at] += result.Canaries
		} else if result.Dialect != "" {
			rows[i].Troubles = append(rows[i].Troubles, result)
		}
	}
	return rows
}

// outcome returns how many canaries of a run had an outcome.
func outcome(run records.CanaryRun, name string) (n int64) {
	for _, r := range run.Results {
		if r.Dialect == "" && r.Outcome == name {
			n += r.Canaries
		}
	}
	return n
}

// percent writes a share rounded down, so that what is not all does not look so.
func percent(share float64) string {
	return strconv.FormatFloat(math.Floor(share*1e6+1e-6)/1e4, 'f', -1, 64) + " %"
}

// bytesText writes a number of bytes.
func bytesText(n uint64) string {
	v, unit := float64(n), 0
	for v >= 1000 && unit < 5 {
		v, unit = v/1000, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.3g %s", v, []string{"B", "kB", "MB", "GB", "TB", "PB"}[unit])
}

// meaning says what a reason of coverage means.
func meaning(reason string) string {
	for _, r := range coverage.Reasons() {
		if r.Name == reason {
			return strings.ToUpper(r.Meaning[:1]) + r.Meaning[1:] + "."
		}
	}
	return ""
}
