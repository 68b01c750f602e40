package proxy

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redactd/redactd/internal/canary"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/door"
	"github.com/redactd/redactd/internal/otlpgrpc"
	"github.com/redactd/redactd/internal/relay"
)

// listener sends canaries through each socket of a listener of the twin.
func (f *flock) listener(l *listener) error {
	r := f.p.relays[l.name]
	if r == nil {
		return nil
	}
	for i, addr := range r.Addrs() {
		way := &listenerWay{flock: f, l: l, scheme: schemesOf(l.cfg)[i], addr: addr}
		if way.scheme == "tls" && l.cfg.TLSClientCA != "" {
			continue // nobody vouches for redactd as a client
		}
		for _, format := range canary.Formats() {
			if format.Protocol != l.cfg.Protocol || way.scheme == "udp" && format.Messages == nil {
				continue
			}
			if err := way.format(format); err != nil {
				return err
			}
		}
	}
	return nil
}

// schemesOf returns those of the addresses of a listener, in the order of its Addrs.
func schemesOf(cfg *config.Listener) (schemes []string) {
	var packets []string
	for _, text := range cfg.Listen {
		if s := config.ParseAddress(text).Scheme; s == "udp" {
			packets = append(packets, s)
		} else {
			schemes = append(schemes, s)
		}
	}
	return append(schemes, packets...)
}

// listenerWay is the way to a socket of a listener.
type listenerWay struct {
	*flock
	l      *listener
	scheme string
	addr   net.Addr
}

// grpcCodings are what senders of OTLP over gRPC compress with.
var grpcCodings = []string{"gzip", "zstd", "snappy"}

func (w *listenerWay) format(format *canary.Format) error {
	dialect := format.Name
	if w.scheme == "udp" {
		dialect += "-udp"
	}
	list := slices.DeleteFunc(format.Takes(w.list), func(c canary.Canary) bool { return !w.fits(&c) })
	send := func(list []canary.Canary, coding string) error {
		return w.paced(func() error {
			h := &shot{datagrams: config.ParseAddress(w.l.cfg.Upstream).Scheme == "udp"}
			refused, err := w.send(format, list, coding, h)
			if err != nil {
				return err
			}
			key := canaryKey{w.l.name, dialect, coding}
			w.result.add(key, list, canary.Judge(format, list, w.sink.arrival(h, refused), w.expect(true)))
			return nil
		})
	}
	for part := range slices.Chunk(list, mostInPayload) {
		if err := send(part, ""); err != nil {
			return err
		}
	}
	if w.l.cfg.Protocol != otlpgrpc.Protocol {
		return nil
	}
	for _, coding := range grpcCodings {
		if err := send(sample(list, sampled), coding); err != nil {
			return err
		}
	}
	return nil
}

// messageRoom is how many bytes of a message are not the canary's text.
const messageRoom = 200

// fits reports whether a canary goes as one message, whatever is put in place of it.
func (w *listenerWay) fits(c *canary.Canary) bool {
	limit := int(w.l.cfg.MaxMessage)
	if w.scheme == "udp" || config.ParseAddress(w.l.cfg.Upstream).Scheme == "udp" {
		limit = min(limit, int(w.l.cfg.MaxDatagram))
	}
	return 2*len(c.Text)+messageRoom < limit
}

// landing is where what a guest of a listener sent goes.
type landing struct {
	c *canaries
	h *shot
}

// send sends canaries, and waits until all that arrives has. It reports whether their
// sender was told that they were not taken.
func (w *listenerWay) send(format *canary.Format, list []canary.Canary, coding string, h *shot) (refused bool, err error) {
	w.sink.expect(w.l.name, h)
	defer w.sink.take(w.l.name)
	to := &landing{w.canaries, h}
	switch {
	case w.l.cfg.Protocol == otlpgrpc.Protocol:
		body, err := format.Write(list)
		if err != nil {
			return false, err
		}
		ctx, cancel := context.WithTimeout(w.ctx, canaryTime)
		defer cancel()
		var taken atomic.Bool
		dial := func(ctx context.Context) (net.Conn, error) {
			c, err := w.dial(ctx, to)
			taken.Store(err == nil)
			return c, err
		}
		refused := otlpgrpc.Send(ctx, dial, w.scheme == "tls", format.Path, body, coding) != nil
		if refused && !taken.Load() {
			return false, cmp.Or(w.ctx.Err(), errTurnedAway)
		}
		return refused, w.ctx.Err()
	case w.scheme == "udp":
		messages, err := format.Messages(list)
		if err != nil {
			return false, err
		}
		return false, w.packets(messages, to)
	}
	body, err := format.Write(list)
	if err != nil {
		return false, err
	}
	return false, w.stream(body, to)
}

func (w *listenerWay) dial(ctx context.Context, to *landing) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, canaryDial)
	defer cancel()
	addr, ok := w.addr.(*net.TCPAddr)
	if !ok {
		return nil, errNoListener
	}
	return w.connect(ctx, addr, to)
}

// stream sends a payload, and waits for the listener to close the connection, which it does
// when all of it went on. What breaks on the way is canaries that are lost.
func (w *listenerWay) stream(body []byte, to *landing) error {
	c, err := w.dial(w.ctx, to)
	if err != nil {
		return cmp.Or(w.ctx.Err(), errTurnedAway)
	}
	stop := context.AfterFunc(w.ctx, func() { _ = c.Close() })
	defer stop()
	if w.scheme == "tls" {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // it is our own
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(canaryTime))
	if key := w.l.cfg.SharedKey; key != "" && w.l.cfg.Protocol == "forward" {
		if relay.ShowKey(c, string(key)) != nil {
			return w.ctx.Err()
		}
		_ = c.SetDeadline(time.Now().Add(canaryTime))
	}
	if _, err := c.Write(body); err != nil {
		return w.ctx.Err()
	}
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, c)
	return w.ctx.Err()
}

const (
	// packetsAtOnce is how many datagrams are on their way at most.
	packetsAtOnce = 16
	// packetTime is how long is waited for them.
	packetTime = 2 * time.Second
)

// packets sends datagrams, a few at a time, and waits until they have arrived. The socket
// stays until then, so that nothing of it is read when its port is another's.
func (w *listenerWay) packets(messages [][]byte, to *landing) error {
	at := w.addr.(*net.UDPAddr).AddrPort()
	var s *door.Socket
	err := errNoListener
	for _, addr := range reachable(at) {
		if s, err = w.door.Packets(addr, to); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	defer s.Close()
	sent := 0
	for part := range slices.Chunk(messages, packetsAtOnce) {
		for _, m := range part {
			if _, err := s.Write(m); err != nil {
				return w.ctx.Err()
			}
		}
		sent += len(part)
		for end := time.Now().Add(packetTime); w.sink.count(to.h) < sent && time.Now().Before(end); {
			if w.ctx.Err() != nil {
				return w.ctx.Err()
			}
			time.Sleep(time.Millisecond)
		}
	}
	return w.ctx.Err()
}

// landed is a connection to the sink: it takes what is written, and says nothing.
type landed struct {
	s      *sink
	h      *shot
	once   sync.Once
	closed chan struct{}
}

func (s *sink) land(h *shot) net.Conn { return &landed{s: s, h: h, closed: make(chan struct{})} }

func (c *landed) Write(p []byte) (int, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	h := c.h
	if len(h.body) < maxArrival {
		h.body = append(h.body, p...)
		if h.datagrams {
			h.body = append(h.body, '\n')
		}
	}
	h.arrived = true
	h.writes++
	return len(p), nil
}

func (c *landed) Read([]byte) (int, error)         { <-c.closed; return 0, io.EOF }
func (c *landed) Close() error                     { c.once.Do(func() { close(c.closed) }); return nil }
func (c *landed) LocalAddr() net.Addr              { return nil }
func (c *landed) RemoteAddr() net.Addr             { return nil }
func (c *landed) SetDeadline(time.Time) error      { return nil }
func (c *landed) SetReadDeadline(time.Time) error  { return nil }
func (c *landed) SetWriteDeadline(time.Time) error { return nil }

// count is how many writes and records have arrived.
func (s *sink) count(h *shot) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return h.writes + len(h.records)
}

// arrival is what arrived of a shot.
func (s *sink) arrival(h *shot, refused bool) canary.Arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := h.arrival(refused)
	if len(h.records) > 0 {
		a.Body = bytes.Join(h.records, []byte("\n"))
	}
	return a
}

// Door implements relay.Owner.
func (h *relayHost) Door() *door.Door { return h.p.door() }

// Guest implements relay.Host.
func (h *relayHost) Guest(guest any) (relay.Host, func() (net.Conn, error)) {
	to := guest.(*landing)
	return &relayHost{p: to.c.twin, name: h.name}, func() (net.Conn, error) { return to.c.sink.land(to.h), nil }
}

// Guest implements otlpgrpc.Host.
func (h *grpcHost) Guest(guest any) (otlpgrpc.Host, func(path string, body []byte) error) {
	to := guest.(*landing)
	return &grpcHost{relayHost{p: to.c.twin, name: h.name}}, func(_ string, body []byte) error {
		_, err := to.c.sink.land(to.h).Write(body)
		return err
	}
}
