package gate

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The reasons why somebody is refused, for who counts them.
const (
	ReasonAnonymous = "anonymous" // nobody says who asks
	ReasonToken     = "token"     // the token is wrong
	ReasonLimit     = "limit"     // too many wrong tokens came from there
	ReasonRole      = "role"      // the role is not enough
	ReasonOrigin    = "origin"    // a page of elsewhere asks
	ReasonHost      = "host"      // by a foreign name, or past a proxy
	ReasonForm      = "form"      // it is not one of redactd's own pages
	ReasonProxy     = "proxy"     // the proxy's headers do not say clearly who asks
)

// Reasons returns all of them.
func Reasons() []string {
	return []string{ReasonAnonymous, ReasonToken, ReasonLimit, ReasonRole, ReasonOrigin, ReasonHost, ReasonForm, ReasonProxy}
}

func (g *Gate) count(reason string) {
	if g.Refused != nil {
		g.Refused(reason)
	}
}

// refuse answers with what is wrong, and counts it.
func (g *Gate) refuse(w http.ResponseWriter, r *http.Request, status int, reason, text string) {
	g.count(reason)
	refuse(w, r, status, text)
}

func (g *Gate) answer(w http.ResponseWriter, r *http.Request, f *refusal) {
	if f.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.wait.Seconds()))))
	}
	g.refuse(w, r, f.status, f.reason, f.text)
}

// deny answers who has not what a path needs.
func (g *Gate) deny(w http.ResponseWriter, r *http.Request, rules *Rules, who Identity, need Need) {
	console := need == View || need == Operate
	switch {
	case who.Means != Anonymous:
		g.refuse(w, r, http.StatusForbidden, ReasonRole, "Your role, "+who.Role.String()+", is not enough for this.")
	case !rules.logIn && rules.local && !rules.here(r):
		g.refuse(w, r, http.StatusForbidden, ReasonHost, "This is for browsers of the machine that it runs on, which call it localhost and come past no proxy.")
	case console && !rules.logIn:
		g.refuse(w, r, http.StatusForbidden, ReasonAnonymous, "This wants a log-in, and none is configured: docs/CONSOLE.md says how.")
	case console && who.LogIn && !unsafe(r) && !isAPI(r) && strings.Contains(r.Header.Get("Accept"), "text/html"):
		toLogIn(w, r)
	default:
		g.refuse(w, r, http.StatusUnauthorized, ReasonAnonymous, "This wants a log-in.")
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

// Problem is an error of the API, as RFC 9457 has it.
type Problem struct {
	Title  string   `json:"title" doc:"What the status means"`
	Status int      `json:"status" doc:"The status of the answer"`
	Detail string   `json:"detail" doc:"What is wrong"`
	Errors []string `json:"errors,omitempty" doc:"Where it is wrong, and how; what stands there is not told"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the status of the answer.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the type of the answer.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// refuse answers with what is wrong, in the form that who asks can read.
func refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="redactd"`)
	}
	if !isAPI(r) {
		http.Error(w, text, status)
		return
	}
	Refuse(w, status, text)
}

// Refuse answers a request of the API with a Problem.
func Refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Problem{Title: http.StatusText(status), Status: status, Detail: text})
}
