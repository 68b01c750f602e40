package adminui

import (
	"context"
	"net/http"

	"github.com/redactd/redactd/internal/gate"
)

type coverageQuery struct {
	Period string `query:"period" enum:"24h,7d,30d" default:"24h" doc:"Up to now"`
}

func (a *api) coverage() {
	operate(a, gate.View, "GET /coverage", operation{
		id: "get-coverage", summary: "What was inspected, what passed unread and why, and what became of canaries", tag: "coverage",
		about: "What can't be read is left out, and problem says so.", fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *coverageQuery) (CoverageDetail, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return a.c.coverage(ctx, periods[q.Period])
	})
}
