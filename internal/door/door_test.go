package door

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// accept admits n connections and returns their passes.
func accept(t *testing.T, d *Door, l net.Listener, n int) <-chan *Pass {
	passes := make(chan *Pass, n)
	go func() {
		for range n {
			c, err := l.Accept()
			if err != nil {
				break
			}
			t.Cleanup(func() { _ = c.Close() })
			passes <- d.Admit(c)
		}
		close(passes)
	}()
	return passes
}

func dial(t *testing.T, d *Door, addr string, guest any) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := d.Dial(ctx, addr, guest)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each connection is known for what it is, however many there are at once.
func TestGuests(t *testing.T) {
	d, l := &Door{}, listen(t)
	const guests, strangers = 20, 20
	passes := accept(t, d, l, guests+strangers)
	var wg sync.WaitGroup
	for i := range guests {
		wg.Go(func() {
			c := dial(t, d, l.Addr().String(), i)
			defer c.Close()
		})
	}
	for range strangers {
		wg.Go(func() {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
		})
	}
	wg.Wait()
	seen := map[any]int{}
	for p := range passes {
		seen[p.Wait()]++
	}
	for i := range guests {
		if seen[i] != 1 {
			t.Errorf("guest %d was admitted %d times", i, seen[i])
		}
	}
	if seen[nil] != strangers {
		t.Errorf("%d strangers, want %d", seen[nil], strangers)
	}
	if len(d.dialled)+len(d.came) > 0 {
		t.Errorf("%d and %d connections are still known", len(d.dialled), len(d.came))
	}
}

// A port that was a guest's is a stranger's the next time.
func TestPortUsedAgain(t *testing.T) {
	d, l := &Door{}, listen(t)
	c := dial1(t, d, l)
	from := c.LocalAddr().(*net.TCPAddr)
	_ = c.(*net.TCPConn).SetLinger(0) // the port is free at once
	_ = c.Close()
	passes := accept(t, d, l, 1)
	again, err := (&net.Dialer{LocalAddr: from}).Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if p := <-passes; p.Wait() != nil {
		t.Error("the port alone makes a guest")
	}
}

// dial1 dials and has the connection accepted.
func dial1(t *testing.T, d *Door, l net.Listener) net.Conn {
	t.Helper()
	passes := accept(t, d, l, 1)
	c := dial(t, d, l.Addr().String(), "guest")
	if p := <-passes; p.Wait() != "guest" {
		t.Fatalf("admitted as %v", p.Guest())
	}
	return c
}

// A connection that something else accepts is not used.
func TestAnotherListener(t *testing.T) {
	d, l := &Door{}, listen(t)
	go func() {
		for {
			if _, err := l.Accept(); err != nil {
				return
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if c, err := d.Dial(ctx, l.Addr().String(), 1); !errors.Is(err, ErrStranger) || c != nil {
		t.Errorf("%v, %v", c, err)
	}
	if len(d.dialled) > 0 || d.awaited.Load() != 0 {
		t.Error("it is still awaited")
	}
}

func TestRefused(t *testing.T) {
	d, l := &Door{}, listen(t)
	_ = l.Close()
	if _, err := d.Dial(t.Context(), l.Addr().String(), 1); err == nil || errors.Is(err, ErrStranger) {
		t.Error(err)
	}
}

func TestNoDoor(t *testing.T) {
	var d *Door
	var p *Pass
	if d.Admit(nil) != nil || d.Sender(netip.AddrPort{}, netip.AddrPort{}) != nil || p.Guest() != nil || p.Wait() != nil {
		t.Error("somebody comes through no door")
	}
}

func TestDatagrams(t *testing.T) {
	l, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := l.LocalAddr().(*net.UDPAddr).AddrPort()
	d := &Door{}
	s, err := d.Packets(at.String(), "guest")
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	sender := func(c net.Conn) any {
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		var b [8]byte
		_, from, err := l.ReadFromUDPAddrPort(b[:])
		if err != nil {
			t.Fatal(err)
		}
		return d.Sender(from, at)
	}
	if g := sender(s); g != "guest" {
		t.Errorf("guest is %v", g)
	}
	if g := sender(other); g != nil {
		t.Errorf("stranger is %v", g)
	}
	from := s.from.from
	_ = s.Close()
	_ = s.Close()
	if g := d.Sender(from, at); g != nil || d.sockets.Load() != 0 {
		t.Errorf("after its end it is %v", g)
	}
}
