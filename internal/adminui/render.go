package adminui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/gate"
	"github.com/redactd/redactd/internal/records"
)

//go:embed assets pages
var files embed.FS

// view is what a template is executed with.
type view struct {
	Title string
	Nav   string // the address of the entry in the navigation that this is of
	Path  string // of the request
	Query url.Values
	Who   gate.Identity
	Data  any
}

// entry is one of the navigation.
type entry struct{ Path, Name string }

var navigation = []entry{{"/", "Overview"}, {"/leaks", "Leaks"}, {"/errors", "Errors"}, {"/rules", "Rules"}, {"/try", "Try"},
	{"/coverage", "Coverage"}, {"/policy", "Policy"}, {"/audit", "Audit"}}

var functions = template.FuncMap{
	"navigation": func() []entry { return navigation },
	"time":       func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"stamp":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"short":      short,
	"formField":  func() string { return gate.FormField },
	"words":      func(s string) string { return strings.ReplaceAll(s, "_", " ") },
	"number":     number,
	"some":       func(t time.Time) bool { return !t.IsZero() },
	"states":     records.LeakStates,
	"severities": func() []string { return []string{"critical", "high", "medium", "low"} },
	"choices":    choices,
	"pager":      pager,
	"filtered":   filtered,
	"where":      whereSeen,
	"since":      since,
	"leaking":    leaking,
	"hasPrefix":  strings.HasPrefix,
	"decimal":    func(v any) string { return decimal(plain(v)) },
	"state":      stateWord,
	"pieces":     pieces,
	"percent":    percent,
	"bytes":      bytesText,
	"ratio":      func(s audit.CoverageSum) float64 { return s.Ratio() },
	"add":        func(a, b uint64) uint64 { return a + b },
	"meaning":    meaning,
	"outcome":    outcome,
	"cost":       func(n *int64) string { return number(*n) },
}

// templates are the pages by name, each with the layout.
var templates = func() map[string]*template.Template {
	layout := template.Must(template.New("layout.html").Funcs(functions).ParseFS(files, "pages/layout.html"))
	pages, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		panic(err)
	}
	all := map[string]*template.Template{}
	for _, file := range pages {
		if name := path.Base(file); name != "layout.html" {
			all[name] = template.Must(template.Must(layout.Clone()).ParseFS(files, file))
		}
	}
	return all
}()

// render answers with a page.
func (c *Console) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Path, v.Query, v.Who = r.URL.Path, r.URL.Query(), gate.From(r.Context())
	var b bytes.Buffer
	if err := templates[name].ExecuteTemplate(&b, "layout.html", v); err != nil {
		c.did(err, "", "render "+name)
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(visible(b.Bytes()))
}

// fail answers with a page that says what is wrong.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := say(err)
	nav := "/" + strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 2)[0]
	c.render(w, r, status, "problem.html", view{Title: http.StatusText(status), Nav: nav, Data: text})
}

// short is enough of an id to tell it.
func short(id string) string { return id[:min(len(id), 12)] }

// visible writes characters that are not seen, or that have others stand elsewhere than
// where they are, by their number: control characters, those that change the direction of
// text, and the mark at the beginning of a file. Names of what leaks come from outside.
func visible(page []byte) []byte {
	plain := func(b []byte) bool {
		for _, c := range b {
			if c < ' ' && c != '\n' && c != '\t' || c == 0x7f || c == 0xc2 || c == 0xd8 || c == 0xe1 || c == 0xe2 || c == 0xe3 || c == 0xef || c == 0xf3 {
				return false
			}
		}
		return true
	}
	if plain(page) {
		return page
	}
	out := make([]byte, 0, len(page)+64)
	for len(page) > 0 {
		r, n := utf8.DecodeRune(page)
		if hidden(r) {
			out = fmt.Appendf(out, "[U+%04X]", r)
		} else if r == utf8.RuneError && n == 1 {
			out = append(out, "\uFFFD"...)
		} else {
			out = append(out, page[:n]...)
		}
		page = page[n:]
	}
	return out
}

func hidden(r rune) bool {
	switch {
	case r < ' ':
		return r != '\n' && r != '\t'
	case r >= 0x7f && r < 0xa0, r == 0x61c, r == 0x200b, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e,
		r == 0xad, r == 0x115f, r == 0x1160, r >= 0x180b && r <= 0x180f, r == 0x3164, r == 0xffa0, r >= 0xe0000 && r <= 0xe0fff, // are not seen
		r >= 0x2028 && r <= 0x2029, r >= 0x2060 && r <= 0x2069, r == 0xfeff, r >= 0xfff9 && r <= 0xfffb:
		return true
	}
	return false
}

// number writes a whole number with its thousands apart.
func number(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// stateWord says in a word what the colour of a tile says.
func stateWord(state string) string {
	return map[string]string{"good": "fine", "warn": "look at it", "bad": "act"}[state]
}

// plain returns a value, which may be a pointer to one.
func plain(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case *float64:
		return *v
	}
	return math.NaN()
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, files, "assets/"+r.PathValue("name"))
}
