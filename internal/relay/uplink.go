package relay

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// uplink is a connection to the upstream that is made again when it breaks. It is for
// one goroutine.
type uplink struct {
	l    *Listener
	conn net.Conn
	stop func() bool  // lets conn outlive the listener's time
	dead *atomic.Bool // the upstream has ended conn
	to   string       // address that conn leads to
	// opened does what a new connection needs first, and starts whoever reads from it
	// and sets dead when it ends.
	opened func(c net.Conn, dead *atomic.Bool) error
	// bound says that what the client knows of the upstream holds for one connection
	// only: when that breaks, no other takes its place.
	bound atomic.Bool
}

// The pauses between attempts to reach the upstream.
const (
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// connect makes sure that there is a connection. It tries until the listener's time
// is over.
func (u *uplink) connect() bool {
	if u.conn != nil {
		dead := u.dead.Load()
		if u.bound.Load() {
			return !dead
		}
		if !dead && u.to == u.l.host.Settings().Upstream { // which a reload may change
			return true
		}
	}
	u.close()
	for pause := retryFirst; ; pause = min(2*pause, retryMost) {
		err := u.dial()
		if err == nil {
			return true
		}
		u.l.host.Count(UpstreamFailed, 1)
		u.l.quiet.Warn(u.l.log, 1, "connect", "upstream can't be reached, clients wait", "error", err)
		if !u.l.sleep(pause) {
			return false
		}
	}
}

func (u *uplink) dial() error {
	to := u.l.host.Settings().Upstream
	c, err := u.l.dial(to)
	if err != nil {
		return err
	}
	dead := &atomic.Bool{}
	if err := u.opened(c, dead); err != nil {
		_ = c.Close()
		return err
	}
	// An upstream that takes nothing would hold up the end until its time is over.
	u.stop = context.AfterFunc(u.l.ctx, func() { _ = c.Close() })
	u.conn, u.dead, u.to = c, dead, to
	return nil
}

// watch reads from c what an upstream that has nothing to say never says, to see when
// it ends.
func (l *Listener) watch(c net.Conn, dead *atomic.Bool) error {
	l.running.Go(func() {
		var b [512]byte
		for {
			if _, err := c.Read(b[:]); err != nil {
				dead.Store(true)
				return
			}
		}
	})
	return nil
}

// send writes data, whole messages. Where the connection breaks, all of it is sent
// again on a new one: messages may then come twice, but none is lost here. It reports
// whether it could, before the listener's time was over or the connection that the
// client is bound to.
func (u *uplink) send(data []byte) bool {
	for {
		if !u.connect() {
			return false
		}
		err := u.write(data)
		if err == nil {
			return true
		}
		u.l.host.Count(UpstreamFailed, 1)
		u.l.quiet.Warn(u.l.log, 1, "broke", "connection to the upstream broke", "sent_again", !u.bound.Load())
		u.dead.Store(true)
		if u.bound.Load() || !u.l.sleep(retryFirst) {
			return false
		}
	}
}

func (u *uplink) write(data []byte) error {
	_ = u.conn.SetWriteDeadline(time.Now().Add(time.Duration(u.l.host.Settings().Timeout)))
	_, err := u.conn.Write(data)
	if err == nil {
		u.l.host.Count(SentBytes, len(data))
	}
	return err
}

func (u *uplink) close() {
	if u.conn != nil {
		u.stop()
		_ = u.conn.Close()
		u.conn = nil
	}
}

// dial connects to an address, TLS included.
func (l *Listener) dial(to string) (net.Conn, error) {
	if l.guest != nil {
		return l.guest()
	}
	a := config.ParseAddress(to)
	ctx, cancel := context.WithTimeout(l.ctx, time.Duration(l.host.Settings().ConnectTimeout))
	defer cancel()
	if a.Scheme == "tls" {
		d := tls.Dialer{Config: l.host.ClientTLS()}
		return d.DialContext(ctx, "tcp", a.Host)
	}
	var d net.Dialer
	return d.DialContext(ctx, a.Network(), a.Host)
}
