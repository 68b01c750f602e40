package adminui

import (
	"context"
	"net/http"

	"github.com/redactd/redactd/internal/gate"
	"github.com/redactd/redactd/internal/records"
)

// errorQuery is which groups of errors are asked for.
type errorQuery struct {
	State     string `query:"state" enum:"open,resolved"`
	Route     string `query:"route" maxLength:"256"`
	Framework string `query:"framework" maxLength:"256" doc:"Such as django"`
	Part
}

// ErrorID tells a group of errors.
type ErrorID struct {
	ID string `path:"id" minLength:"1" maxLength:"128" doc:"Id of the group, or its beginning" example:"4f2a91c0d3e8"`
}

type errorChange struct {
	ErrorID
	Body struct {
		State string `json:"state" enum:"open,resolved"`
	}
}

type occurrenceID struct {
	ErrorID
	Reference string `path:"reference" minLength:"1" maxLength:"256" doc:"Reference of the occurrence, as its caller was told"`
}

func (a *api) errors() {
	const tag = "errors"
	operate(a, gate.View, "GET /errors", operation{
		id: "list-errors", summary: "Groups of equal errors, the one seen last first", tag: tag, fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *errorQuery) (ErrorList, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return a.c.errorList(ctx, records.ErrorFilter{
			State: q.State, Route: q.Route, Framework: q.Framework, Limit: q.Limit, Offset: q.Offset,
		})
	})
	operate(a, gate.View, "GET /errors/{id}", operation{
		id: "get-error", summary: "A group with its last occurrences and the newest original", tag: tag, fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *ErrorID) (ErrorDetail, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return a.c.errorDetail(ctx, q.ID)
	})
	operate(a, gate.View, "GET /errors/{id}/occurrences/{reference}/original", operation{
		id: "get-error-original", summary: "The body of an error response, without its secrets", tag: tag, fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *occurrenceID) (*ErrorOriginal, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return a.c.errorOriginal(ctx, q.ID, q.Reference)
	})
	operate(a, gate.Operate, "PUT /errors/{id}/state", operation{
		id: "set-error-state", summary: "Resolve a group of errors, or open it again", tag: tag, fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *errorChange) (ErrorDetail, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		id, err := a.c.setErrorState(ctx, gate.From(ctx).Name, q.ID, q.Body.State)
		if err != nil {
			return ErrorDetail{}, err
		}
		return a.c.errorDetail(ctx, id)
	})
}
