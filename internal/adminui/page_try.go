package adminui

import (
	"context"
	"net/http"
	"time"

	"github.com/redactd/redactd/internal/explain"
)

// tryPatience is how long a text may take.
const tryPatience = 10 * time.Second

// tried is what the playground shows. The text that was tried is not in it: no answer
// holds a value.
type tried struct {
	Routes      []Route
	Route, Path string
	Result      *explain.Result
	Actions     []string
	Problem     string
}

func (c *Console) showTry(w http.ResponseWriter, r *http.Request) {
	c.renderTry(w, r, http.StatusOK, tried{Route: r.URL.Query().Get("route")})
}

func (c *Console) renderTry(w http.ResponseWriter, r *http.Request, status int, t tried) {
	p, err := c.inForce()
	if err != nil || c.s.Explain == nil {
		c.fail(w, r, errNoPolicy)
		return
	}
	t.Routes, t.Actions = p.Routes, explain.Actions
	c.render(w, r, status, "try.html", view{Title: "Try", Nav: "/try", Data: t})
}

// postTry explains a text.
func (c *Console) postTry(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), tryPatience)
	defer cancel()
	t := tried{Route: r.PostFormValue("route"), Path: r.PostFormValue("path")}
	status := http.StatusOK
	var err error
	t.Result, err = c.explain(ctx, t.Route, explain.Request{Text: []byte(r.PostFormValue("text")), Path: t.Path})
	if err != nil {
		status, t.Problem = say(err)
	}
	c.renderTry(w, r, status, t)
}
