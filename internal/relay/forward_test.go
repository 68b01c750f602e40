package relay

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
)

// pack returns a list of parts behind the head of an array.
func pack(parts ...string) string {
	return string([]byte{0x90 | byte(len(parts))}) + strings.Join(parts, "")
}

func str(s string) string { return string(codec.AppendPackedString(nil, s)) }

func bin(s string) string {
	return string(binary.BigEndian.AppendUint16([]byte{0xc5}, uint16(len(s)))) + s
}

func mapOf(parts ...string) string {
	return string([]byte{0x80 | byte(len(parts)/2)}) + strings.Join(parts, "")
}

// eventAt is EventTime in the fixext form.
const eventAt = "\xd7\x00\x65\x53\xf1\x00\x07\x5b\xcd\x15"

func record(value string) string { return mapOf(str("log"), str(value)) }

func event(value string) string { return pack(eventAt, record(value)) }

// forwardModes is a message of each mode, with what it holds.
func forwardModes(value string, options ...string) []string {
	var o []string
	if len(options) > 0 {
		o = []string{mapOf(options...)}
	}
	return []string{
		pack(append([]string{str("app"), eventAt, record(value)}, o...)...),
		pack(append([]string{str("app"), pack(event(value), event("clean"))}, o...)...),
		pack(append([]string{str("app"), bin(event(value) + event(value))}, o...)...),
	}
}

func TestForwardRelay(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "forward", up.url(), []string{"tcp"})
	in := strings.Join(forwardModes(secret), "") + "\xc0"
	want := strings.Join(forwardModes(masked), "") + "\xc0"
	for i := 0; i <= len(in); i += 1 + i/30 {
		r.send(in[:i], in[i:])
		if got := up.all(t); got != want {
			t.Fatalf("cut at %d:\n%q\n%q", i, got, want)
		}
	}
}

// TestForwardAcks asks that acknowledgements are those of the upstream, and come to a
// client that has ended its half of the connection too.
func TestForwardAcks(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "forward", up.url(), []string{"tcp"})
	want := forwardModes(masked, str("chunk"), str("id"))
	for i, msg := range forwardModes(secret, str("chunk"), str("id")) {
		c := r.dialTCP()
		fmt.Fprint(c, msg)
		u := up.next(t)
		expect(t, u, want[i])
		_ = c.(*net.TCPConn).CloseWrite()
		ack := mapOf(str("ack"), str("id"))
		fmt.Fprint(u, ack)
		expect(t, c, ack)
		c.Close()
		u.Close()
	}
}

// TestForwardUpstreamBreaks asks that a client that waits for an acknowledgement sees
// the end of the upstream's connection, and one that does not wait is served on.
func TestForwardUpstreamBreaks(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "forward", up.url(), []string{"tcp"})
	c := r.dialTCP()
	msg := forwardModes("x", str("chunk"), str("id"))[0]
	fmt.Fprint(c, msg)
	u := up.next(t)
	expect(t, u, msg)
	u.Close()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the client's connection is open")
	}

	c = r.dialTCP()
	msg = forwardModes("x")[0]
	for range 3 {
		fmt.Fprint(c, msg)
		u = up.next(t)
		expect(t, u, msg)
		u.Close()
		time.Sleep(20 * time.Millisecond)
	}
}

// TestForwardWithheld asks that what can't be scrubbed is dropped, and not
// acknowledged where the client wants that.
func TestForwardWithheld(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "forward", up.url(), []string{"tcp"})
	c := r.dialTCP()
	fmt.Fprint(c, forwardModes(broken)[0]+forwardModes("x")[0])
	u := up.next(t)
	expect(t, u, forwardModes("x")[0])
	fmt.Fprint(c, forwardModes(broken, str("chunk"), str("id"))[2])
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if n, err := c.Read(make([]byte, 1)); err == nil || n > 0 {
		t.Error("it is acknowledged")
	}
	if got, _ := io.ReadAll(u); len(got) > 0 {
		t.Errorf("%q came through", got)
	}
	r.send("\xc1")
	up.all(t)
	until(t, "count", func() bool { return r.host.count(DroppedFraming) == 1 })
}

func TestForwardStore(t *testing.T) {
	r := begin(t, "forward", config.StoreUpstream, []string{"tcp"}, func(h *fakeHost) { h.noStore = 1 })
	c := r.dialTCP()
	for _, msg := range forwardModes(secret, str("chunk"), str("id")) {
		fmt.Fprint(c, msg)
		_ = c.SetReadDeadline(time.Now().Add(patience))
		expect(t, c, mapOf(str("ack"), str("id")))
	}
	data := bin(compressed(t, "gzip", event(secret)) + compressed(t, "gzip", pack(pack("\x07", mapOf(str("m"), "\x01")), record("x"))))
	fmt.Fprint(c, "\xc0"+pack(str("app"), data, mapOf(str("compressed"), str("gzip"), str("chunk"), str("z"))))
	expect(t, c, mapOf(str("ack"), str("z")))
	var got []string
	for _, rec := range r.host.records {
		got = append(got, fmt.Sprintf("%s %s %s", rec.Attrs[0].Value, rec.Attrs[1].Value, rec.Data))
	}
	first := `"app" "2023-11-14T22:13:20.123456789Z" {"log":"` + masked + `"}`
	want := []string{first, first, strings.ReplaceAll(first, masked, "clean"), first, first, first, `"app" [7,{"m":1}] {"log":"x"}`}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestForwardKeys chains two listeners that have keys.
func TestForwardKeys(t *testing.T) {
	last := begin(t, "forward", config.StoreUpstream, []string{"tcp"}, func(h *fakeHost) { h.cfg.SharedKey = "between" })
	first := begin(t, "forward", "tcp://"+last.Addrs()[0].String(), []string{"tcp"}, func(h *fakeHost) {
		h.cfg.SharedKey, h.cfg.UpstreamSharedKey = "in front", "between"
	})
	c := first.dialTCP()
	if err := ShowKey(c, "in front"); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, forwardModes(secret, str("chunk"), str("id"))[0])
	_ = c.SetReadDeadline(time.Now().Add(patience))
	expect(t, c, mapOf(str("ack"), str("id")))
	if got := string(last.host.records[0].Data); got != `{"log":"`+masked+`"}` {
		t.Errorf("%s", got)
	}
	if err := ShowKey(first.dialTCP(), "wrong"); err == nil {
		t.Error("a wrong key is accepted")
	}
	first.send(forwardModes("x")[0])
	until(t, "count", func() bool { return first.host.count(DroppedAuth) == 2 })
}

// TestForwardHandshakePasses asks that without keys of its own the handshake is that of
// client and upstream.
func TestForwardHandshakePasses(t *testing.T) {
	last := begin(t, "forward", config.StoreUpstream, []string{"tcp"}, func(h *fakeHost) { h.cfg.SharedKey = "theirs" })
	first := begin(t, "forward", "tcp://"+last.Addrs()[0].String(), []string{"tcp"})
	c := first.dialTCP()
	if err := ShowKey(c, "theirs"); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, forwardModes(secret, str("chunk"), str("id"))[1])
	_ = c.SetReadDeadline(time.Now().Add(patience))
	expect(t, c, mapOf(str("ack"), str("id")))
	if err := ShowKey(first.dialTCP(), "wrong"); err == nil {
		t.Error("a wrong key is accepted")
	}
}

func TestForwardStop(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "forward", up.url(), []string{"tcp"})
	c := r.dialTCP()
	msg := forwardModes("x", str("chunk"), str("id"))[0]
	fmt.Fprint(c, msg)
	u := up.next(t)
	expect(t, u, msg)
	fmt.Fprint(c, msg)
	go func() {
		_, _ = io.ReadAll(u)
		fmt.Fprint(u, "acks")
		u.Close()
	}()
	r.end()
	expect(t, c, "acks")
}

func TestForwardHeartbeat(t *testing.T) {
	r := begin(t, "forward", config.StoreUpstream, []string{"tcp", "udp"})
	c, err := net.Dial("udp", r.Addrs()[1].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "\x00")
	_ = c.SetReadDeadline(time.Now().Add(patience))
	expect(t, c, "\x00")
}

func TestForwardTooLarge(t *testing.T) {
	r := begin(t, "forward", config.StoreUpstream, []string{"tcp"}, func(h *fakeHost) { h.cfg.MaxMessage = 1024 })
	c := r.dialTCP()
	go func() { _, _ = io.WriteString(c, pack(str("app"), bin(strings.Repeat("x", 60000)))) }()
	until(t, "count", func() bool { return r.host.count(DroppedTooLarge) == 1 })
}

// TestForwardText asks that what is no message, such as text, which as MessagePack is a
// row of numbers, ends the connection and does not go on.
func TestForwardText(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "forward", up.url(), []string{"tcp"})
	for i, text := range []string{"key " + secret + "\n", "{\"a\":\"" + secret + "\"}", mapOf(str("a"), str("b"))} {
		c := r.dialTCP()
		if _, err := io.WriteString(c, "\xc0"+text); err != nil {
			t.Fatal(err)
		}
		if got := up.all(t); got != "\xc0" {
			t.Errorf("%q went on", got)
		}
		until(t, "count", func() bool { return r.host.count(DroppedFraming) == i+1 })
	}
}
