package adminui

import (
	"context"
	"net/http"
	"strings"

	"github.com/redactd/redactd/internal/gate"
)

// looked is what the page of a look-up shows; the value is not in it.
type looked struct {
	Found   *Found
	Problem string
}

func (c *Console) showFind(w http.ResponseWriter, r *http.Request) {
	c.renderFind(w, r, http.StatusOK, looked{})
}

func (c *Console) renderFind(w http.ResponseWriter, r *http.Request, status int, l looked) {
	c.render(w, r, status, "find.html", view{Title: "Look up a value", Nav: "/leaks", Data: l})
}

// postFind looks a value up. Browsers send line ends as CR LF, and whoever pastes a value
// often has one behind it.
func (c *Console) postFind(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	value := strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("value"), "\r\n", "\n"))
	found, err := c.find(ctx, gate.From(ctx).Name, []byte(value))
	if err != nil {
		status, text := say(err)
		c.renderFind(w, r, status, looked{Problem: text})
		return
	}
	c.renderFind(w, r, http.StatusOK, looked{Found: &found})
}
