package gate

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/redactd/redactd/internal/config"
)

func (f *refusal) answer(w http.ResponseWriter, r *http.Request) {
	if f.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.wait.Seconds()))))
	}
	refuse(w, r, f.status, f.text)
}

// deny answers who has not what a path needs.
func (g *Gate) deny(w http.ResponseWriter, r *http.Request, rules *Rules, who Identity, need Need) {
	console := need == View || need == Operate
	switch {
	case who.Means != Anonymous:
		refuse(w, r, http.StatusForbidden, "Your role, "+who.Role.String()+", is not enough for this.")
	case console && !rules.logIn && rules.page == config.PageLocal && rules.local:
		refuse(w, r, http.StatusForbidden, "The console is for browsers of the machine that it runs on.")
	case console && !rules.logIn:
		refuse(w, r, http.StatusForbidden, "This wants a log-in, and none is configured: docs/CONSOLE.md says how.")
	case console && who.LogIn && !unsafe(r) && !isAPI(r) && strings.Contains(r.Header.Get("Accept"), "text/html"):
		toLogIn(w, r)
	default:
		refuse(w, r, http.StatusUnauthorized, "This wants a log-in.")
	}
}

// again is a page that loads itself once more. To a request that a foreign page's link
// makes, browsers add no SameSite=Strict cookie; to what this page then makes, they do.
const again = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0"><title>redactd</title></html>
`

// toLogIn leads a browser to the log-in page, and from there back.
func toLogIn(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		_, _ = io.WriteString(w, again)
		return
	}
	http.Redirect(w, r, "/login?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
}

// problem is an error as RFC 9457 has it.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// refuse answers with what is wrong, in the form that who asks can read.
func refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="redactd"`)
	}
	if !isAPI(r) {
		http.Error(w, text, status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{http.StatusText(status), status, text})
}
