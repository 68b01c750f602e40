package adminui

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/gate"
	"github.com/redactd/redactd/internal/records"
)

// periods are what a list can be narrowed to by when something was seen last.
var periods = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour}

func (c *Console) showLeaks(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	query := r.URL.Query()
	f := records.LeakFilter{
		State: query.Get("state"), Rule: query.Get("rule"), Severity: query.Get("severity"),
		Route: query.Get("route"), Service: query.Get("service"), Version: query.Get("version"), Offset: offset(r),
	}
	if f.State == stillLeaking {
		f.State, f.Again = "", true
	}
	if p := periods[query.Get("since")]; p > 0 {
		f.Since = time.Now().Add(-p)
	}
	list, err := c.leakList(ctx, f)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "leaks.html", view{Title: "Leaks", Nav: "/leaks", Data: list})
}

// stillLeaking is no state, but a choice beside them.
const stillLeaking = "still_leaking"

func (c *Console) showLeak(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	d, err := c.leakDetail(ctx, r.PathValue("id"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "leak.html", view{Title: fmt.Sprintf("Leak %d", d.Number), Nav: "/leaks", Data: d})
}

// maxNote bounds, in bytes, what somebody may say of a leak.
const maxNote = 2000

// postLeak says what a leak is now.
func (c *Console) postLeak(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	note := strings.TrimSpace(r.PostFormValue("note"))
	number, err := c.setLeakState(ctx, gate.From(ctx).Name, r.PathValue("id"), r.PostFormValue("state"), note[:min(len(note), maxNote)])
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, fmt.Sprintf("/leaks/%d", number), http.StatusSeeOther)
}

// whereSeen says in a few words where a leak was seen: its first service and version, or
// route.
func whereSeen(l records.Leak) string {
	if len(l.Places) == 0 {
		return ""
	}
	p := l.Places[0]
	text := p.Route
	if p.Service != "" {
		text = strings.TrimSpace(p.Service + " " + p.Version)
	}
	if n := len(l.Places) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// since returns the place with the version that brought a leak, nil where none is known.
func since(l records.Leak) *records.LeakPlace {
	if p, ok := l.Since(); ok {
		return &p
	}
	return nil
}

// leaking says whether a leak goes on.
func leaking(l records.Leak) string {
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
	switch {
	case !l.Reopened.IsZero():
		return "Still leaking: seen after it was rotated, first " + at(l.Reopened) + "."
	case l.State == records.LeakRotated:
		return "Not seen since it was rotated " + at(l.StateChanged) + "."
	case l.State == records.LeakFalsePositive:
		return "No leak: it was said to be a false positive."
	}
	return "Leaking as of " + at(l.LastSeen) + "."
}
