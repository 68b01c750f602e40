package gate

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"maps"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// Role is what somebody may do. Each may do what those before it may.
type Role uint8

// The roles.
const (
	Nobody   Role = iota
	Metrics       // read /metrics
	Viewer        // read the console
	Operator      // act
)

// String returns the name that the configuration has for r.
func (r Role) String() string {
	return [...]string{"nobody", string(config.RoleMetrics), string(config.RoleViewer), string(config.RoleOperator)}[r]
}

func roleOf(r config.Role) Role {
	switch r {
	case config.RoleMetrics:
		return Metrics
	case config.RoleViewer:
		return Viewer
	case config.RoleOperator:
		return Operator
	}
	return Nobody
}

// Rules are who has which role. They are immutable.
type Rules struct {
	tls     *tls.Config // nil without TLS
	cas     *x509.CertPool
	tokens  []token
	clients map[string]client // by a name that matches
	proxy   *proxy            // nil without
	page    config.AdminPage
	logIn   bool // somebody can say who they are
	local   bool // the listener's address is of this machine alone
	scrape  Role // that /metrics asks for

	idle, longest time.Duration // of sessions
}

type sum = [sha256.Size]byte

// token is somebody who knows the text with that sum.
type token struct {
	name string
	sum  sum
	role Role
}

type client struct {
	name string
	role Role
}

// Compile makes rules of a configuration that has been checked. It reads the
// certificates; the error names no file.
func Compile(a *config.Admin) (*Rules, error) {
	r := &Rules{
		clients: map[string]client{}, page: a.Page, logIn: a.LogIn(), local: a.Loopback(),
		idle: time.Duration(a.SessionIdle), longest: time.Duration(a.SessionMax),
	}
	if r.page == "" {
		r.page = config.PageLocal
	}
	if a.Metrics == config.MetricsLogIn {
		r.scrape = Metrics
	}
	for _, name := range slices.Sorted(maps.Keys(a.Tokens)) {
		t := a.Tokens[name]
		one := token{name: name, role: roleOf(t.Role), sum: sha256.Sum256([]byte(t.Value))}
		if t.SHA256 != "" {
			if n, err := hex.Decode(one.sum[:], []byte(t.SHA256)); err != nil || n != len(one.sum) {
				return nil, errors.New("the sha256 of a token is none")
			}
		} else if t.Value == "" {
			return nil, errors.New("a token is empty")
		}
		r.tokens = append(r.tokens, one)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Clients)) {
		for _, match := range a.Clients[name].Match {
			r.clients[match] = client{name, roleOf(a.Clients[name].Role)}
		}
	}
	var err error
	if len(a.Proxy.Trust) > 0 {
		if r.proxy, err = newProxy(&a.Proxy); err != nil {
			return nil, err
		}
	}
	return r, r.loadTLS(a)
}

// loadTLS reads the certificates of the listener and those that vouch for clients.
func (r *Rules) loadTLS(a *config.Admin) error {
	if a.TLSCert == "" && a.TLSKey == "" {
		return nil
	}
	cert, err := tls.LoadX509KeyPair(a.TLSCert, a.TLSKey)
	if err != nil {
		return errors.New("certificate and key can't be loaded or do not belong together")
	}
	r.tls = &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
		Certificates: []tls.Certificate{cert},
		// A resumed session would bring a certificate that was verified by rules of
		// another time.
		SessionTicketsDisabled: true,
	}
	if a.TLSClientCA == "" {
		return nil
	}
	pem, err := os.ReadFile(a.TLSClientCA)
	if err != nil {
		return errors.New("the certificates of tls_client_ca can't be read")
	}
	r.cas = x509.NewCertPool()
	if !r.cas.AppendCertsFromPEM(pem) {
		return errors.New("tls_client_ca holds no certificate")
	}
	r.tls.ClientCAs, r.tls.ClientAuth = r.cas, tls.VerifyClientCertIfGiven
	return nil
}

// TLS returns the settings of the listener, nil without TLS. The caller does not change
// them.
func (r *Rules) TLS() *tls.Config { return r.tls }

// hasTokens reports whether there is anything to type into the log-in page.
func (r *Rules) hasTokens() bool { return len(r.tokens) > 0 }

// lookUp returns who knows the text with that sum. Each token is compared, and each in
// the same time, so that how long it takes tells nothing.
func (r *Rules) lookUp(s sum) (token, bool) {
	found := -1
	for i := range r.tokens {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(r.tokens[i].sum[:], s[:]), i, found)
	}
	if found < 0 {
		return token{}, false
	}
	return r.tokens[found], true
}

// certified returns who has the certificate of a connection. It is verified again: since
// the handshake it may have expired, or its CA be trusted no more.
func (r *Rules) certified(state *tls.ConnectionState, now time.Time) (client, bool) {
	if state == nil || r.cas == nil || len(state.PeerCertificates) == 0 {
		return client{}, false
	}
	cert, between := state.PeerCertificates[0], x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := cert.Verify(x509.VerifyOptions{
		Roots: r.cas, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return client{}, false
	}
	best := client{}
	for _, name := range certificateNames(cert) {
		if c, ok := r.clients[name]; ok && c.role > best.role {
			best = c
		}
	}
	return best, best.role > Nobody
}

// certificateNames returns the names of a certificate as the configuration writes them.
func certificateNames(c *x509.Certificate) []string {
	digest := sha256.Sum256(c.Raw)
	names := []string{"sha256:" + hex.EncodeToString(digest[:]), "cn:" + c.Subject.CommonName}
	for _, u := range c.URIs {
		names = append(names, "uri:"+u.String())
	}
	for _, d := range c.DNSNames {
		names = append(names, "dns:"+d)
	}
	for _, e := range c.EmailAddresses {
		names = append(names, "email:"+e)
	}
	return names
}

func (r *Rules) trusts(peer netip.Addr) bool {
	return r.proxy != nil && r.proxy.trusts(peer)
}
