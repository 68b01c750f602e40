package adminui

import (
	"context"
	"net/http"
	"time"
)

// defaultPeriod is that of the plots of findings.
const defaultPeriod = "7d"

func (c *Console) showOverview(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), glance)
	defer cancel()
	name := r.URL.Query().Get("period")
	if periods[name] < 24*time.Hour {
		name = defaultPeriod
	}
	c.render(w, r, http.StatusOK, "overview.html", view{
		Title: "Overview", Nav: "/", Data: struct {
			Overview
			Period string
		}{c.overview(ctx, periods[name]), name},
	})
}
