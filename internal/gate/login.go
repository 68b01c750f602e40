package gate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/redactd/redactd/internal/config"
)

//go:embed login.html login.css
var files embed.FS

var logInTemplate = template.Must(template.ParseFS(files, "login.html"))

// logInForm is what the log-in page shows.
type logInForm struct {
	Next, Form, Problem string
}

// home is where a log-in leads that was asked for by itself.
const home = "/"

// maxLogIn bounds, in bytes, what is typed into the log-in page.
const maxLogIn = 8 << 10

// maxNext bounds, in bytes, the path that a log-in leads to.
const maxNext = 2000

func logInStyle(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "login.css") }

// canLogIn reports whether there is a log-in page, and answers where there is none.
func canLogIn(w http.ResponseWriter, r *http.Request, rules *Rules) bool {
	if rules.hasTokens() && rules.page != config.PageOff {
		return true
	}
	http.NotFound(w, r)
	return false
}

func (g *Gate) logInPage(w http.ResponseWriter, r *http.Request) {
	if canLogIn(w, r, g.rules()) {
		g.showLogIn(w, http.StatusOK, localPath(r.URL.Query().Get("next")), "")
	}
}

func (g *Gate) showLogIn(w http.ResponseWriter, status int, next, problem string) {
	var page bytes.Buffer
	if err := logInTemplate.Execute(&page, logInForm{next, g.formToken(Anonymous, "log-in"), problem}); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// logIn makes a session for who typed in a right token. It is always a new one: an id
// that was in the browser before may be known to somebody else.
func (g *Gate) logIn(w http.ResponseWriter, r *http.Request) {
	rules := g.rules()
	if !canLogIn(w, r, rules) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLogIn)
	if status, text := checkFormToken(r, g.formToken(Anonymous, "log-in")); status != 0 {
		g.refuse(w, r, status, ReasonForm, text)
		return
	}
	next := localPath(r.PostForm.Get("next"))
	text := strings.TrimSpace(r.PostForm.Get("token"))
	who, bad := g.tryToken(rules, r, text)
	switch {
	case bad != nil && bad.status == http.StatusUnauthorized:
		g.count(bad.reason)
		w.Header().Set("WWW-Authenticate", `Bearer realm="redactd"`)
		g.showLogIn(w, bad.status, next, bad.text)
		return
	case bad != nil:
		g.answer(w, r, bad)
		return
	case who.role < Viewer:
		g.count(ReasonRole)
		g.showLogIn(w, http.StatusForbidden, next, "The token is for /metrics alone.")
		return
	}
	g.endSession(r)
	id, _ := g.sessions.begin(sha256.Sum256([]byte(text)), rules, g.now())
	setCookie(w, r, id)
	g.log.Info("logged in", "who", who.name, "role", who.role.String(), "address", rules.caller(r))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (g *Gate) logOut(w http.ResponseWriter, r *http.Request) {
	rules := g.rules()
	if !canLogIn(w, r, rules) {
		return
	}
	s, who, ok := g.sessions.find(cookieOf(r), rules, g.now(), false)
	if ok {
		r.Body = http.MaxBytesReader(w, r.Body, maxLogIn)
		if status, text := checkFormToken(r, s.form); status != 0 {
			g.refuse(w, r, status, ReasonForm, text)
			return
		}
		g.sessions.finish(s)
		g.log.Info("logged out", "who", who.name)
	}
	setCookie(w, r, "")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func (g *Gate) endSession(r *http.Request) {
	if s, _, ok := g.sessions.find(cookieOf(r), g.rules(), g.now(), false); ok {
		g.sessions.finish(s)
	}
}

// Ends returns a context that ends with the session of who asks, too. Who serves for
// longer than a moment works with it.
func (g *Gate) Ends(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	if s, _, ok := g.sessions.find(cookieOf(r), g.rules(), g.now(), false); ok && From(ctx).LoggedIn() {
		stop := context.AfterFunc(s.ctx, cancel)
		return ctx, func() { stop(); cancel() }
	}
	return ctx, cancel
}

// Still reports whether who asks has what need asks for by the rules that are in force
// now. Who serves for longer than a moment asks again: a reload may have taken it away.
func (g *Gate) Still(r *http.Request, need Need) bool {
	rules := g.rules()
	who, bad := g.identify(rules, r, false)
	return bad == nil && rules.page != config.PageOff && rules.allow(need, who.Role, r)
}

// localPath returns s if it is a path of this server, with its query, else home: whoever
// makes somebody log in must not choose which site they see then.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsFunc(s, func(c rune) bool { return c == '\\' || c <= ' ' || c == 0x7f }) {
		return home
	}
	if strings.HasPrefix(u.Path, "//") || strings.HasPrefix(u.Path, "/login") || strings.HasPrefix(u.Path, "/logout") {
		return home
	}
	if out := u.RequestURI(); len(out) <= maxNext {
		return out
	}
	return home
}
