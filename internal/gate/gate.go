package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// Need is what a path asks of who wants it.
type Need uint8

// The needs. What Inspect and Control ask for, they ask for where somebody can log in;
// else the address of the listener is all the protection there is.
const (
	Open    Need = iota // nothing
	Scrape              // what admin.metrics says
	Inspect             // a viewer
	Control             // an operator
	View                // a viewer, of the console
	Operate             // an operator, of the console
)

// Gate lets requests through to the admin listener's paths. It is safe for concurrent
// use once all paths are handed to it.
type Gate struct {
	// Refused is told why somebody is refused, one of Reasons; nil for nobody. It is not
	// changed once requests come.
	Refused func(reason string)

	rules    func() *Rules
	log      *slog.Logger
	now      func() time.Time
	key      [sha256.Size]byte // of the form tokens of who has no session
	mux      *http.ServeMux
	paths    []Path
	foreign  *http.CrossOriginProtection
	sessions sessions
	attempts attempts
}

// New returns a gate with the log-in page and nothing behind it. rules returns those in
// force.
func New(rules func() *Rules, log *slog.Logger) *Gate {
	g := &Gate{rules: rules, log: log, now: time.Now, mux: http.NewServeMux(), foreign: http.NewCrossOriginProtection()}
	copy(g.key[:], random())
	g.Handle(Open, "GET /login", http.HandlerFunc(g.logInPage))
	g.Handle(Open, "GET /login.css", http.HandlerFunc(logInStyle))
	g.Handle(Open, "POST /login", http.HandlerFunc(g.logIn))
	g.Handle(Open, "POST /logout", http.HandlerFunc(g.logOut))
	return g
}

// Handle puts h behind the gate: requests that match pattern, as of an http.ServeMux,
// reach it if who asks has what it needs. From tells h who that is.
func (g *Gate) Handle(need Need, pattern string, h http.Handler) {
	g.mux.Handle(pattern, &door{g, need, pattern, h})
	g.paths = append(g.paths, Path{need, pattern})
}

// Path is what Handle was told of a path.
type Path struct {
	Need    Need
	Pattern string
}

// Paths returns all paths in the order in which they were handed to Handle.
func (g *Gate) Paths() []Path { return slices.Clone(g.paths) }

const (
	// maxBody bounds the bodies of requests, in bytes.
	maxBody = 1 << 20
	// answerTime is how long an answer may take until all of it is read.
	answerTime = 2 * time.Minute
)

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	if g.foreign.Check(r) != nil || embedded(r) {
		g.refuse(w, r, http.StatusForbidden, ReasonOrigin, "A page of elsewhere may not act here.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	// Who reads slowly holds what is written no longer than this. What streams puts it off.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime))
	g.mux.ServeHTTP(w, r)
}

// door is a path behind the gate.
type door struct {
	g       *Gate
	need    Need
	pattern string
	h       http.Handler
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.need == Open {
		d.h.ServeHTTP(w, r)
		return
	}
	rules := d.g.rules()
	if rules.page == config.PageOff && (d.need == View || d.need == Operate) {
		http.NotFound(w, r)
		return
	}
	who, bad := d.identify(rules, r)
	if bad != nil {
		d.g.answer(w, r, bad)
		return
	}
	if !rules.allow(d.need, who.Role, r) {
		d.g.deny(w, r, rules, who, d.need)
		return
	}
	if unsafe(r) {
		if status, text := d.checkForm(w, r, who); status != 0 {
			d.g.refuse(w, r, status, ReasonForm, text)
			return
		}
	}
	if d.need == Control { // the console says more of what is done there
		// Profiles take as long as they are asked to.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		watched := &watched{ResponseWriter: w}
		defer func() {
			d.g.log.Info("admin action", "by", who.Name, "means", string(who.Means), "action", d.pattern, "status", watched.code())
		}()
		w = watched
	}
	d.h.ServeHTTP(w, r.WithContext(with(r.Context(), who)))
}

// identify returns who asks. Who needs no role need not say who they are, nor be right
// about it.
func (d *door) identify(rules *Rules, r *http.Request) (Identity, *refusal) {
	if d.need != View && d.need != Operate && rules.allow(d.need, Nobody, r) {
		return nobody, nil
	}
	// News come by themselves: they do not show that anybody is there.
	return d.g.identify(rules, r, !strings.Contains(r.Header.Get("Accept"), "text/event-stream"))
}

// allow reports whether a role is enough for a need of a request. Where nobody can log in
// and the listener is of this machine alone, its name has to be, too: a page of elsewhere
// can give this address a name of its own, and then all it asks for is of its own site.
func (r *Rules) allow(n Need, role Role, req *http.Request) bool {
	open := !r.logIn && (!r.local || r.here(req))
	switch n {
	case Open:
		return true
	case Scrape:
		return role >= r.scrape
	case Inspect:
		return open || role >= Viewer
	case Control:
		return open || role >= Operator
	case View:
		return role >= Viewer
	case Operate:
		return role >= Operator
	}
	return false
}

// embedded reports whether a foreign page has a browser load what is asked for as a part
// of itself: a picture, a script, news. It can't read it, but tell how long it took, and
// it could hold all streams of events, or have profiles taken. Links may lead here.
func embedded(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || unsafe(r)
}

func unsafe(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// isAPI reports whether a request is of a program, which is answered in JSON.
func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// checkForm asks of what is posted that it can't have come from a foreign page, which a
// browser would send with the same cookie, certificate or address: of a form, that it has
// the token that only redactd's own pages hold; of the API, that it is JSON, which
// browsers let a foreign page send nowhere without asking.
func (d *door) checkForm(w http.ResponseWriter, r *http.Request, who Identity) (status int, text string) {
	form := d.need == View || d.need == Operate
	switch {
	case who.form == "":
		return 0, ""
	case isAPI(r):
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		if r.ContentLength != 0 && !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
			return http.StatusUnsupportedMediaType, "The API takes application/json."
		}
	case form:
		return checkFormToken(r, who.form)
	}
	return 0, ""
}

// FormField is the name of the field in forms that holds Identity.FormToken.
const FormField = "form"

func checkFormToken(r *http.Request, want string) (status int, text string) {
	if err := r.ParseForm(); err != nil {
		return http.StatusBadRequest, "The form can't be read, or is too large."
	}
	if !hmac.Equal([]byte(r.PostForm.Get(FormField)), []byte(want)) {
		return http.StatusForbidden, "The form is of another session: load the page again, then send it."
	}
	return 0, ""
}

// formToken returns the token of forms for who has no session.
func (g *Gate) formToken(means Means, name string) string {
	h := hmac.New(sha256.New, g.key[:])
	h.Write([]byte(string(means) + "\x00" + name))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// watched notes the status of an answer.
type watched struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *watched) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
