package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/signing"
)

// upstream is a group of equal servers. It is safe for concurrent use and
// outlives reloads as long as its settings stay the same.
type upstream struct {
	cfg     config.Upstream
	targets []*target
	next    atomic.Uint32
	m       *metrics
	conns   *connSet
	signer  *signing.Signer // nil without credentials
}

// target is one URL of an upstream.
type target struct {
	label    string // the URL without userinfo, for metrics
	host     string // for the Host header
	basePath string // "" or "/base", without a trailing slash
	auth     string // Authorization from the URL's userinfo, or ""
	addr     string
	tls      *tls.Config
	client   *fasthttp.HostClient
	local    func() (net.Conn, error) // connects in place of the network; or nil

	inFlight  atomic.Int64
	failing   atomic.Bool // spares the lock while all is well
	mu        sync.Mutex
	failures  int       // consecutive
	downUntil time.Time // zero while in use
}

const (
	defaultConnectTimeout = 5 * time.Second
	defaultUpTimeout      = 60 * time.Second
	defaultUpIdle         = 30 * time.Second
	defaultFailFor        = 10 * time.Second
)

func orDefault(d config.Duration, def time.Duration) time.Duration {
	if d > 0 {
		return time.Duration(d)
	}
	return def
}

// newUpstream prepares clients for every URL and connects to nothing.
func newUpstream(name string, cfg *config.Upstream, maxHeader int, sh shared) (*upstream, error) {
	u := &upstream{cfg: *cfg, m: sh.m, conns: sh.up}
	u.cfg.Name = name
	if len(cfg.URLs) == 0 {
		return nil, errors.New("urls: must name at least one URL")
	}
	var err error
	if u.signer, err = newSigner(cfg); err != nil {
		return nil, err
	}
	tlsConf, err := clientTLS(cfg)
	if err != nil {
		return nil, err
	}
	for _, text := range cfg.URLs {
		t, err := newTarget(text, tlsConf)
		if err != nil {
			return nil, fmt.Errorf("urls: %w", err)
		}
		t.client = &fasthttp.HostClient{
			Addr:                          t.addr,
			Dial:                          u.dialer(t),
			MaxConns:                      cfg.MaxConnections,
			MaxConnWaitTimeout:            orDefault(cfg.ConnectTimeout, defaultConnectTimeout),
			MaxIdleConnDuration:           orDefault(cfg.IdleTimeout, defaultUpIdle),
			MaxIdemponentCallAttempts:     1,
			ReadBufferSize:                maxHeader,
			MaxResponseBodySize:           int(cfg.MaxResponse),
			ConnPoolStrategy:              fasthttp.LIFO,
			NoDefaultUserAgentHeader:      true,
			DisableHeaderNamesNormalizing: true,
			DisablePathNormalizing:        true,
			SecureErrorLogMessage:         true,
			StreamResponseBody:            true,
		}
		u.targets = append(u.targets, t)
	}
	return u, nil
}

// newSigner prepares the credentials to sign requests with, nil if there are none.
func newSigner(cfg *config.Upstream) (*signing.Signer, error) {
	if cfg.AWSAccessKeyID == "" && cfg.AzureAccount == "" {
		return nil, nil
	}
	g := &signing.Signer{}
	if cfg.AWSAccessKeyID != "" {
		g.AWS = &signing.AWS{
			AccessKeyID: string(cfg.AWSAccessKeyID), SecretAccessKey: string(cfg.AWSSecretAccessKey),
			SessionToken: string(cfg.AWSSessionToken), Region: cfg.AWSRegion, Service: cfg.AWSService,
		}
	}
	if cfg.AzureAccount != "" {
		var err error
		if g.Azure, err = signing.NewAzure(cfg.AzureAccount, string(cfg.AzureSharedKey)); err != nil {
			return nil, fmt.Errorf("azure_shared_key: %w", err)
		}
	}
	return g, nil
}

// newTarget reads a URL. Its errors never quote it, as it may hold a password.
func newTarget(text string, tlsConf *tls.Config) (*target, error) {
	ref, err := url.Parse(text)
	if err != nil || ref.Host == "" || (ref.Scheme != "http" && ref.Scheme != "https") {
		return nil, errors.New("a URL is not of the form http[s]://host[:port][/path]")
	}
	if ref.RawQuery != "" || ref.Fragment != "" {
		return nil, errors.New("a URL must not have a query or fragment")
	}
	t := &target{host: ref.Host, basePath: strings.TrimRight(ref.EscapedPath(), "/")}
	port := ref.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[ref.Scheme]
	}
	t.addr = net.JoinHostPort(ref.Hostname(), port)
	if ref.Scheme == "https" {
		t.tls = tlsConf.Clone()
		if t.tls.ServerName == "" {
			t.tls.ServerName = ref.Hostname()
		}
	}
	if ref.User != nil {
		t.auth = basicAuth(ref.User)
	}
	clean := *ref
	clean.User = nil
	t.label = clean.String()
	return t, nil
}

// clientTLS reads the files an upstream's TLS settings name.
func clientTLS(cfg *config.Upstream) (*tls.Config, error) {
	// HTTP/2 is not spoken here, so ALPN must not offer it.
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"http/1.1"},
		ServerName:         cfg.TLSServerName,
		InsecureSkipVerify: cfg.InsecureSkipVerify, //nolint:gosec // the operator asked for it
	}
	if cfg.TLSCA != "" {
		var err error
		if c.RootCAs, err = certPool(cfg.TLSCA); err != nil {
			return nil, fmt.Errorf("tls_ca: %w", err)
		}
	}
	if cfg.TLSCert != "" || cfg.TLSKey != "" {
		cert, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
		if err != nil {
			return nil, errors.New("tls_cert: certificate and key can't be loaded or do not belong together")
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// certPool reads certificates to trust.
func certPool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("holds no PEM certificate")
	}
	return pool, nil
}

// dialer returns the dial function of t. TLS is done here, not in fasthttp, so
// that liveness can look at the connection beneath it.
func (u *upstream) dialer(t *target) fasthttp.DialFunc {
	return func(string) (net.Conn, error) {
		conn, err := u.dial(context.Background(), t)
		if err != nil {
			return nil, err
		}
		return conn, nil
	}
}

func (t *target) connect(ctx context.Context) (net.Conn, error) {
	if t.local != nil {
		return t.local()
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", t.addr)
}

func (u *upstream) dial(ctx context.Context, t *target) (*upConn, error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(u.cfg.ConnectTimeout, defaultConnectTimeout))
	defer cancel()
	conn, err := t.connect(ctx)
	if err != nil {
		return nil, &notSentError{err}
	}
	c := &upConn{Conn: conn, alive: livenessOf(conn, t.tls != nil), timeout: u.timeout(), set: u.conns}
	if t.tls != nil {
		tc := tls.Client(conn, t.tls)
		if err := tc.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, &notSentError{err}
		}
		c.Conn = tc
	}
	u.conns.add(c.Conn)
	return c, nil
}

func (u *upstream) timeout() time.Duration { return orDefault(u.cfg.Timeout, defaultUpTimeout) }

// same reports whether u can serve settings cfg as it is.
func (u *upstream) same(cfg *config.Upstream) bool {
	c := *cfg
	c.Name = u.cfg.Name
	return reflect.DeepEqual(u.cfg, c)
}

// pick chooses the target with the fewest requests in flight among those in
// use and not yet tried; ties go round. When all are out, the one that returns
// first is tried: refusing without asking helps nobody. tried never holds all.
// Requests with the same key, unless it is 0, go to the same target as long as it is in
// use.
func (u *upstream) pick(tried []*target, key uint64) *target {
	if len(u.targets) == 1 {
		return u.targets[0]
	}
	var best, reserve *target
	var bestRank uint64
	var reserveAt time.Time
	now := time.Now()
	start := int(u.next.Add(1))
	for i := range u.targets {
		t := u.targets[(start+i)%len(u.targets)]
		if contains(tried, t) {
			continue
		}
		if at := t.outUntil(); at.After(now) {
			if reserve == nil || at.Before(reserveAt) {
				reserve, reserveAt = t, at
			}
			continue
		}
		switch rank := t.rank(key); {
		case best == nil, rank > bestRank, rank == bestRank && t.inFlight.Load() < best.inFlight.Load():
			best, bestRank = t, rank
		}
	}
	if best != nil {
		return best
	}
	return reserve
}

// rank orders the targets of an upstream for a key, each key in its own way that hangs on
// nothing but their URLs (rendezvous hashing); for 0 all are equal.
func (t *target) rank(key uint64) uint64 {
	if key == 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, key))
	_, _ = h.Write([]byte(t.label))
	return h.Sum64()
}

func contains(list []*target, t *target) bool {
	for _, l := range list {
		if l == t {
			return true
		}
	}
	return false
}

func (t *target) outUntil() time.Time {
	if !t.failing.Load() {
		return time.Time{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.downUntil
}

// report tells the passive health check how an exchange went.
func (u *upstream) report(t *target, err error) {
	if err == nil && !t.failing.Load() {
		return
	}
	t.mu.Lock()
	t.failing.Store(err != nil)
	if err == nil {
		t.failures, t.downUntil = 0, time.Time{}
	} else {
		t.failures++
		if u.cfg.FailAfter > 0 && t.failures >= u.cfg.FailAfter {
			t.downUntil = time.Now().Add(orDefault(u.cfg.FailFor, defaultFailFor))
		}
	}
	up := t.downUntil.IsZero()
	t.mu.Unlock()
	u.m.upstreamUp(u.cfg.Name, t.label, up)
	if err != nil {
		u.m.upstreamFailed(u.cfg.Name, t.label)
	}
}

// do is the client's. A pool may hold several connections that the upstream has closed,
// after its restart, say; each is discarded as it is found.
func (t *target) do(req *fasthttp.Request, resp *fasthttp.Response) error {
	err := t.client.Do(req, resp)
	for errors.Is(err, errStale) {
		err = t.client.Do(req, resp)
	}
	return err
}

// closedMeanwhile reports whether the upstream closed a connection that had served before,
// just as a request went out on it that may be made twice, and answered nothing: servers
// close what is idle, and some after each exception of the application (uvicorn). RFC
// 9112, section 9.3.1, has idempotent requests tried again then.
func closedMeanwhile(req *fasthttp.Request, resp *fasthttp.Response, err error) bool {
	if !errors.Is(err, fasthttp.ErrConnectionClosed) || req.IsBodyStream() {
		return false
	}
	h := &req.Header
	a, ok := resp.RemoteAddr().(*upAddr)
	return ok && a.conn.reused && (h.IsGet() || h.IsHead() || h.IsOptions())
}

// do sends req and reads the head of the answer into resp. An attempt that
// failed before a byte was sent goes on to the next URL; nothing else is ever
// repeated, but for what closedMeanwhile tells. prepare adapts req to the target before each attempt; key is that of pick.
func (u *upstream) do(req *fasthttp.Request, resp *fasthttp.Response, key uint64, prepare func(*target)) (*target, *upConn, error) {
	var tried []*target
	if !req.IsBodyStream() {
		req.SetTimeout(u.timeout())
	}
	for {
		t := u.pick(tried, key)
		prepare(t)
		t.inFlight.Add(1)
		err := t.do(req, resp)
		if closedMeanwhile(req, resp, err) {
			err = t.do(req, resp)
		}
		if err == nil {
			u.report(t, nil)
			var conn *upConn
			if a, ok := resp.RemoteAddr().(*upAddr); ok {
				conn = a.conn
			}
			if conn != nil && conn.broken {
				resp.SetConnectionClose()
			}
			return t, conn, nil // the exchange ends t.inFlight
		}
		t.inFlight.Add(-1)
		if !errors.Is(err, errBodySource) && !errors.Is(err, fasthttp.ErrNoFreeConns) {
			u.report(t, err)
		}
		tried = append(tried, t)
		var notSent *notSentError
		if !errors.As(err, &notSent) || len(tried) == len(u.targets) {
			return t, nil, err
		}
	}
}

// close drops the idle connections.
func (u *upstream) close() {
	for _, t := range u.targets {
		t.client.CloseIdleConnections()
	}
}
