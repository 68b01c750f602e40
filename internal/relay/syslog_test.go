package relay

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

var syslogMessages = []string{
	"<13>1 2026-01-02T03:04:05Z host app 1 - [id k=\"" + secret + "\"] a " + secret,
	"<34>Oct 11 22:14:15 host su: " + secret + " and more",
	"<34>Oct 11 22:14:15 host app[1]: {\"k\":\"" + secret + "\"}",
	"<13>clean",
}

// TestSyslogStream sends in either framing, cut at every byte.
func TestSyslogStream(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"tcp"})
	var scrubbed []string
	for _, m := range syslogMessages {
		scrubbed = append(scrubbed, clean(m))
	}
	for _, tt := range []struct{ in, want string }{
		{strings.Join(syslogMessages, "\n") + "\n", strings.Join(scrubbed, "\n") + "\n"},
		{strings.Join(syslogMessages, "\r\n") + "\r\n", strings.Join(scrubbed, "\r\n") + "\r\n"},
		{strings.Join(syslogMessages, "\n"), strings.Join(scrubbed, "\n")},
		{counted(syslogMessages...), counted(scrubbed...)},
		{counted("<13>two\nlines "+secret) + "\n" + counted("<13>x"), counted("<13>two\nlines "+masked) + "\n" + counted("<13>x")},
		{"no priority\n1 starts with a digit " + secret + "\n", "no priority\n1 starts with a digit " + masked + "\n"},
	} {
		for i := 0; i <= len(tt.in); i += 1 + i/40 {
			c := r.dialTCP()
			for _, part := range []string{tt.in[:i], tt.in[i:]} {
				if _, err := io.WriteString(c, part); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Millisecond) // so that it mostly comes in two pieces
			}
			c.Close()
			if got := up.all(t); got != tt.want {
				t.Fatalf("cut at %d: got %q, want %q", i, got, tt.want)
			}
		}
	}
}

func TestSyslogManyMessages(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"tcp"})
	const conns, messages = 4, 2000
	for i := range conns {
		go func() {
			c, err := net.Dial("tcp", r.Addrs()[0].String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for j := range messages {
				fmt.Fprintf(c, "<13>%d %d %s\n", i, j, secret)
			}
		}()
	}
	for range conns {
		lines := strings.Split(strings.TrimSuffix(up.all(t), "\n"), "\n")
		if len(lines) != messages {
			t.Fatalf("%d messages", len(lines))
		}
		for j, line := range lines {
			if !strings.HasSuffix(line, fmt.Sprintf(" %d %s", j, masked)) {
				t.Fatalf("message %d is %q", j, line)
			}
		}
	}
	if n := r.host.count(Received); n != conns*messages {
		t.Errorf("%d messages counted", n)
	}
}

// TestSyslogUpstreamComesLater asks that clients wait for the upstream.
func TestSyslogUpstreamComesLater(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := gone.Addr().String()
	gone.Close()
	r := begin(t, "syslog", "tcp://"+addr, []string{"tcp"})
	r.send("<13>" + secret + "\n")
	until(t, "failure", func() bool { return r.host.count(UpstreamFailed) > 0 })
	if got, want := upstreamTCP(t, addr, false).all(t), "<13>"+masked+"\n"; got != want {
		t.Errorf("got %q", got)
	}
}

// TestSyslogUpstreamBreaks asks that what could not be written is written to the next
// connection, and that the client's stays.
func TestSyslogUpstreamBreaks(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"tcp"})
	c := r.dialTCP()
	for i := range 3 {
		line := fmt.Sprintf("<13>%d\n", i)
		fmt.Fprint(c, line)
		u := up.next(t)
		expect(t, u, line)
		u.Close()
		time.Sleep(20 * time.Millisecond) // for the end to be seen
	}
}

func TestSyslogStop(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"tcp"})
	c := r.dialTCP()
	fmt.Fprint(c, "<13>one\n")
	u := up.next(t)
	expect(t, u, "<13>one\n")
	fmt.Fprint(c, "<13>two\n<13>three "+secret+"\n<13>half of a mess")
	r.end()
	expect(t, u, "<13>two\n<13>three "+masked+"\n")
	if _, err := u.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	if n := r.host.count(DroppedFraming); n != 1 {
		t.Errorf("%d halves are counted", n)
	}
	r.end() // a second time
}

// TestSyslogStopCuts asks that the end comes in time where there is no upstream, and
// that what was lost is counted.
func TestSyslogStopCuts(t *testing.T) {
	gone, _ := net.Listen("tcp", "127.0.0.1:0")
	addr := gone.Addr().String()
	gone.Close()
	r := begin(t, "syslog", "tcp://"+addr, []string{"tcp"})
	r.send("<13>one\n<13>two\n")
	until(t, "failure", func() bool { return r.host.count(UpstreamFailed) > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if r.Stop(ctx) == nil {
		t.Error("no error")
	}
	if n := r.host.count(DroppedStop); n != 2 {
		t.Errorf("%d dropped", n)
	}
}

// TestSyslogStopStalled asks that the end comes in time where the upstream takes nothing.
func TestSyslogStopStalled(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"tcp"}, func(h *fakeHost) { h.cfg.Timeout = config.Duration(time.Hour) })
	c := r.dialTCP()
	go func() {
		line := []byte(strings.Repeat("<13>a line\n", 1000))
		for {
			if _, err := c.Write(line); err != nil {
				return
			}
		}
	}()
	up.next(t) // which nobody reads from
	before := -1
	until(t, "standstill", func() bool {
		sent := r.host.count(SentBytes)
		stands := sent == before
		before = sent
		time.Sleep(200 * time.Millisecond)
		return stands && sent > 0
	})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if r.Stop(ctx) == nil {
		t.Error("no error")
	}
	if n := r.host.count(DroppedStop); n == 0 {
		t.Error("what was lost is not counted")
	}
}

func TestSyslogTLS(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", true)
	r := begin(t, "syslog", "tls://"+up.ln.Addr().String(), []string{"tls"})
	c, err := tls.Dial("tcp", r.Addrs()[0].String(), testTLS(t))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, counted(syslogMessages...))
	c.Close()
	var want []string
	for _, m := range syslogMessages {
		want = append(want, clean(m))
	}
	if got := up.all(t); got != counted(want...) {
		t.Errorf("got %q", got)
	}
}

// TestSyslogWithheld asks that a message that can't be scrubbed is left out alone.
func TestSyslogWithheld(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"tcp"})
	r.send("<13>one\n<13>" + broken + "\n<13>" + secret + "\n")
	if got, want := up.all(t), "<13>one\n<13>"+masked+"\n"; got != want {
		t.Errorf("got %q", got)
	}
	r.send(counted("<13>one", broken, "<13>"+secret))
	if got, want := up.all(t), counted("<13>one", "<13>"+masked); got != want {
		t.Errorf("got %q", got)
	}
}

func TestSyslogTooLarge(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"tcp"}, func(h *fakeHost) { h.cfg.MaxMessage = 2000 })
	large := "<13>" + strings.Repeat("x", 100<<10)
	r.send("<13>one\n" + large + "\n<13>two\n")
	if got, want := up.all(t), "<13>one\n<13>two\n"; got != want {
		t.Errorf("got %d bytes", len(got))
	}
	r.send(counted("<13>one", large, "<13>two"))
	if got, want := up.all(t), counted("<13>one", "<13>two"); got != want {
		t.Errorf("got %q", got)
	}
	if n := r.host.count(DroppedTooLarge); n != 2 {
		t.Errorf("%d dropped", n)
	}
	r.send(counted("<13>one") + "12 short")
	up.all(t)
	r.send(counted("<13>one") + "<13>no length")
	up.all(t)
	until(t, "count", func() bool { return r.host.count(DroppedFraming) == 2 })
}

func TestSyslogAuditRefuses(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"tcp", "udp"}, func(h *fakeHost) { h.later = 2 })
	r.send("<13>" + secret + "\n")
	if got := up.all(t); got != "<13>"+masked+"\n" {
		t.Errorf("got %q", got)
	}
	r.host.mu.Lock()
	r.host.later = 1
	r.host.mu.Unlock()
	r.sendUDP("<13>lost")
	until(t, "count", func() bool { return r.host.count(DroppedAudit) == 1 })
}

func TestSyslogDatagrams(t *testing.T) {
	up, addr := upstreamUDP(t)
	r := begin(t, "syslog", addr, []string{"tcp", "udp"}, func(h *fakeHost) { h.cfg.MaxDatagram = 512 })
	for _, m := range append(syslogMessages, "<13>two\nlines\n", "1 digit "+secret) {
		r.sendUDP(m)
		if got := datagram(t, up); got != clean(m) {
			t.Errorf("got %q, want %q", got, clean(m))
		}
	}
	// What comes over a stream loses its framing.
	r.send(counted("<13>one "+secret, "<13>two"))
	for _, want := range []string{"<13>one " + masked, "<13>two"} {
		if got := datagram(t, up); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	// A long one that came so stays, one that gets too long is cut.
	long := "<13>" + strings.Repeat("x", 2000)
	r.sendUDP(long)
	if got := datagram(t, up); got != long {
		t.Errorf("got %d bytes", len(got))
	}
	grows := "<13>" + strings.Repeat(secret, 42) + "é"
	r.sendUDP(grows)
	if got := datagram(t, up); got != clean(grows)[:512] {
		t.Errorf("got %d bytes: %q", len(got), got)
	}
	if n := r.host.count(Cut); n != 1 {
		t.Errorf("%d cut", n)
	}
}

func TestSyslogDatagramsToStream(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"udp"})
	r.sendUDP("<13>one "+secret, "<13>two\nlines")
	u := up.next(t)
	expect(t, u, counted("<13>one "+masked, "<13>two\nlines"))
	u.Close()
	time.Sleep(20 * time.Millisecond)
	r.sendUDP("<13>three")
	expect(t, up.next(t), counted("<13>three"))
}

func TestSyslogStore(t *testing.T) {
	r := begin(t, "syslog", config.StoreUpstream, []string{"tcp", "udp"}, func(h *fakeHost) { h.noStore = 1 })
	r.send("<13>one "+secret+"\r\n", counted("x")+"\n<13>two")
	until(t, "records", func() bool { r.host.mu.Lock(); defer r.host.mu.Unlock(); return len(r.host.records) == 3 })
	r.sendUDP("<13>three")
	until(t, "records", func() bool { r.host.mu.Lock(); defer r.host.mu.Unlock(); return len(r.host.records) == 4 })
	for i, want := range []string{"<13>one " + masked, "1 x", "<13>two", "<13>three"} {
		if got := string(r.host.records[i].Data); got != want {
			t.Errorf("record %d is %q, want %q", i, got, want)
		}
	}
}

// TestMaxConnections asks that a client over the limit waits until another goes.
func TestMaxConnections(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "syslog", up.url(), []string{"tcp"}, func(h *fakeHost) { h.cfg.MaxConnections = 1 })
	first, second := r.dialTCP(), r.dialTCP()
	fmt.Fprint(first, "<13>one\n")
	fmt.Fprint(second, "<13>two\n")
	u := up.next(t)
	expect(t, u, "<13>one\n")
	if n := r.host.count(Connected); n != 1 {
		t.Errorf("%d connections", n)
	}
	first.Close()
	expect(t, up.next(t), "<13>two\n")
}

// FuzzFraming asks that messages are the same however the bytes come.
func FuzzFraming(f *testing.F) {
	f.Add([]byte("<13>a\r\n\n<13>b"), 3)
	f.Add([]byte("5 <13>a\n3 abc12 x"), 2)
	f.Add([]byte("1\n23 <"), 1)
	split := func(data []byte, size int) (bodies []string, failed bool) {
		fr := framing{end: '\n', counts: true}
		var buf []byte
		for i := 0; i < len(data); i += size {
			buf = append(buf, data[i:min(i+size, len(data))]...)
			for {
				m, ok, err := fr.next(buf, i+size >= len(data))
				if err != nil {
					return bodies, true
				}
				if !ok {
					break
				}
				if m.hasBody() {
					bodies = append(bodies, string(buf[m.start:m.stop]))
				}
				buf = buf[m.end:]
			}
		}
		return bodies, false
	}
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		if size <= 0 || len(data) > 4096 {
			return
		}
		whole, failed := split(data, len(data)+1)
		pieces, failedToo := split(data, size)
		if fmt.Sprint(whole) != fmt.Sprint(pieces) || failed != failedToo {
			t.Fatalf("%q %v, in pieces %q %v", whole, failed, pieces, failedToo)
		}
	})
}
