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
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Options say to whom the console is served.
type Options struct {
	// Local says that only browsers of this machine are served: requests whose host is
	// neither localhost nor a loopback address are refused, so that no page of elsewhere
	// can have a browser read this one under a name of its own (DNS rebinding).
	Local bool
}

// patience is how long a database may take.
const patience = 5 * time.Second

// Console serves the pages. It is safe for concurrent use.
type Console struct {
	s   Sources
	o   Options
	mux *http.ServeMux
}

// New returns the console over s.
func New(s Sources, o Options) *Console {
	c := &Console{s: s, o: o, mux: http.NewServeMux()}
	c.mux.HandleFunc("GET /assets/{name}", serveAsset)
	c.mux.HandleFunc("GET /errors", c.showErrors)
	c.mux.HandleFunc("GET /errors/{id}", c.showError)
	c.mux.HandleFunc("GET /leaks", c.showLeaks)
	c.mux.HandleFunc("GET /leaks/{id}", c.showLeak)
	c.mux.Handle("GET /{$}", http.RedirectHandler("/leaks", http.StatusFound))
	c.mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { c.fail(w, r, errNoPage) })
	return c
}

// policy is the Content-Security-Policy of all pages: nothing from elsewhere, nothing
// inline.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	if c.o.Local && !isLocal(r.Host) {
		http.Error(w, "This page is for browsers of the machine that it runs on.", http.StatusForbidden)
		return
	}
	c.mux.ServeHTTP(w, r)
}

// isLocal reports whether a Host header names this machine.
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}
