package adminui

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"github.com/redactd/redactd/internal/gate"
	"github.com/redactd/redactd/internal/records"
)

// offset returns where a list is to begin, as its query says.
func offset(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil {
		return 0
	}
	return max(n, 0)
}

func (c *Console) showErrors(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	query := r.URL.Query()
	list, err := c.errorList(ctx, records.ErrorFilter{
		Route: query.Get("route"), Framework: query.Get("framework"), State: query.Get("state"), Offset: offset(r),
	})
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "errors.html", view{Title: "Errors", Nav: "/errors", Data: list})
}

func (c *Console) showError(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	d, err := c.errorDetail(ctx, r.PathValue("id"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "error.html", view{Title: cmp.Or(d.Exception, d.Framework, "Error"), Nav: "/errors", Data: d})
}

// postError says whether an error is resolved.
func (c *Console) postError(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	id, err := c.setErrorState(ctx, gate.From(ctx).Name, r.PathValue("id"), r.PostFormValue("state"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/errors/"+short(id), http.StatusSeeOther)
}
