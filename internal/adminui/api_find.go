package adminui

import (
	"context"
	"net/http"

	"github.com/redactd/redactd/internal/gate"
)

type findRequest struct {
	Body struct {
		Value string `json:"value" minLength:"1" maxLength:"65536" doc:"As it stood in the logs"`
	}
}

func (a *api) find() {
	operate(a, gate.Operate, "POST /leaks/find", operation{
		id: "find-value", summary: "Whether a value was seen, where and since when", tag: "leaks",
		about: "By its fingerprints under all keys. Nothing is kept of the value, and it is not in the answer.", fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *findRequest) (Found, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return a.c.find(ctx, gate.From(ctx).Name, []byte(q.Body.Value))
	})
}
