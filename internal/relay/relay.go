// Package relay takes log protocols that are not HTTP: it accepts messages, has them
// scrubbed, and hands them on to one upstream of the same protocol or to the embedded
// store.
//
// Terminology:
//
//   - listener: the sockets of one [listener.NAME]
//   - message: what the protocol carries as one; body: a message without its framing
//   - uplink: a connection to the upstream. Every connection of a client has one of
//     its own, so that framing and order stay what they were, and a client is read
//     from no faster than the upstream takes
//   - drop: a message that does not go on, which is counted and logged
//
// Files: stream.go and datagram.go take messages in, uplink.go and sink.go hand them
// on, and each protocol has files of its own.
package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/door"
)

// Owner is what listeners of any protocol ask the process that they run in. It is safe
// for concurrent use.
type Owner interface {
	// Settings are those in force. Protocol, addresses and the number of
	// connections stay what they were when the listener was opened.
	Settings() *config.Listener
	// ServerTLS is for tls:// addresses, ClientTLS for a tls:// upstream.
	ServerTLS() *tls.Config
	ClientTLS() *tls.Config
	// Count tells what happened.
	Count(e Event, n int)
	// Door knows the connections that the process makes to the listener itself; nil for
	// none.
	Door() *door.Door
}

// Host is the process that a listener runs in. It is safe for concurrent use.
type Host interface {
	Owner
	// Scrub appends to dst what is to go on of payload, which holds whole messages
	// and has that content coding ("" for none). The findings are on the trail when
	// it returns. On an error nothing may go on: ErrLater says to ask again, any
	// other that the payload can't be scrubbed. An error other than ErrLater counts
	// as a withheld message, unless probe says that the caller will ask again about
	// each message. from is who sent it, the same for all of a connection.
	Scrub(dst, payload []byte, coding string, from netip.AddrPort, probe bool) ([]byte, error)
	// Store keeps records, and returns when they are on disk.
	Store(ctx context.Context, protocol string, records []dialect.Record) error
	// Guest returns what serves a connection of the process itself, and what stands there
	// in the place of the upstream.
	Guest(guest any) (host Host, dial func() (net.Conn, error))
}

// ErrLater says that a payload can't go on now: the audit trail takes no events.
var ErrLater = errors.New("relay: the audit trail takes no events")

// Event is something that is counted.
type Event uint8

// The events.
const (
	Connected       Event = iota // a client connected, or with a negative number left
	Received                     // messages
	ReceivedBytes                // of messages, framing included
	SentBytes                    // to the upstream or the store
	DroppedTooLarge              // messages larger than max_message
	DroppedFraming               // messages that are cut, or in no framing that is known
	DroppedQueue                 // datagrams for which there was no room
	DroppedSend                  // datagrams that the upstream's system refused, or that are too large to send
	DroppedStop                  // messages that could not be handed on before the end
	DroppedAudit                 // datagrams that had to go while the trail took no events
	DroppedAuth                  // connections of clients that did not show the key
	Cut                          // datagrams that were cut to what can be sent
	UpstreamFailed               // connections or calls to the upstream that failed
	StoreFailed                  // requests that the store did not keep, where their sender is told
	Panicked                     // messages, or connections, lost to a panic
)

// Options are what a Listener is made of.
type Options struct {
	Config *config.Listener
	Host   Host
	Log    *slog.Logger
}

// Listener is the sockets of one listener, with their connections.
type Listener struct {
	cfg   *config.Listener // as opened
	host  Host
	log   *slog.Logger
	quiet Quiet
	proto protocol

	streams []net.Listener
	packets []*net.UDPConn
	slots   chan struct{} // one for each connection that may still be served

	stopping chan struct{} // closed when no more is taken in
	ctx      context.Context
	cut      context.CancelFunc // ends what did not end in time
	stop     sync.Once
	running  *sync.WaitGroup
	// guest connects in place of the upstream for a connection of the process itself; nil
	// for those of clients.
	guest func() (net.Conn, error)

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// protocol is what a listener speaks. It is immutable and safe for concurrent use.
type protocol interface {
	// stream serves the connection of a client until one of the two ends it.
	stream(l *Listener, c net.Conn)
	// datagrams serves a socket until it is closed.
	datagrams(l *Listener, c *net.UDPConn)
}

var protocols = map[string]protocol{
	"syslog":  syslog{},
	"gelf":    gelf{},
	"forward": forward{},
}

// Speaks reports whether this package has the protocol.
func Speaks(name string) bool { return protocols[name] != nil }

// Open opens every socket of a listener, or none.
func Open(o Options) (*Listener, error) {
	l := &Listener{
		cfg: o.Config, host: o.Host, log: o.Log.With("listener", o.Config.Name), proto: protocols[o.Config.Protocol],
		slots: make(chan struct{}, max(o.Config.MaxConnections, 1)), stopping: make(chan struct{}), conns: map[net.Conn]struct{}{},
		running: &sync.WaitGroup{},
	}
	l.ctx, l.cut = context.WithCancel(context.Background())
	for i, text := range o.Config.Listen {
		if err := l.open(config.ParseAddress(text)); err != nil {
			l.closeSockets()
			l.cut()
			return nil, fmt.Errorf("listener.%s.listen[%d]: %w", o.Config.Name, i, err)
		}
	}
	return l, nil
}

// receiveBuffer is what is asked for of the system for datagrams that wait, in bytes.
const receiveBuffer = 4 << 20

func (l *Listener) open(a config.Address) error {
	if a.Scheme == "udp" {
		addr, err := net.ResolveUDPAddr("udp", a.Host)
		if err != nil {
			return err
		}
		c, err := net.ListenUDP("udp", addr)
		if err != nil {
			return err
		}
		_ = c.SetReadBuffer(receiveBuffer) // as much as the system allows
		l.packets = append(l.packets, c)
		return nil
	}
	ln, err := net.Listen("tcp", a.Host)
	if err != nil {
		return err
	}
	if a.Scheme == "tls" {
		ln = tls.NewListener(ln, &tls.Config{
			MinVersion:         tls.VersionTLS12,
			GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return l.host.ServerTLS(), nil },
		})
	}
	l.streams = append(l.streams, ln)
	return nil
}

// Addrs returns the addresses in the order of the configuration, those of streams
// first.
func (l *Listener) Addrs() (addrs []net.Addr) {
	for _, s := range l.streams {
		addrs = append(addrs, s.Addr())
	}
	for _, p := range l.packets {
		addrs = append(addrs, p.LocalAddr())
	}
	return addrs
}

// Serve takes messages in until Stop is called. It returns at once.
func (l *Listener) Serve() {
	for _, s := range l.streams {
		l.running.Go(func() { l.accept(s) })
	}
	for _, p := range l.packets {
		l.running.Go(func() { l.guard(func() { l.proto.datagrams(l, p) }) })
	}
}

// acceptPause is how long to wait after the system could not accept a connection.
const acceptPause = 100 * time.Millisecond

func (l *Listener) accept(ln net.Listener) {
	for {
		select {
		case l.slots <- struct{}{}:
		case <-l.stopping:
			return
		}
		c, err := ln.Accept()
		if err != nil {
			<-l.slots
			if errors.Is(err, net.ErrClosed) || !l.sleep(acceptPause) {
				return
			}
			continue
		}
		if !l.add(c) {
			_ = c.Close()
			return
		}
		pass := l.host.Door().Admit(c)
		l.running.Go(func() {
			of := l.of(pass.Wait())
			of.host.Count(Connected, 1)
			defer func() {
				l.remove(c)
				of.host.Count(Connected, -1)
			}()
			l.guard(func() {
				if l.handshake(c) {
					l.proto.stream(of, c)
				}
			})
		})
	}
}

// of returns what serves the connections of a guest: l where it is nil, else a Listener
// that has l's protocol and time, and the host and the upstream of the guest.
func (l *Listener) of(guest any) *Listener {
	if guest == nil {
		return l
	}
	host, dial := l.host.Guest(guest)
	return &Listener{
		cfg: l.cfg, host: host, log: slog.New(slog.DiscardHandler), proto: l.proto, stopping: l.stopping,
		ctx: l.ctx, cut: l.cut, running: l.running, guest: dial,
	}
}

// handshakeTime bounds how long a client may take for the handshake of TLS, or of the
// protocol.
const handshakeTime = 30 * time.Second

// handshake does that of TLS where c wants one.
func (l *Listener) handshake(c net.Conn) bool {
	t, ok := c.(*tls.Conn)
	if !ok {
		return true
	}
	ctx, cancel := context.WithTimeout(l.ctx, handshakeTime)
	defer cancel()
	return t.HandshakeContext(ctx) == nil
}

func (l *Listener) add(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped() {
		return false
	}
	l.conns[c] = struct{}{}
	return true
}

func (l *Listener) remove(c net.Conn) {
	_ = c.Close()
	l.mu.Lock()
	delete(l.conns, c)
	l.mu.Unlock()
	<-l.slots
}

// guard does what may panic. What a panic says can quote a message and is not logged.
func (l *Listener) guard(do func()) {
	defer func() {
		if r := recover(); r != nil {
			l.host.Count(Panicked, 1)
			l.log.Error("panic while a message was handled", "type", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
		}
	}()
	do()
}

func (l *Listener) stopped() bool {
	select {
	case <-l.stopping:
		return true
	default:
		return false
	}
}

// sleep waits, and reports whether it did until the end.
func (l *Listener) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}

// drainTime is how long a client's connection is still read from at the end: what has
// arrived is taken, what is on its way is not waited for.
const drainTime = 50 * time.Millisecond

// Stop takes no new connections, hands on what has arrived, and waits for that until
// ctx ends; then it cuts off what is left, and returns an error. It may be called
// before Serve and more than once.
func (l *Listener) Stop(ctx context.Context) error {
	l.stop.Do(func() {
		l.mu.Lock()
		close(l.stopping)
		for c := range l.conns {
			_ = c.SetReadDeadline(time.Now().Add(drainTime))
		}
		l.mu.Unlock()
		for _, s := range l.streams {
			_ = s.Close()
		}
		for _, p := range l.packets {
			_ = p.SetReadDeadline(time.Now().Add(drainTime))
		}
	})
	done := make(chan struct{})
	go func() {
		l.running.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("listener %s: messages in flight were cut off after the shutdown timeout", l.cfg.Name)
		l.cut()
		l.closeConns()
		<-done
	}
	l.cut()
	l.closeSockets()
	return err
}

func (l *Listener) closeConns() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close()
	}
}

func (l *Listener) closeSockets() {
	for _, s := range l.streams {
		_ = s.Close()
	}
	for _, p := range l.packets {
		_ = p.Close()
	}
}

// drop counts messages that do not go on, and says so.
func (l *Listener) drop(e Event, n int, why string) {
	if n > 0 {
		l.host.Count(e, n)
		l.quiet.Warn(l.log, n, why, "messages dropped", "reason", why)
	}
}

// scrubNow is Host.Scrub for what can't wait.
func (l *Listener) scrubNow(payload []byte, coding string, from netip.AddrPort) ([]byte, error) {
	out, err := l.host.Scrub(nil, payload, coding, from, false)
	if errors.Is(err, ErrLater) {
		l.drop(DroppedAudit, 1, "the audit trail takes no events")
	}
	return out, err
}

// scrub is Host.Scrub for what has no coding, and waits while the trail takes no events.
func (l *Listener) scrub(dst, payload []byte, from netip.AddrPort, probe bool) ([]byte, error) {
	for {
		out, err := l.host.Scrub(dst, payload, "", from, probe)
		if !errors.Is(err, ErrLater) || !l.sleep(retryFirst) {
			return out, err
		}
	}
}

// sender returns who is at the other end of c.
func sender(c net.Conn) netip.AddrPort {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort()
	}
	return netip.AddrPort{}
}
