package proxy

import (
	"context"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/canary"
)

// What stands in header fields and queries is sent and seen too.
func TestCanariesOfHeads(t *testing.T) {
	cfg := settings(silent(t))
	h := start(t, cfg, builtin)
	follow(t, h)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pol := h.canaries.twin.policy.Load()
	for _, tt := range []struct {
		headers, query bool
		want           map[string]canary.Outcome
	}{
		{true, true, map[string]canary.Outcome{"header": canary.Clean, "query": canary.Clean}},
		{false, true, map[string]canary.Outcome{"header": canary.Off, "query": canary.Clean}},
		{true, false, map[string]canary.Outcome{"header": canary.Clean, "query": canary.Off}},
	} {
		rt := pol.byName["main"]
		route := *rt.cfg
		route.Headers, route.Query = tt.headers, tt.query
		rt.cfg = &route
		r := &canaryResult{rows: map[canaryKey]*canaryRow{}}
		way := &canaryWay{flock: h.canaries.newFlock(ctx, pol, &rt.filter, r, canaryPace{full: true}), rt: rt}
		if err := way.heads(); err != nil {
			t.Fatal(err)
		}
		way.close()
		for where, want := range tt.want {
			row := r.rows[canaryKey{route: "main", dialect: where}]
			sum := 0
			for o, n := range row.count {
				sum += n
				if n > 0 && canary.Outcome(o) != want {
					t.Errorf("%+v: %s: %d are %v %v", tt, where, n, canary.Outcome(o), row.rules())
				}
			}
			if sum < 400 {
				t.Errorf("%+v: %s: %d canaries", tt, where, sum)
			}
		}
	}
}
