// Package door tells the connections that a process makes to its own listeners from all
// others. Nothing on the wire tells them: a connection is known by its two addresses,
// which are its alone as long as it is open, and only from the moment at which the
// process dials until the listener has accepted it. What is accepted later from the same
// port is a stranger.
//
// While nobody dials, Admit is one atomic load.
package door

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Door is one for all listeners of a process. The zero Door is ready; it is safe for
// concurrent use, and so is a nil one, through which nobody comes.
type Door struct {
	awaited atomic.Int32 // calls of Dial that have not been admitted yet

	mu      sync.Mutex
	dialled map[pair]*visit // connected, and not accepted
	dialing int             // calls whose address is not known yet
	came    map[pair]*Pass  // accepted meanwhile: one of those, or a stranger
	packets map[pair]any    // sockets of datagrams
	sockets atomic.Int32    // how many those are
}

// pair is a connection: where it comes from, and where it leads.
type pair struct{ from, to netip.AddrPort }

// visit is a connection of this process's own.
type visit struct {
	guest    any
	accepted chan struct{}
}

// Pass is the listener's side of a connection of which it is not known yet whether it is
// one of this process. A nil Pass is a stranger's.
type Pass struct {
	guest   atomic.Pointer[any]
	settled chan struct{} // closed once that is known
}

// ErrStranger says that a connection was made that did not reach a listener of this
// process from the address that it was made from.
var ErrStranger = errors.New("door: the connection reaches something else")

// Dial connects over TCP, and returns when the listener has admitted the connection as
// one of guest, which its Pass gives from then on. Nothing is written before.
func (d *Door) Dial(ctx context.Context, addr string, guest any) (net.Conn, error) {
	d.awaited.Add(1)
	defer d.awaited.Add(-1)
	d.mu.Lock()
	d.dialing++
	d.mu.Unlock()
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", addr)
	v := &visit{guest, make(chan struct{})}
	d.connected(c, v)
	if err != nil {
		return nil, err
	}
	select {
	case <-v.accepted:
		return c, nil
	case <-ctx.Done():
		d.forget(c)
		_ = c.Close()
		return nil, ErrStranger
	}
}

// connected notes the address of a connection, nil where there is none.
func (d *Door) connected(c net.Conn, v *visit) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dialing--
	if c != nil {
		at := pair{addrPort(c.LocalAddr()), addrPort(c.RemoteAddr())}
		if p := d.came[at]; p != nil {
			delete(d.came, at)
			p.settle(v)
		} else {
			if d.dialled == nil {
				d.dialled = map[pair]*visit{}
			}
			d.dialled[at] = v
		}
	}
	if d.dialing == 0 { // all others are strangers
		for _, p := range d.came {
			close(p.settled)
		}
		clear(d.came)
	}
}

// forget takes a connection back that was never accepted. It has to be called before the
// connection is closed: its port may be another's then.
func (d *Door) forget(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.dialled, pair{addrPort(c.LocalAddr()), addrPort(c.RemoteAddr())})
}

func (p *Pass) settle(v *visit) {
	p.guest.Store(&v.guest)
	close(p.settled)
	close(v.accepted)
}

// Admit returns the Pass of a connection that a listener has accepted.
func (d *Door) Admit(c net.Conn) *Pass {
	if d == nil || d.awaited.Load() == 0 {
		return nil
	}
	at := pair{addrPort(c.RemoteAddr()), addrPort(c.LocalAddr())}
	if !at.from.IsValid() || at.from.Addr() != at.to.Addr() {
		return nil // of another machine
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p := &Pass{settled: make(chan struct{})}
	switch v := d.dialled[at]; {
	case v != nil:
		delete(d.dialled, at)
		p.settle(v)
	case d.dialing > 0:
		if d.came == nil {
			d.came = map[pair]*Pass{}
		}
		d.came[at] = p
	default:
		return nil
	}
	return p
}

// Guest returns what Dial was given, nil for a stranger. Before the first byte has come
// it may not be known yet; see Wait.
func (p *Pass) Guest() any {
	if p == nil {
		return nil
	}
	if g := p.guest.Load(); g != nil {
		return *g
	}
	return nil
}

// Wait returns Guest when it is known: as soon as those who dial at the moment are
// connected.
func (p *Pass) Wait() any {
	if p == nil {
		return nil
	}
	<-p.settled
	return p.Guest()
}

// Socket is a socket of this process that sends datagrams to one of its listeners.
type Socket struct {
	*net.UDPConn
	d    *Door
	from pair
}

// Packets opens a socket whose datagrams are those of guest until it is closed.
func (d *Door) Packets(addr string, guest any) (*Socket, error) {
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	c, err := net.DialUDP("udp", nil, to)
	if err != nil {
		return nil, err
	}
	s := &Socket{c, d, pair{addrPort(c.LocalAddr()), addrPort(c.RemoteAddr())}}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.packets == nil {
		d.packets = map[pair]any{}
	}
	d.packets[s.from] = guest
	d.sockets.Add(1)
	return s, nil
}

// Close implements net.Conn. The address is forgotten before another can have it.
func (s *Socket) Close() error {
	s.d.mu.Lock()
	if _, ok := s.d.packets[s.from]; ok {
		delete(s.d.packets, s.from)
		s.d.sockets.Add(-1)
	}
	s.d.mu.Unlock()
	return s.UDPConn.Close()
}

// Sender returns whose a datagram is that came from an address to the port of a socket,
// nil for a stranger's.
func (d *Door) Sender(from, to netip.AddrPort) any {
	if d == nil || d.sockets.Load() == 0 {
		return nil
	}
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	d.mu.Lock()
	defer d.mu.Unlock()
	// A socket that takes datagrams for all addresses does not say which it was.
	for at, guest := range d.packets {
		if at.from == from && at.to.Port() == to.Port() {
			return guest
		}
	}
	return nil
}

func addrPort(a net.Addr) netip.AddrPort {
	var at netip.AddrPort
	switch a := a.(type) {
	case *net.TCPAddr:
		at = a.AddrPort()
	case *net.UDPAddr:
		at = a.AddrPort()
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
