package proxy

import (
	"net"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// BenchmarkExchange is one clean exchange through the hop with the real
// kernel: 2 KiB of JSON each way, both sides of it included.
func BenchmarkExchange(b *testing.B) {
	body := []byte(`{"message":"` + strings.Repeat("clean words here ", 120) + `"}`)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/json")
		ctx.SetBody(body)
	}}
	go func() { _ = s.Serve(ln) }()
	defer ln.Close()
	h := start(b, settings("http://"+ln.Addr().String()), real)
	c := &fasthttp.HostClient{Addr: h.addr}
	defer c.CloseIdleConnections()
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	req.SetRequestURI("http://" + h.addr + "/api/x?a=1")
	req.Header.SetMethod("POST")
	req.Header.SetContentType("application/json")
	req.SetBody(body)
	b.ReportAllocs()
	b.SetBytes(int64(2 * len(body)))
	for b.Loop() {
		if err := c.Do(req, resp); err != nil || resp.StatusCode() != 200 {
			b.Fatal(err, resp.StatusCode())
		}
	}
}
