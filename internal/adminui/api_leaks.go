package adminui

import (
	"context"
	"net/http"
	"time"

	"github.com/redactd/redactd/internal/gate"
	"github.com/redactd/redactd/internal/records"
)

// leakQuery is which leaks are asked for.
type leakQuery struct {
	State    string    `query:"state" enum:"open,acknowledged,rotated,false_positive" doc:"Of this state"`
	Again    bool      `query:"still_leaking" doc:"Seen after they were rotated"`
	Rule     string    `query:"rule" maxLength:"256" doc:"Found by this rule"`
	Severity string    `query:"severity" enum:"low,medium,high,critical"`
	Route    string    `query:"route" maxLength:"256" doc:"Seen on this route or listener"`
	Service  string    `query:"service" maxLength:"256" doc:"Seen in this service"`
	Version  string    `query:"version" maxLength:"256" doc:"Seen in this version of a service"`
	Since    time.Time `query:"since" doc:"Seen then or later"`
	Part
}

func (q *leakQuery) filter() records.LeakFilter {
	return records.LeakFilter{
		State: q.State, Again: q.Again, Rule: q.Rule, Severity: q.Severity, Route: q.Route, Service: q.Service, Version: q.Version,
		Since: q.Since, Limit: q.Limit, Offset: q.Offset,
	}
}

// LeakID tells a leak.
type LeakID struct {
	ID string `path:"id" maxLength:"128" doc:"Number of the leak, or the beginning of its fingerprint" example:"12"`
}

// leakChange is what somebody says of a leak.
type leakChange struct {
	LeakID
	Body struct {
		State string `json:"state" enum:"open,acknowledged,rotated,false_positive"`
		Note  string `json:"note,omitempty" maxLength:"2000" doc:"Why; it is kept in the history, and refused if there is a secret in it"`
	}
}

func (a *api) leaks() {
	const tag = "leaks"
	operate(a, gate.View, "GET /leaks", operation{
		id: "list-leaks", summary: "Leaks, the one seen last first", tag: tag, fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *leakQuery) (LeakList, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return a.c.leakList(ctx, q.filter())
	})
	operate(a, gate.View, "GET /leaks/{id}", operation{
		id: "get-leak", summary: "A leak with its places and its history", tag: tag, fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *LeakID) (LeakDetail, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return a.c.leakDetail(ctx, q.ID)
	})
	operate(a, gate.Operate, "PUT /leaks/{id}/state", operation{
		id: "set-leak-state", summary: "Acknowledge a leak, or say that it is rotated or a false positive, or open it again", tag: tag,
		about: "It is kept in the history of the leak, with who said so.", fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *leakChange) (LeakDetail, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if _, err := a.c.setLeakState(ctx, gate.From(ctx).Name, q.ID, q.Body.State, q.Body.Note); err != nil {
			return LeakDetail{}, err
		}
		return a.c.leakDetail(ctx, q.ID)
	})
}
