package proxy

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/config"
)

// handle serves one request from top to bottom.
func (p *Proxy) handle(ctx *fasthttp.RequestCtx) {
	p = p.serving(ctx)
	x := p.begin(ctx)
	handed := false
	defer func() {
		if v := recover(); v != nil {
			// The value of a panic may quote a payload; its type and the
			// stack do not.
			p.log.Error("panic while serving a request", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()), "request_id", x.id)
			x.stopUpload(nil)
			if handed = x.answer.x != nil; !handed {
				x.refuse(refuseInternal)
			}
			x.closeClient()
		}
		if !handed {
			x.end()
		}
	}()
	if r := x.serve(); r != nil {
		x.refuse(r)
	} else {
		handed = x.answer.x != nil
	}
	x.settleBody()
}

// serve does the exchange, or returns how to refuse it.
func (x *exchange) serve() *refusal {
	if r := x.read(); r != nil {
		return r
	}
	if x.rt = x.pol.matcher.match(x.host, x.ctx.Method(), x.path).of(x.id); x.rt == nil {
		return refuseNoRoute
	}
	x.guardID()
	if len(x.upgrade) > 0 && listed(x.hops, []byte("upgrade")) && !bytes.EqualFold(x.upgrade, []byte("h2c")) {
		if x.rt.cfg.Upgrade != upgradePass && x.rt.cfg.Upgrade != upgradeScrub || x.rt.up == nil {
			return refuseUpgrade
		}
		return x.serveUpgrade()
	}
	x.beginSpan()
	if r := x.prepareRequest(); r != nil {
		return r
	}
	if x.rt.up == nil {
		return x.serveLocal()
	}
	if r := x.exchangeWithUpstream(); r != nil {
		return r
	}
	return x.respond()
}

// settleBody makes sure that no unread part of a body is taken for the next
// request on the connection.
func (x *exchange) settleBody() {
	if x.ctx == nil || x.body.done {
		return
	}
	if x.ctx.Response.ConnectionClose() || !x.body.drain(64<<10) {
		x.closeClient()
	}
}

// read takes in the head of the request and refuses what two servers could
// read in two ways.
func (x *exchange) read() *refusal {
	h := &x.ctx.Request.Header
	x.body.start(x, h.ContentLength())
	if v := string(h.Protocol()); v != "HTTP/1.1" && v != "HTTP/1.0" {
		return refuseVersion
	}
	if !wellFramed(h.RawHeaders()) {
		return refuseFraming
	}
	hasLength, hasTE := false, false
	for name, value := range h.AllInOrder() {
		if bytes.IndexByte(name, ' ') >= 0 {
			return refuseFraming
		}
		x.headers = append(x.headers, header{name, value, classOf(name)})
		switch {
		case is(name, "content-length"):
			hasLength = true
		case is(name, "transfer-encoding"):
			hasTE = true
			if !is(value, "chunked") {
				return refuseFraming
			}
		case is(name, "connection"):
			x.hops = append(x.hops, value)
		default:
			x.note(name, value)
		}
	}
	if hasLength && hasTE {
		return refuseFraming
	}
	x.identify()
	if x.ctx.IsConnect() {
		return refuseConnect
	}
	if listed(x.hops, []byte("close")) { // fasthttp sees it only on its own
		x.ctx.SetConnectionClose()
	}
	return x.readTarget(h.RequestURI())
}

// note keeps the fields that decisions hang on.
func (x *exchange) note(name, value []byte) {
	switch {
	case is(name, "host"):
		x.authority = value
	case is(name, "accept"):
		x.accept = value
	case is(name, "content-type"):
		x.contentType = value
	case is(name, "content-encoding"):
		if len(x.coding) > 0 { // several lines are one list
			value = append(append(bytes.Clone(x.coding), ", "...), value...)
		}
		x.coding = value
	case is(name, "upgrade"):
		x.upgrade = value
	}
}

// wellFramed reports whether every line of a raw header block ends in CRLF and
// none continues the one before (obs-fold).
func wellFramed(raw []byte) bool {
	for i := 0; i < len(raw); {
		n := bytes.IndexByte(raw[i:], '\n')
		if n < 0 {
			return bytes.IndexByte(raw[i:], '\r') < 0
		}
		line := raw[i : i+n]
		if len(line) == 0 || line[0] == ' ' || line[0] == '\t' || bytes.IndexByte(line, '\r') != len(line)-1 {
			return false
		}
		i += n + 1
	}
	return true
}

// identify takes over the request's id or makes one.
func (x *exchange) identify() {
	x.idName = x.pol.cfg.Server.RequestIDHeader
	for _, h := range x.headers {
		if equalFold(h.name, x.idHeader()) && cleanRequestID(h.value) {
			x.id = string(h.value)
			return
		}
	}
	x.id, x.madeID = newRequestID(), true
}

// newRequestID returns 128 bits of chance, from the runtime's own generator, which
// is strong and asks nothing of the system.
func newRequestID() string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], rand.Uint64())
	binary.LittleEndian.PutUint64(b[8:], rand.Uint64())
	var text [32]byte
	return string(hex.AppendEncode(text[:0], b[:]))
}

// guardID takes another id for logs and events where a rule finds something in
// the one that came. The field itself passes: it is not a field that is scrubbed.
func (x *exchange) guardID() {
	if x.madeID || strings.Trim(x.id, "0123456789abcdefABCDEF-") == "" {
		return
	}
	_, hits, err := x.requestScrubber().Value("header:", []byte(x.idHeader()), []byte(x.id))
	if err != nil || len(hits) > 0 {
		x.id = newRequestID()
	}
}

// readTarget splits the request target. In absolute form its authority counts
// and the Host field does not (RFC 9112, section 3.2.2).
func (x *exchange) readTarget(target []byte) *refusal {
	x.host = x.authority
	if len(target) > 0 && target[0] != '/' && string(target) != "*" {
		_, rest, ok := bytes.Cut(target, []byte("://"))
		if !ok {
			return refuseTarget
		}
		end := bytes.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		x.host, target = rest[:end], rest[end:]
		x.authority = x.host
		if len(target) == 0 || target[0] == '?' {
			target = append([]byte{'/'}, target...)
		}
	}
	if len(target) == 0 || bytes.IndexByte(target, '#') >= 0 || bytes.IndexByte(x.host, '@') >= 0 {
		return refuseTarget
	}
	x.host = hostOnly(x.host)
	x.target = target
	x.path, x.query, _ = bytes.Cut(target, []byte{'?'})
	if string(x.path) == "*" {
		if !x.ctx.IsOptions() {
			return refuseTarget
		}
		x.path = []byte{'/'}
	}
	return nil
}

// equalFold compares a header name with another, in ASCII.
func equalFold(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i, c := range b {
		d := name[i]
		if c != d && (c|0x20 != d|0x20 || c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// is compares a header name or value with a lower-case word.
func is(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// onExpect decides on Expect: 100-continue before the body is sent for. 100
// takes it, everything else is the answer.
func (p *Proxy) onExpect(ctx *fasthttp.RequestCtx) int {
	limit := int64(p.policy.Load().cfg.Server.MaxBody)
	if n := int64(ctx.Request.Header.ContentLength()); limit > 0 && n > limit {
		p.m.errors.WithLabelValues(noRoute, refuseTooLarge.stage, refuseTooLarge.kind).Inc()
		return refuseTooLarge.status
	}
	return fasthttp.StatusContinue
}

// onHeader runs before the body is read: it writes the names and words that
// fasthttp looks up in one spelling in that spelling.
func onHeader(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if n := h.ContentLength(); n == 0 || n == -2 { // no body to wait for
		return fasthttp.RequestConfig{}
	}
	for name, value := range h.All() {
		if is(name, "expect") && is(value, "100-continue") {
			copy(name, "Expect")
			copy(value, "100-continue")
		}
	}
	return fasthttp.RequestConfig{}
}

// onBadRequest answers what fasthttp could not read as a request.
func (p *Proxy) onBadRequest(ctx *fasthttp.RequestCtx, err error) {
	r := refuseFraming
	var small *fasthttp.ErrSmallBuffer
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &small):
		r = refuseHeaders
	case errors.As(err, &timeout) && timeout.Timeout():
		r = refuseSlow
	}
	x := p.serving(ctx).begin(ctx)
	x.refuse(r)
	x.end()
}

func inScope(s config.Scope, status int) bool {
	return s == config.ScopeAll || s == config.ScopeErrors && status >= 400
}
