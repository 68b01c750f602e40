// Package adminui is the console: the page that operators open and the API that other
// programs use, over one set of Sources. Pages are rendered on the server, work without
// scripts and ask for nothing from elsewhere. What they show is scrubbed, and no value of a
// finding is in it.
//
// Terminology:
//
//   - source: where something is read from; see Sources
//   - view: one page, or a group of them under one name in the navigation
//
// Files: sources.go has what is read, data_*.go what is made of it for pages and API alike,
// page_*.go the pages, api*.go the API, pages/ the templates and assets/ what they load.
package adminui

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/redactd/redactd/internal/gate"
)

const (
	// patience is how long a database may take where nothing can be shown without it.
	patience = 5 * time.Second
	// glance is how long it may take where the rest of a page is of use without it.
	glance = 2 * time.Second
)

// Console is what pages and API have in common. It is safe for concurrent use.
type Console struct {
	s      Sources
	gate   *gate.Gate
	ring   ring
	events stream
	prover prover
	// description is that of the API.
	description *huma.OpenAPI
}

// Register puts the console over s behind g. Run is to be called, too.
func Register(g *gate.Gate, s Sources) *Console {
	c := &Console{s: s, gate: g}
	c.page(gate.Open, "GET /assets/{name}", serveAsset)
	c.page(gate.View, "GET /{$}", c.showOverview)
	c.page(gate.View, "GET /events", c.serveEvents)
	c.page(gate.View, "GET /leaks", c.showLeaks)
	c.page(gate.Operate, "GET /leaks/find", c.showFind)
	c.page(gate.Operate, "POST /leaks/find", c.postFind)
	c.page(gate.View, "GET /leaks/{id}", c.showLeak)
	c.page(gate.Operate, "POST /leaks/{id}", c.postLeak)
	c.page(gate.View, "GET /errors", c.showErrors)
	c.page(gate.View, "GET /errors/{id}", c.showError)
	c.page(gate.Operate, "POST /errors/{id}", c.postError)
	c.page(gate.View, "GET /rules", c.showRules)
	c.page(gate.View, "GET /rules/{id}", c.showRule)
	c.page(gate.View, "GET /try", c.showTry)
	c.page(gate.View, "POST /try", c.postTry)
	c.page(gate.View, "GET /coverage", c.showCoverage)
	c.page(gate.View, "GET /policy", c.showPolicy)
	c.page(gate.Operate, "POST /policy/reload", c.postReload)
	c.page(gate.View, "GET /audit", c.showAudit)
	c.page(gate.View, "POST /audit/verify", c.postVerify)
	c.page(gate.View, "GET /", func(w http.ResponseWriter, r *http.Request) { c.fail(w, r, errNoPage) })
	c.registerAPI(g)
	return c
}

// page puts a page, or what a form of one is sent to, behind the gate: need says who may
// have it. gate.From tells f who asks.
func (c *Console) page(need gate.Need, pattern string, f http.HandlerFunc) {
	c.gate.Handle(need, pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		f(w, r)
	}))
}

// policy is the Content-Security-Policy of all pages: nothing from elsewhere, nothing
// inline.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
