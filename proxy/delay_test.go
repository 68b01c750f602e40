package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// TestFirstByteIsNotHeldForLong has an upstream that goes on only once the client has
// what it sent first.
func TestFirstByteIsNotHeldForLong(t *testing.T) {
	for _, framing := range []string{"Transfer-Encoding: chunked", "Content-Length: 22"} {
		t.Run(framing, func(t *testing.T) {
			step := make(chan struct{}, 2)
			defer close(step)
			write := func(c net.Conn, text string) {
				if framing[0] == 'T' {
					// The frame of a chunk comes in halves: waiting must not break it.
					text = fmt.Sprintf("%x\r\n%s\r\n", len(text), text)
					_, _ = io.WriteString(c, text[:1])
					time.Sleep(5 * time.Millisecond)
					text = text[1:]
				}
				_, _ = io.WriteString(c, text)
			}
			url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
				head(r)
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"+framing+"\r\n\r\n")
				write(c, "one\n")
				<-step
				write(c, "a "+secret+"\n")
				<-step
				write(c, "end")
				if framing[0] == 'T' {
					_, _ = io.WriteString(c, "0\r\n\r\n")
				}
			})
			cfg := settings(url)
			cfg.Routes["main"].MaxDelay = config.Duration(time.Millisecond)
			h := start(t, cfg)
			resp, err := client().Get("http://" + h.addr + "/")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			br := bufio.NewReader(resp.Body)
			for _, want := range []string{"one\n", "a " + placeholder + "\n"} {
				if got, err := br.ReadString('\n'); err != nil || got != want {
					t.Fatalf("got %q (%v), want %q", got, err, want)
				}
				step <- struct{}{}
			}
			if got, err := io.ReadAll(br); err != nil || string(got) != "end" {
				t.Fatalf("got %q (%v)", got, err)
			}
		})
	}
}

func TestGatheredAnswersKeepTheirLength(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "a")
		if r.URL.Path == "/chunked" {
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, secret)
		}
	})
	cfg := settings(up.URL)
	cfg.Routes["main"].MaxDelay = config.Duration(time.Minute)
	h := start(t, cfg)
	for range 3 { // the connection is used again
		for path, want := range map[string]string{"/": "a", "/chunked": "a" + placeholder} {
			if r := h.do("GET", path, ""); r.body != want || r.ContentLength != int64(len(want)) {
				t.Errorf("%s: got %q, length %d", path, r.body, r.ContentLength)
			}
		}
	}
}

func TestClientGoesWhileTheUpstreamPauses(t *testing.T) {
	gone := make(chan struct{})
	url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n")
		<-gone
		for { // writes fail once the hop has closed the connection
			if _, err := io.WriteString(c, "4\r\ntwo\n\r\n"); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	cfg := settings(url)
	cfg.Routes["main"].MaxDelay = config.Duration(time.Millisecond)
	h := start(t, cfg)
	resp, err := client().Get("http://" + h.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	close(gone)
	eventually(t, "the exchange ends", func() bool { return h.metric("redactd_in_flight_requests") == 0 })
}
