package relay

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

const gelfMessage = `{"version":"1.1","host":"web","short_message":"a ` + secret + `","_k":"` + secret + `","level":6}`

func TestGELFStream(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "gelf", up.url(), []string{"tcp"})
	in := gelfMessage + "\x00" + `{"short_message":"plain"}` + "\x00" + broken + "\x00" + "no json " + secret + "\x00" + gelfMessage
	want := clean(gelfMessage) + "\x00" + `{"short_message":"plain"}` + "\x00\x00" + "no json " + masked + "\x00" + clean(gelfMessage)
	want = strings.Replace(want, "\x00\x00", "\x00", 1)
	for i := 0; i <= len(in); i += 1 + i/30 {
		r.send(in[:i], in[i:])
		if got := up.all(t); got != want {
			t.Fatalf("cut at %d: %q", i, got)
		}
	}
}

func compressed(t testing.TB, coding, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if coding == "zlib" {
		w = zlib.NewWriter(&b)
	}
	_, _ = io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func inflated(t testing.TB, coding, data string) string {
	t.Helper()
	var r io.Reader
	var err error
	if coding == "zlib" {
		r, err = zlib.NewReader(strings.NewReader(data))
	} else {
		r, err = gzip.NewReader(strings.NewReader(data))
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGELFDatagrams(t *testing.T) {
	up, addr := upstreamUDP(t)
	r := begin(t, "gelf", addr, []string{"udp"})
	r.sendUDP(gelfMessage)
	if got := datagram(t, up); got != clean(gelfMessage) {
		t.Errorf("got %q", got)
	}
	for _, coding := range []string{"gzip", "zlib"} {
		same := compressed(t, coding, `{"short_message":"plain"}`)
		r.sendUDP(same, compressed(t, coding, gelfMessage))
		if got := datagram(t, up); got != same {
			t.Errorf("%s: a clean message is not what came", coding)
		}
		if got := inflated(t, coding, datagram(t, up)); got != clean(gelfMessage) {
			t.Errorf("%s: %q", coding, got)
		}
	}
	r.sendUDP("\x1f\x8b no gzip", gelfMessage)
	if got := datagram(t, up); got != clean(gelfMessage) {
		t.Errorf("got %q", got)
	}
}

// assemble puts chunks together as they come.
func assemble(t testing.TB, next func() string) string {
	t.Helper()
	a := newAssembler(&Listener{host: &fakeHost{counts: map[Event]int{}}})
	for {
		d := next()
		if !isChunk([]byte(d)) {
			t.Fatalf("no chunk: %.20q", d)
		}
		if m, _ := a.add([]byte(d), netip.AddrPort{}); m != nil {
			return string(m)
		}
	}
}

func TestGELFChunks(t *testing.T) {
	up, addr := upstreamUDP(t)
	r := begin(t, "gelf", addr, []string{"udp"})
	long := `{"short_message":"` + strings.Repeat("x "+secret+" ", 300) + `"}`
	var parts []string
	for _, c := range chunks([]byte(long), 500) {
		parts = append(parts, string(c))
	}
	parts[0], parts[5] = parts[5], parts[0]
	r.sendUDP(append(parts[:3:3], append([]string{parts[1], gelfMessage}, parts[3:]...)...)...)
	if got := datagram(t, up); got != clean(gelfMessage) {
		t.Fatalf("got %.40q", got)
	}
	longest := 0
	got := assemble(t, func() string { d := datagram(t, up); longest = max(longest, len(d)); return d })
	if got != clean(long) || longest > 500 {
		t.Errorf("got %d bytes in datagrams of up to %d", len(got), longest)
	}
	// What becomes too long for a datagram goes on in chunks.
	packed := `{"short_message":"` + strings.Repeat(secret, 680) + `"}`
	r.sendUDP(packed)
	if got := assemble(t, func() string { return datagram(t, up) }); got != clean(packed) {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestGELFDatagramsToStream(t *testing.T) {
	up := upstreamTCP(t, "127.0.0.1:0", false)
	r := begin(t, "gelf", up.url(), []string{"udp"})
	r.sendUDP(compressed(t, "gzip", gelfMessage), gelfMessage)
	expect(t, up.next(t), clean(gelfMessage)+"\x00"+clean(gelfMessage)+"\x00")
}

func TestGELFStore(t *testing.T) {
	r := begin(t, "gelf", config.StoreUpstream, []string{"tcp", "udp"})
	r.sendUDP(compressed(t, "zlib", gelfMessage))
	until(t, "records", func() bool { r.host.mu.Lock(); defer r.host.mu.Unlock(); return len(r.host.records) == 1 })
	r.send("no json\x00")
	until(t, "records", func() bool { r.host.mu.Lock(); defer r.host.mu.Unlock(); return len(r.host.records) == 2 })
	if rec := r.host.records[0]; string(rec.Data) != clean(gelfMessage) || !rec.JSON {
		t.Errorf("%q", rec.Data)
	}
	if rec := r.host.records[1]; string(rec.Data) != "no json" || rec.JSON {
		t.Errorf("%q", rec.Data)
	}
}

// TestAssembler holds the bounds of what waits for its chunks.
func TestAssembler(t *testing.T) {
	h := &fakeHost{counts: map[Event]int{}}
	a := newAssembler(begin(t, "gelf", config.StoreUpstream, []string{"udp"}, func(f *fakeHost) { f.counts = h.counts; h = f }).Listener)
	now := time.Now()
	a.now = func() time.Time { return now }
	var from netip.AddrPort
	chunk := func(id, number, count byte, data string) []byte {
		return append([]byte{0x1e, 0x0f, id, 0, 0, 0, 0, 0, 0, 0, number, count}, data...)
	}
	add := func(c []byte) []byte { m, _ := a.add(c, from); return m }
	if add(chunk(1, 1, 2, "b")) != nil || string(add(chunk(1, 0, 2, "a"))) != "ab" {
		t.Error("not put together")
	}
	add(chunk(2, 0, 2, "x"))
	now = now.Add(chunkTime)
	if add(chunk(2, 1, 2, "y")) != nil || h.count(DroppedFraming) != 1 {
		t.Error("chunks of a message that expired")
	}
	now = now.Add(chunkTime)
	for _, bad := range [][]byte{chunk(3, 2, 2, "x"), chunk(3, 0, 0, "x"), chunk(3, 0, 200, "x")} {
		if add(bad) != nil || len(a.parts) > 0 {
			t.Errorf("%v is taken", bad)
		}
	}
	add(chunk(4, 0, 3, "x"))
	if add(chunk(4, 1, 2, "x")) != nil || len(a.parts) != 0 || a.size != 0 {
		t.Error("another number of chunks")
	}
	for i := range 3 * maxPartial {
		c := chunk(byte(i), 0, 2, "x")
		c[3] = byte(i >> 8)
		add(c)
	}
	if len(a.parts) > maxPartial || len(a.order) > 2*maxPartial {
		t.Errorf("%d messages wait", len(a.parts))
	}
	if chunks(make([]byte, maxChunks*maxSend), 500) != nil {
		t.Error("too many chunks")
	}
}
