package proxy

import (
	"net"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// TestExchangeAllocates bounds what an exchange allocates with the real kernel,
// the client and the upstream of the test included, which take next to nothing.
// Under the race detector pools drop a quarter of what they are given.
func TestExchangeAllocates(t *testing.T) {
	most := 16.0
	if raceEnabled {
		most = 60
	}
	body := []byte(`{"message":"` + strings.Repeat("clean words here ", 120) + `"}`)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fasthttp.Server{NoDefaultDate: true, Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/json")
		ctx.Response.SetBodyRaw(body)
	}}
	go func() { _ = s.Serve(ln) }()
	defer ln.Close()
	h := start(t, settings("http://"+ln.Addr().String()), real)
	c := &fasthttp.HostClient{Addr: h.addr}
	defer c.CloseIdleConnections()
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	req.SetRequestURI("http://" + h.addr + "/api/x")
	req.Header.SetMethod("POST")
	req.Header.SetContentType("application/json")
	req.SetBodyRaw(body)
	n := testing.AllocsPerRun(200, func() {
		if err := c.Do(req, resp); err != nil || resp.StatusCode() != 200 {
			t.Fatal(err, resp.StatusCode())
		}
	})
	if n > most {
		t.Errorf("an exchange allocates %v times", n)
	}
}
