package proxy

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// serveUpgrade passes a protocol upgrade through. From the switch on nothing
// is inspected, and counted as such.
func (x *exchange) serveUpgrade() *refusal {
	if x.body.length != 0 {
		return refuseUpgrade
	}
	if r := x.prepareRequest(); r != nil {
		return r
	}
	x.out.Header.Add("Connection", "Upgrade")
	x.out.Header.AddBytesKV([]byte("Upgrade"), x.upgrade)
	t, conn, err := x.dialForUpgrade()
	if err != nil {
		return upstreamRefusal(err)
	}
	br := bufio.NewReaderSize(conn, headerBytes(&x.pol.cfg.Server))
	x.in = fasthttp.AcquireResponse()
	if err := x.askUpgrade(t, conn, br); err != nil {
		_ = conn.Close()
		return upstreamRefusal(err)
	}
	if x.in.StatusCode() != fasthttp.StatusSwitchingProtocols {
		// An ordinary answer: it goes the ordinary way.
		_ = conn.Close()
		if !x.ctx.IsHead() && !noBody(x.in.StatusCode()) {
			body := bytes.Clone(x.in.Body())
			x.in.SetBodyStream(bytes.NewReader(body), len(body))
		}
		return x.respond()
	}
	x.join(conn, br)
	return nil
}

func (x *exchange) dialForUpgrade() (*target, *upConn, error) {
	var tried []*target
	for {
		t := x.rt.up.pick(tried, 0)
		conn, err := x.rt.up.dial(context.Background(), t)
		x.rt.up.report(t, err)
		if err == nil {
			return t, conn, nil
		}
		if tried = append(tried, t); len(tried) == len(x.rt.up.targets) {
			return nil, nil, err
		}
	}
}

// askUpgrade sends the request and reads the answer; with 101 only its head.
func (x *exchange) askUpgrade(t *target, conn *upConn, br *bufio.Reader) error {
	x.prepare(t)
	x.out.URI().DisablePathNormalizing = true
	if err := conn.Conn.SetDeadline(time.Now().Add(x.rt.up.timeout())); err != nil {
		return err
	}
	bw := bufio.NewWriter(conn)
	if err := errors.Join(x.out.Write(bw), bw.Flush()); err != nil {
		return err
	}
	x.in.Header.DisableNormalizing()
	return x.in.ReadLimitBody(br, int(limitOr(int64(x.rt.up.cfg.MaxResponse), defaultMaxResponse)))
}

// join connects client and upstream until one of them ends.
func (x *exchange) join(conn *upConn, br *bufio.Reader) {
	head := []byte("HTTP/1.1 101 Switching Protocols\r\n")
	for _, f := range x.answerFields() {
		if !f.class.is(framed) {
			head = append(append(append(append(head, f.name...), ": "...), f.value...), "\r\n"...)
		}
	}
	head = append(head, "\r\n"...)
	_ = conn.Conn.SetDeadline(time.Time{})
	x.ctx.Response.SetStatusCode(fasthttp.StatusSwitchingProtocols)
	x.ctx.HijackSetNoResponse(true)
	p, m, route, raw := x.p, x.p.m, x.rt.name, x.ctx.Conn()
	x.ctx.Hijack(func(client net.Conn) {
		defer conn.Close()
		if _, err := client.Write(head); err != nil {
			return
		}
		up := make(chan int64, 1)
		started := p.goroutines.start(func() { // ends with raw, which is closed below
			n, _ := io.Copy(conn.Conn, client)
			_ = conn.Close()
			up <- n
		})
		if !started {
			return
		}
		down, _ := io.Copy(client, br)
		_ = conn.Close()
		_ = raw.Close() // client.Close does nothing before the handler returns
		m.uninspected(route, dirResponse, "upgraded", down)
		m.uninspected(route, dirRequest, "upgraded", <-up)
	})
}
