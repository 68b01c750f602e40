package config

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/tomlpos"
)

// Admin is the operator's listener: metrics, health, the console and its API, and who
// may use them.
type Admin struct {
	Listen string `toml:"listen"` // "" switches it off
	Pprof  bool   `toml:"pprof"`
	// Page says to whom the console is served who has not logged in.
	Page AdminPage `toml:"page"`
	// Metrics says to whom /metrics is served.
	Metrics AdminMetrics `toml:"metrics"`

	TLSCert     string `toml:"tls_cert"`
	TLSKey      string `toml:"tls_key"`
	TLSClientCA string `toml:"tls_client_ca"` // of the certificates of clients, which need not have one

	SessionIdle Duration `toml:"session_idle"` // without a request
	SessionMax  Duration `toml:"session_max"`  // from the log-in on

	Tokens  map[string]*AdminToken  `toml:"token"`
	Clients map[string]*AdminClient `toml:"client"`
	Proxy   AdminProxy              `toml:"proxy"`
}

// AdminPage says to whom the console is served who has not logged in.
type AdminPage string

// The choices for the console.
const (
	// PageLocal are browsers of the same machine, where the listener has a loopback
	// address and no log-in is configured.
	PageLocal AdminPage = "local"
	PageAll   AdminPage = "all" // all who reach the listener may read it
	PageOff   AdminPage = "off" // there is none
)

// AdminMetrics says to whom /metrics is served.
type AdminMetrics string

// The choices for /metrics.
const (
	MetricsAll   AdminMetrics = "all"    // all who reach the listener
	MetricsLogIn AdminMetrics = "log_in" // all with a role
)

// Role is what somebody may do at the admin listener. Each may do what those before it
// may.
type Role string

// The roles.
const (
	RoleMetrics  Role = "metrics"  // read /metrics
	RoleViewer   Role = "viewer"   // read the console
	RoleOperator Role = "operator" // act
)

// AdminToken is somebody who knows a token.
type AdminToken struct {
	Name   string `toml:"-"`
	Value  Secret `toml:"value"`
	SHA256 Secret `toml:"sha256"` // in hex, in the place of Value
	Role   Role   `toml:"role"`
}

// AdminClient is somebody with a certificate that TLSClientCA vouches for.
type AdminClient struct {
	Name string `toml:"-"`
	// Match are names of the certificate, of which one must be in it: "uri:", "dns:",
	// "email:", "cn:" or "sha256:" and what follows.
	Match []string `toml:"match"`
	Role  Role     `toml:"role"`
}

// AdminProxy is a proxy that has had people log in, and says who they are.
type AdminProxy struct {
	Trust          []string `toml:"trust"` // CIDRs that it connects from; none switches it off
	UserHeader     string   `toml:"user_header"`
	GroupsHeader   string   `toml:"groups_header"`
	GroupSeparator string   `toml:"group_separator"`
	Viewers        []string `toml:"viewers"` // groups, or "*" for all
	Operators      []string `toml:"operators"`
}

// LogIn reports whether somebody can tell the admin listener who they are.
func (a *Admin) LogIn() bool {
	return len(a.Tokens)+len(a.Clients)+len(a.Proxy.Trust) > 0
}

// Loopback reports whether the admin listener has an address of this machine alone.
func (a *Admin) Loopback() bool {
	host, _, err := net.SplitHostPort(a.Listen)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

var adminKeys = []key{
	{path: "admin.listen", def: "127.0.0.1:9090", check: optional(listenAddress)},
	{path: "admin.pprof", def: false},
	{path: "admin.page", def: string(PageLocal), check: oneOf(string(PageLocal), string(PageAll), string(PageOff))},
	{path: "admin.metrics", def: string(MetricsAll), check: oneOf(string(MetricsAll), string(MetricsLogIn))},
	{path: "admin.tls_cert", file: readFile},
	{path: "admin.tls_key", file: readFile},
	{path: "admin.tls_client_ca", file: readFile},
	{path: "admin.session_idle", def: "30m", min: 60 * second},
	{path: "admin.session_max", def: "12h", min: 60 * second},

	{path: "admin.token.NAME.value"},
	{path: "admin.token.NAME.sha256"},
	{path: "admin.token.NAME.role", check: role, required: true},

	{path: "admin.client.NAME.match", check: certificateName, required: true},
	{path: "admin.client.NAME.role", check: role, required: true},

	{path: "admin.proxy.trust", check: network},
	{path: "admin.proxy.user_header", def: "X-Forwarded-User", check: ownHeader},
	{path: "admin.proxy.groups_header", def: "X-Forwarded-Groups", check: ownHeader},
	{path: "admin.proxy.group_separator", def: ",", check: nonEmpty},
	{path: "admin.proxy.viewers", check: nonEmpty},
	{path: "admin.proxy.operators", check: nonEmpty},
}

var role = oneOf(string(RoleMetrics), string(RoleViewer), string(RoleOperator))

// certificateName checks a name that certificates are matched by.
func certificateName(s string) string {
	const advice = ` (such as "uri:spiffe://example.com/prometheus", "dns:host", "email:a@example.com", "cn:name" or "sha256:" and the hex digits of the whole)`
	kind, name, ok := strings.Cut(s, ":")
	switch {
	case !ok || !slices.Contains([]string{"uri", "dns", "email", "cn", "sha256"}, kind):
		return "is not a name of a certificate" + advice
	case name == "" || strings.TrimSpace(name) != name:
		return "has nothing behind the colon, or blanks around it" + advice
	case kind == "sha256" && !isSHA256(name):
		return "is not a SHA-256" + advice
	}
	return ""
}

// isSHA256 reports whether s are the hex digits, in lower case, of a SHA-256.
func isSHA256(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == 32 && strings.ToLower(s) == s
}

func (d *decoder) checkAdmin() {
	a := &d.cfg.Admin
	d.checkPair("admin", a.TLSCert, a.TLSKey)
	d.checkCA("admin.tls_client_ca", a.TLSClientCA, false)
	if a.TLSCert == "" && !d.failed("admin.tls_cert") {
		d.noEffect("admin", "without tls_cert", map[string]bool{"tls_client_ca": a.TLSClientCA != ""})
	}
	if a.SessionMax < a.SessionIdle && !d.failed("admin.session_max") && !d.failed("admin.session_idle") {
		at := "admin.session_max"
		if !d.has(at) {
			at = "admin.session_idle"
		}
		d.fail(at, "a session that may idle for %s would end after %s (session_max of session_idle or more)", a.SessionIdle, a.SessionMax)
	}
	d.checkTokens(a)
	d.checkClients(a)
	d.checkAdminProxy(&a.Proxy)
	if d.failed("admin") {
		return
	}
	switch {
	case a.Metrics == MetricsLogIn && !a.LogIn():
		d.fail("admin.metrics", "nobody could read /metrics ([admin.token.NAME], [admin.client.NAME] or [admin.proxy])")
	case a.LogIn() && a.Page == PageLocal && !a.reads():
		d.fail("admin", `with a log-in, nobody could read the console (a role of "viewer" or "operator" for somebody, or page = "off" or "all")`)
	}
}

// reads reports whether somebody who logs in may read the console.
func (a *Admin) reads() bool {
	for _, t := range a.Tokens {
		if t.Role != RoleMetrics {
			return true
		}
	}
	for _, c := range a.Clients {
		if c.Role != RoleMetrics {
			return true
		}
	}
	return len(a.Proxy.Trust) > 0
}

// A token of minToken characters that are random has 120 bits or more: nobody tries that
// many. What has fewer than minTokenKinds different ones is not random.
const (
	minToken      = 20
	minTokenKinds = 8
)

func (d *decoder) checkTokens(a *Admin) {
	seen := map[Secret]string{}
	for _, name := range slices.Sorted(maps.Keys(a.Tokens)) {
		t, path := a.Tokens[name], tomlpos.Join("admin.token", name)
		value, sum := path+".value", path+".sha256"
		const advice = `("redactd admin token" makes one)`
		kinds := map[rune]bool{}
		for _, c := range t.Value {
			kinds[c] = true
		}
		switch {
		case d.failed(value) || d.failed(sum):
		case t.Value == "" && t.SHA256 == "":
			d.fail(path, "has no token (value or sha256; %s)", strings.Trim(advice, "()"))
		case t.Value != "" && t.SHA256 != "":
			d.fail(sum, "stands beside value (one of the two)")
		case t.SHA256 != "" && !isSHA256(string(t.SHA256)):
			d.fail(sum, "is not a SHA-256: 64 hex digits in lower case %s", advice)
		case t.Value != "" && strings.ContainsFunc(string(t.Value), func(c rune) bool { return c <= ' ' || c > '~' }):
			d.fail(value, "has characters that no header can carry (letters, digits and signs of ASCII) %s", advice)
		case t.Value != "" && (len(t.Value) < minToken || len(kinds) < minTokenKinds):
			d.fail(value, "can be guessed: it has less than %d characters, or less than %d different ones %s", minToken, minTokenKinds, advice)
		}
		for _, s := range []Secret{t.Value, t.SHA256} {
			if first, ok := seen[s]; ok && s != "" && !d.failed(path) {
				d.fail(path, "has the token of admin.token.%s (a token of its own)", first)
			}
			seen[s] = name
		}
	}
}

func (d *decoder) checkClients(a *Admin) {
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(a.Clients)) {
		path := tomlpos.Join("admin.client", name)
		for i, match := range a.Clients[name].Match {
			if first, ok := seen[match]; ok && !d.failed(path) {
				d.fail(fmt.Sprintf("%s.match[%d]", path, i), "is also a name of admin.client.%s (each name once)", first)
			}
			seen[match] = name
		}
	}
}

// leastTrust is the least number of bits of a network that is trusted: a proxy's network
// is no half of all there are. fc00::/7 is that of private addresses.
const leastTrust = 7

func (d *decoder) checkAdminProxy(p *AdminProxy) {
	const path = "admin.proxy"
	if d.failed(path) {
		return
	}
	if len(p.Trust) == 0 {
		for _, name := range []string{"user_header", "groups_header", "group_separator", "viewers", "operators"} {
			if d.has(path + "." + name) {
				d.fail(path+"."+name, "has no effect without trust (the addresses of the proxy)")
			}
		}
		return
	}
	for i, text := range p.Trust {
		if n, err := netip.ParsePrefix(text); err == nil && n.Bits() < leastTrust {
			d.fail(fmt.Sprintf("%s.trust[%d]", path, i), "would have anybody say who they are (the addresses of the proxy alone)")
		}
	}
	d.checkGroups(path+".viewers", p.Viewers, p.GroupSeparator)
	d.checkGroups(path+".operators", p.Operators, p.GroupSeparator)
	switch {
	case len(p.Viewers)+len(p.Operators) == 0:
		d.fail(path, `lets nobody in (viewers or operators: groups, or "*" for all that the proxy lets through)`)
	case strings.EqualFold(p.UserHeader, p.GroupsHeader):
		d.fail(path+".groups_header", "is the header of user_header too (another)")
	}
}

// checkGroups checks groups, of which the proxy writes several with separator in between.
func (d *decoder) checkGroups(path string, groups []string, separator string) {
	for i, g := range groups {
		if strings.Contains(g, separator) || strings.TrimSpace(g) != g {
			d.fail(fmt.Sprintf("%s[%d]", path, i), "is no name that a group can have (one group each, without group_separator and without blanks around it)")
		}
	}
}
