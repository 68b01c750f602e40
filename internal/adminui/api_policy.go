package adminui

import (
	"context"
	"net/http"

	"github.com/redactd/redactd/internal/explain"
	"github.com/redactd/redactd/internal/gate"
)

type explainRequest struct {
	Body struct {
		Route  string `json:"route" minLength:"1" maxLength:"256" doc:"Route or listener whose policy it is explained under"`
		Text   string `json:"text" maxLength:"65536"`
		Path   string `json:"path,omitempty" maxLength:"1024" doc:"Field whose value the text is, such as user.password; without, it is a document or plain text"`
		Format string `json:"format,omitempty" maxLength:"64" doc:"That the text is in, such as json; without, that of the policy, or what it looks like"`
	}
}

func (a *api) policy() {
	const tag = "policy"
	operate(a, gate.View, "GET /policy", operation{
		id: "get-policy", summary: "The policy in force: configuration without secrets, routes, digest", tag: tag, fails: []int{http.StatusNotFound},
	}, func(context.Context, *struct{}) (InForce, error) { return a.c.inForce() })
	operate(a, gate.Operate, "POST /policy/reload", operation{
		id: "reload-policy", summary: "Read the configuration again", tag: tag,
		about: "Where it is wrong, nothing changes, and the answer says what is wrong.", fails: []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, _ *struct{}) (InForce, error) { return a.c.reload(gate.From(ctx).Name) })
	operate(a, gate.View, "POST /explain", operation{
		id: "explain", summary: "What the policy of a route finds in a text, what it nearly finds, and why not", tag: tag,
		about: "Nothing is kept of the text, and no value of it is in the answer.", fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *explainRequest) (*explain.Result, error) {
		ctx, cancel := context.WithTimeout(ctx, tryPatience)
		defer cancel()
		return a.c.explain(ctx, q.Body.Route, explain.Request{Text: []byte(q.Body.Text), Path: q.Body.Path, Format: q.Body.Format})
	})
}
