package adminui

import (
	"context"

	"github.com/redactd/redactd/internal/gate"
)

type overviewQuery struct {
	Period string `query:"period" enum:"24h,7d,30d" default:"7d" doc:"Of the plots of findings"`
}

func (a *api) overview() {
	operate(a, gate.View, "GET /overview", operation{
		id: "get-overview", summary: "How redactd is: figures, plots, upstreams, what is open", tag: "overview",
		about: "What can't be read is left out, and problems says so.",
	}, func(ctx context.Context, q *overviewQuery) (Overview, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return a.c.overview(ctx, periods[q.Period]), nil
	})
}
