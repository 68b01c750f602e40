package gate

import (
	"context"
	"crypto/sha256"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// Means is how it is known who asks.
type Means string

// The means.
const (
	Anonymous   Means = "anonymous" // it is not
	Local       Means = "local"     // of this machine, where nobody can log in
	Token       Means = "token"
	Session     Means = "session" // of the log-in page
	Certificate Means = "certificate"
	Proxy       Means = "proxy"
)

// Identity is who asks.
type Identity struct {
	// Name is that of the token or certificate in the configuration, or the one that the
	// proxy says; "local" and "anonymous" of who has none. It is printable, and at most
	// 200 bytes long.
	Name  string
	Means Means
	Role  Role
	// LogIn says that there is a page to log in at.
	LogIn bool

	form string // "" where no form of a foreign page could be sent
}

// FormToken returns what forms of who asks have to bring in FormField.
func (i Identity) FormToken() string { return i.form }

// CanAct reports whether who asks is an operator.
func (i Identity) CanAct() bool { return i.Role >= Operator }

// LoggedIn reports whether there is a session to log out of.
func (i Identity) LoggedIn() bool { return i.Means == Session }

// nobody is who does not say, and needs not.
var nobody = Identity{Name: string(Anonymous), Means: Anonymous}

type identityKey struct{}

func with(ctx context.Context, who Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, who)
}

// From returns who asks, as the gate that let a request through found it out; nobody for
// a context of elsewhere, and behind a need of Open.
func From(ctx context.Context) Identity {
	who, ok := ctx.Value(identityKey{}).(Identity)
	if !ok {
		return nobody
	}
	return who
}

// With returns ctx with who asks, for tests of what stands behind a gate.
func With(ctx context.Context, who Identity) context.Context { return with(ctx, who) }

// identify returns who asks, or what is wrong with what they show. A use puts off the end
// of their session.
func (g *Gate) identify(rules *Rules, r *http.Request, use bool) (Identity, *refusal) {
	least := Nobody
	if rules.page == config.PageAll {
		least = Viewer
	}
	if scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		t, bad := g.tryToken(rules, r, strings.TrimSpace(text))
		return Identity{Name: t.name, Means: Token, Role: max(t.role, least)}, bad
	}
	who := Identity{LogIn: rules.hasTokens() && rules.page != config.PageOff}
	if id := cookieOf(r); id != "" {
		if s, t, ok := g.sessions.find(id, rules, g.now(), use); ok {
			who.Name, who.Means, who.Role, who.form = t.name, Session, t.role, s.form
			return who, nil
		}
	}
	if c, ok := rules.certified(r.TLS, g.now()); ok {
		who.Name, who.Means, who.Role = c.name, Certificate, c.role
	} else if rules.trusts(peerOf(r)) {
		name, role, ok, err := rules.proxy.identify(r.Header)
		if err != nil {
			return Identity{}, &refusal{status: http.StatusBadRequest, reason: ReasonProxy, text: "The proxy's headers do not say clearly who asks."}
		}
		if ok {
			who.Name, who.Means, who.Role = name, Proxy, role
		}
	}
	if who.Means == "" {
		who.Name, who.Means = string(Anonymous), Anonymous
		if rules.isLocal(r) {
			who.Name, who.Means, who.Role = string(Local), Local, Operator
		}
	}
	who.Role = max(who.Role, least)
	who.form = g.formToken(who.Means, who.Name)
	return who, nil
}

// isLocal reports whether a request without a log-in is of somebody at this machine: the
// listener has an address of it alone, and the browser did not come here by a name that
// a foreign page could have given this address (DNS rebinding). Nor is it of a proxy at
// this machine, behind which may be anybody.
func (r *Rules) isLocal(req *http.Request) bool {
	return r.page == config.PageLocal && r.here(req)
}

// forwarded reports whether a request says that a proxy passed it on.
func forwarded(h http.Header) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}

// here reports whether only this machine reaches the listener, and by a name of its own
// and past no proxy, and nobody can log in.
func (r *Rules) here(req *http.Request) bool {
	return !r.logIn && r.local && isLoopback(req.Host) && !forwarded(req.Header)
}

// isLoopback reports whether a Host header names this machine.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}

// tryToken returns who knows text.
func (g *Gate) tryToken(rules *Rules, r *http.Request, text string) (token, *refusal) {
	var who token
	caller, now := rules.caller(r), g.now()
	ok, wait := g.attempts.try(caller, now, func() (ok bool) {
		who, ok = rules.lookUp(sha256.Sum256([]byte(text)))
		return ok
	})
	switch {
	case ok:
		return who, nil
	case wait > 0:
		return token{}, &refusal{status: http.StatusTooManyRequests, reason: ReasonLimit, wait: wait, text: "Too many wrong tokens came from this address."}
	}
	g.log.Warn("log-in refused: the token is not one of the configuration", "address", caller)
	return token{}, &refusal{status: http.StatusUnauthorized, reason: ReasonToken, text: "The token is not right."}
}

// peerOf returns the address that a request came from.
func peerOf(r *http.Request) netip.Addr {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Addr().Unmap()
}

// caller returns the address whose wrong tokens are counted: that of the peer, or whom a
// trusted proxy says it asks for.
func (r *Rules) caller(req *http.Request) netip.Addr {
	peer := peerOf(req)
	if !r.trusts(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return peer
		}
		if addr = addr.Unmap(); !r.trusts(addr) {
			return addr
		}
	}
	return peer
}

// refusal is an answer to who is not let through.
type refusal struct {
	status       int
	reason, text string
	wait         time.Duration
}
