// Package adminui is the page that operators open: the errors of the services behind
// redactd, in groups, with what is known of each. It is rendered on the server, asks for
// nothing from elsewhere, and has no script. It shows what the records hold, which is
// scrubbed; it changes nothing.
package adminui

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// Errors are where the page reads: a *records.DB.
type Errors interface {
	ErrorGroups(ctx context.Context, f records.ErrorFilter) ([]records.ErrorGroup, error)
	ErrorGroup(ctx context.Context, id string) (records.ErrorGroup, error)
	ErrorOccurrences(ctx context.Context, f records.OccurrenceFilter) ([]records.ErrorOccurrence, error)
	ErrorOriginal(ctx context.Context, o *records.ErrorOccurrence) error
}

// Options are what a page is made of.
type Options struct {
	Errors Errors
	// Local says that only browsers of this machine are served: requests whose host is
	// neither localhost nor a loopback address are refused, so that no page of elsewhere
	// can have a browser read this one under a name of its own (DNS rebinding).
	Local bool
}

//go:embed page.css *.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"time":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"short": func(id string) string { return id[:min(len(id), 12)] },
}).ParseFS(files, "*.html"))

const (
	// mostGroups and mostOccurrences are how many of them a page shows.
	mostGroups      = 500
	mostOccurrences = 20
	// patience is how long the database may take.
	patience = 5 * time.Second
	// mostOriginal bounds, in bytes, how much of an original is shown.
	mostOriginal = 64 << 10
)

// New returns what serves the page below /errors, with what it needs.
func New(o Options) http.Handler {
	h := &handler{o}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /errors", h.list)
	mux.HandleFunc("GET /errors/{id}", h.show)
	mux.HandleFunc("GET /errors/page.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "page.css")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cache-Control", "no-store")
		if o.Local && !isLocal(r.Host) {
			http.Error(w, "This page is for browsers of the machine that it runs on.", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
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

type handler struct{ o Options }

// list is the page of all groups.
type list struct {
	Groups []records.ErrorGroup
	Filter records.ErrorFilter
	Full   bool // there may be more
}

func (h *handler) list(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	query := r.URL.Query()
	page := list{Filter: records.ErrorFilter{
		Route: query.Get("route"), Framework: query.Get("framework"), State: query.Get("state"), Limit: mostGroups,
	}}
	var err error
	page.Groups, err = h.o.Errors.ErrorGroups(ctx, page.Filter)
	if err != nil && records.KindOf(err) != records.Missing { // there is no database yet
		fail(w, err)
		return
	}
	page.Full = len(page.Groups) == mostGroups
	render(w, "list.html", page)
}

// show is the page of one group.
type show struct {
	Group       records.ErrorGroup
	Occurrences []records.ErrorOccurrence
	// Original is that of the newest occurrence of which one was kept, Of.
	Of       *records.ErrorOccurrence
	Original string
	Cut      bool
}

func (h *handler) show(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	page := show{}
	var err error
	if page.Group, err = h.o.Errors.ErrorGroup(ctx, r.PathValue("id")); err != nil {
		fail(w, err)
		return
	}
	page.Occurrences, err = h.o.Errors.ErrorOccurrences(ctx, records.OccurrenceFilter{Group: page.Group.ID, Limit: mostOccurrences})
	if err == nil {
		err = h.original(ctx, &page)
	}
	if err != nil {
		fail(w, err)
		return
	}
	render(w, "show.html", page)
}

// original reads the newest original that was kept.
func (h *handler) original(ctx context.Context, page *show) error {
	for i := range page.Occurrences {
		o := page.Occurrences[i]
		if err := h.o.Errors.ErrorOriginal(ctx, &o); err != nil {
			return err
		}
		text, err := o.Original.Unpack()
		if err != nil || len(text) == 0 {
			continue // it was not kept, or is damaged: an older one may do
		}
		page.Cut = o.Original.Truncated || len(text) > mostOriginal
		page.Of, page.Original = &o, strings.ToValidUTF8(string(text[:min(len(text), mostOriginal)]), "\uFFFD")
		return nil
	}
	return nil
}

func render(w http.ResponseWriter, name string, page any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, page); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

// fail answers with what the operator can do. What the database says is for the log.
func fail(w http.ResponseWriter, err error) {
	if records.KindOf(err) == records.Missing {
		http.Error(w, "There is no such error.", http.StatusNotFound)
		return
	}
	text := "The records can't be read at the moment."
	if errors.Is(err, context.DeadlineExceeded) {
		text = "The records took too long to answer."
	}
	http.Error(w, text, http.StatusServiceUnavailable)
}
