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

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
)

// The choices of a route for upgrades.
const (
	upgradePass  = "pass"
	upgradeScrub = "scrub"
)

// serveUpgrade passes a protocol upgrade through. From the switch on nothing is inspected,
// and counted as such, but for the messages of WebSocket where the route says so.
func (x *exchange) serveUpgrade() *refusal {
	scrubs := x.rt.cfg.Upgrade == upgradeScrub
	if x.body.length != 0 || scrubs && !is(x.upgrade, "websocket") {
		return refuseUpgrade
	}
	if r := x.prepareRequest(); r != nil {
		return r
	}
	if scrubs { // an extension could compress messages, or mean anything
		x.dropField("Sec-WebSocket-Extensions")
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
	if scrubs {
		return x.joinMessages(conn, br)
	}
	x.join(conn, br)
	return nil
}

// dropField takes all fields of that name out of the request.
func (x *exchange) dropField(name string) {
	var spelled []string
	for field := range x.out.Header.All() {
		if equalFold(field, name) {
			spelled = append(spelled, string(field))
		}
	}
	for _, field := range spelled {
		x.out.Header.Del(field)
	}
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
	head := x.switching(conn, x.answerFields())
	p, raw := x.p, x.ctx.Conn()
	sent := &meteredReader{m: p.m, route: x.rt.name, dir: dirRequest, reason: x.upgradedReason(x.inspectsRequest())}
	got := &meteredReader{Reader: br, m: p.m, route: x.rt.name, dir: dirResponse, reason: x.upgradedReason(x.rt.cfg.Response == config.ScopeAll)}
	x.ctx.Hijack(func(client net.Conn) {
		defer conn.Close()
		if _, err := client.Write(head); err != nil {
			return
		}
		sent.Reader = client
		up := make(chan struct{})
		started := p.goroutines.start(func() { // ends with raw, which is closed below
			defer close(up)
			_, _ = io.Copy(conn.Conn, sent)
			_ = conn.Close()
		})
		if !started {
			return
		}
		_, _ = io.Copy(client, got)
		_ = conn.Close()
		_ = raw.Close() // client.Close does nothing before the handler returns
		<-up
	})
}

// upgradedReason is why what follows a switch is not inspected.
func (x *exchange) upgradedReason(inScope bool) string {
	if inScope {
		return coverage.Upgraded
	}
	return coverage.OutOfScope
}

// switching makes ready for the switch and returns the head of its answer.
func (x *exchange) switching(conn *upConn, fields []header) []byte {
	head := []byte("HTTP/1.1 101 Switching Protocols\r\n")
	for _, f := range fields {
		if !f.class.is(framed) {
			head = append(append(append(append(head, f.name...), ": "...), f.value...), "\r\n"...)
		}
	}
	_ = conn.Conn.SetDeadline(time.Time{})
	x.ctx.Response.SetStatusCode(fasthttp.StatusSwitchingProtocols)
	x.ctx.HijackSetNoResponse(true)
	return append(head, "\r\n"...)
}

// joinMessages connects client and upstream by messages of WebSocket.
func (x *exchange) joinMessages(conn *upConn, br *bufio.Reader) *refusal {
	x.inFields = x.answerFields()
	fields, refused := x.switchFields()
	if refused != nil {
		_ = conn.Close()
		return refused
	}
	head := x.switching(conn, fields)
	s := &x.pol.cfg.Server
	raw := x.ctx.Conn()
	w := &wsRelay{p: x.p, pol: x.pol, rt: x.rt, id: x.id}
	w.up.Conn, w.up.server, w.up.wait = connClosedBy{conn.Conn, conn}, true, x.rt.up.timeout()
	w.down.wait = min(orDefault(s.ReadTimeout, defaultReadTimeout), orDefault(s.WriteTimeout, defaultWriteTimeout))
	x.ctx.Hijack(func(client net.Conn) {
		defer conn.Close()
		if _, err := client.Write(head); err != nil {
			return
		}
		w.down.Conn = connClosedBy{client, raw}
		w.run(br)
	})
	return nil
}

// connClosedBy is a connection after a switch, closed by what it is wrapped in or wraps:
// fasthttp's own does nothing before the handler returns, and an upConn is counted.
type connClosedBy struct {
	net.Conn
	closer io.Closer
}

func (c connClosedBy) Close() error { return c.closer.Close() }

// switchFields returns the fields of the answer that switches to WebSocket, scrubbed where
// answers are.
func (x *exchange) switchFields() ([]header, *refusal) {
	for _, f := range x.inFields {
		if is(f.name, "sec-websocket-extensions") || is(f.name, "upgrade") && !is(f.value, "websocket") {
			return nil, refuseBroken // not what was asked for
		}
	}
	if x.rt.cfg.Response != config.ScopeAll || !x.rt.cfg.Headers {
		return x.inFields, nil
	}
	edits, err := x.scrubAnswerHead()
	if err == nil {
		err = x.record(dirResponse, x.respHits)
	}
	if err != nil && !x.passAnswer(err, 0) {
		return nil, refuseWithheld
	}
	for _, e := range edits {
		for i := range x.inFields {
			if v := x.inFields[i].value; len(v) > 0 && &v[0] == &e.name[0] {
				x.inFields[i].value = e.value
			}
		}
	}
	return x.inFields, nil
}
