package proxy

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/door"
)

// The limits that hold where the configuration leaves them out.
const (
	defaultMaxBody      = 64 << 20
	defaultBufferBody   = 1 << 20
	defaultMaxDecoded   = 64 << 20
	defaultMaxResponse  = 64 << 20
	defaultHeaderBytes  = 64 << 10
	defaultReadTimeout  = 60 * time.Second
	defaultWriteTimeout = 60 * time.Second
	defaultIdleTimeout  = 90 * time.Second
	defaultShutdown     = 30 * time.Second
)

func limitOr(n, def int64) int64 {
	if n > 0 {
		return n
	}
	return def
}

func headerBytes(s *config.Server) int {
	return int(limitOr(int64(s.MaxHeaderBytes), defaultHeaderBytes))
}

// newServer returns the data server. Bodies always come as streams: how much
// of one is gathered is decided by route, not by connection.
func (p *Proxy) newServer(s *config.Server) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                       p.handle,
		ErrorHandler:                  p.onBadRequest,
		HeaderReceived:                onHeader,
		ExpectHandler:                 p.onExpect,
		Logger:                        quietLogger{},
		Concurrency:                   s.MaxConnections,
		ReadBufferSize:                headerBytes(s),
		MaxRequestBodySize:            int(limitOr(int64(s.MaxBody), defaultMaxBody)),
		ReadTimeout:                   orDefault(s.ReadTimeout, defaultReadTimeout),
		WriteTimeout:                  orDefault(s.WriteTimeout, defaultWriteTimeout),
		IdleTimeout:                   orDefault(s.IdleTimeout, defaultIdleTimeout),
		StreamRequestBody:             true,
		DisablePreParseMultipartForm:  true,
		DisableHeaderNamesNormalizing: true,
		SecureErrorLogMessage:         true,
		NoDefaultServerHeader:         true,
		NoDefaultDate:                 true,
		NoDefaultContentType:          true,
		CloseOnShutdown:               true,
	}
}

// quietLogger drops what fasthttp would log: its messages can quote input, and
// what matters of them is counted.
type quietLogger struct{}

func (quietLogger) Printf(string, ...any) {}

// serverTLS returns the TLS settings of the data listener, nil without TLS.
func serverTLS(s *config.Server) (*tls.Config, error) {
	if s.TLSCert == "" && s.TLSKey == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, errors.New("certificate and key can't be loaded or do not belong together")
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
		Certificates: []tls.Certificate{cert},
	}, nil
}

// dataListener keeps track of its connections, so that what is left after the
// drain can be closed.
type dataListener struct {
	net.Listener
	conns *connSet
	door  *door.Door
}

// connSet is what is open. It is safe for concurrent use.
type connSet struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func newConnSet() *connSet { return &connSet{conns: map[net.Conn]struct{}{}} }

func (s *connSet) add(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
}

func (s *connSet) remove(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// closeAll cuts off what is open. Whoever holds a connection learns of it by
// an error, and removes it.
func (s *connSet) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

func (l *dataListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		if errors.Is(err, net.ErrClosed) {
			err = io.EOF // fasthttp's word for an orderly end
		}
		return nil, err
	}
	l.conns.add(c)
	return &dataConn{Conn: c, set: l.conns, pass: l.door.Admit(c)}, nil
}

// dataConn is a client's connection.
type dataConn struct {
	net.Conn
	set *connSet
	// linger: the client may still be sending. Closing at once would make its
	// system throw away the answer (RFC 9112, section 9.6).
	linger atomic.Bool
	once   sync.Once
	ended  atomic.Bool // a read met the end
	pass   *door.Pass  // nil but for what could be of redactd itself
}

// Read implements net.Conn.
func (c *dataConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == io.EOF {
		c.ended.Store(true)
	}
	return n, err
}

const (
	lingerTime  = time.Second
	lingerBytes = 16 << 20
)

func (c *dataConn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.linger.Load() && half.CloseWrite() == nil {
			_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
		}
		c.set.remove(c.Conn)
		err = c.Conn.Close()
	})
	return err
}

func dataConnOf(c net.Conn) *dataConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	d, _ := c.(*dataConn)
	return d
}

// listen opens the data listeners; on an error none stays open.
func (p *Proxy) listen(pol *policy) (listeners []net.Listener, err error) {
	for i, addr := range pol.cfg.Server.Listen {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			for _, l := range listeners {
				_ = l.Close()
			}
			return nil, fmt.Errorf("server.listen[%d]: %w", i, err)
		}
		listeners = append(listeners, &dataListener{ln, p.conns, p.door()})
	}
	return listeners, nil
}

// withTLS puts TLS on a listener where there are settings for it. They are those of the
// policy in force, so that a reload renews the certificate.
func withTLS(ln net.Listener, settings func() *tls.Config) net.Listener {
	if settings() == nil {
		return ln
	}
	return tls.NewListener(ln, &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return settings(), nil
		},
	})
}

// owner starts goroutines, none after stop, and waits for them.
type owner struct {
	mu      sync.Mutex
	n       int
	stopped bool
	idle    chan struct{}
}

// start runs f in a goroutine, or reports that no new ones are taken.
func (o *owner) start(f func()) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped {
		return false
	}
	o.n++
	go func() {
		defer o.finish()
		f()
	}()
	return true
}

func (o *owner) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.n--; o.n == 0 && o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

// stop takes no new goroutines and waits for those that run until ctx ends.
func (o *owner) stop(ctx context.Context) error {
	o.mu.Lock()
	o.stopped = true
	if o.n == 0 {
		o.mu.Unlock()
		return nil
	}
	if o.idle == nil {
		o.idle = make(chan struct{})
	}
	idle := o.idle
	o.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func basicAuth(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}

// hasAuth reports whether some URL of u brings its own credentials, which then
// stand in the place of the client's.
func (u *upstream) hasAuth() bool {
	for _, t := range u.targets {
		if t.auth != "" {
			return true
		}
	}
	return false
}

var discardLogger = slog.New(slog.DiscardHandler)
