package proxy

import (
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/safebody"
)

// writeHead writes the client's header: the upstream's fields less those that
// end here or are no longer true.
func (x *exchange) writeHead(status int, inspect bool, edits []header, plan answerPlan) {
	h := &x.ctx.Response.Header
	h.DisableNormalizing()
	h.SetStatusCode(status)
	if reason := x.in.Header.StatusMessage(); len(reason) > 0 {
		h.SetStatusMessage(reason)
	}
	var hops [][]byte
	hasID, ref := false, x.faultHeader(&plan)
	for _, f := range x.inFields {
		if is(f.name, "connection") {
			hops = append(hops, f.value)
		}
	}
	for _, f := range x.inFields {
		name, value := f.name, f.value
		switch {
		case f.class.is(framed | hopByHop), listed(hops, name) && !f.class.is(endToEnd):
			continue
		case plan.goes(name, value), ref != "" && equalFold(name, x.fault.policy.cfg.IDHeader):
			continue
		case f.class.is(signatureField) && (plan.changed || len(edits) > 0):
			continue // it signs what is not sent
		case plan.changed && f.class.is(validators):
			var body []byte // of a stream or a part, the digest can't be told
			if plan.stream == nil && status != 206 {
				body = plan.body
			}
			if value = redigest(name, value, body); value == nil {
				continue
			}
		case is(name, "accept-ranges") && x.rt.cfg.Response == config.ScopeAll:
			continue
		case is(name, "accept-encoding") && x.rt.cfg.Request != config.ScopeNone:
			value = narrowAccept(value) // it invites codings of later requests
		case is(name, "date"):
			addDate(h, value)
			continue
		}
		value = x.headerEdit(edits, &f, value)
		if value == nil {
			continue
		}
		hasID = hasID || x.madeID && equalFold(name, x.idHeader())
		h.AddBytesKV(name, value)
	}
	if x.madeID && !hasID {
		h.Add(x.idHeader(), x.id)
	}
	if ref != "" {
		h.Add(x.fault.policy.cfg.IDHeader, ref)
	}
	if plan.safe != nil {
		x.safeFields(h, plan.safe)
	}
	x.headLength(h, status, inspect)
}

// headerEdit returns the value of a field without what was found in it, nil where the
// field goes.
func (x *exchange) headerEdit(edits []header, f *header, value []byte) []byte {
	for _, e := range edits {
		if len(value) > 0 && &e.name[0] == &value[0] {
			if value = e.value; value == nil {
				return nil
			}
			break
		}
	}
	if len(value) > 0 && x.neutralHeader() {
		value = x.faultField(f, value)
	}
	return value
}

// faultHeader returns the reference that the answer carries, "" for none.
func (x *exchange) faultHeader(plan *answerPlan) string {
	f := &x.fault
	if plan.neutral || plan.safe != nil || f.shape == embeddedGRPC && (f.outcome == outcomeNeutralised || f.outcome == outcomeReplaced) {
		return x.reference()
	}
	return ""
}

// safeFields adds what describes a safe body. Nobody else may be given its reference, so
// it is not kept.
func (x *exchange) safeFields(h *fasthttp.ResponseHeader, safe *safeHead) {
	h.Add("Content-Type", safe.contentType)
	if safe.language != "" {
		h.Add("Content-Language", safe.language)
	}
	kept := false
	for name, value := range h.All() {
		kept = kept || is(name, "cache-control") && hasToken(value, "no-store")
	}
	if !kept {
		h.Add("Cache-Control", "no-store")
	}
	h.Add("Vary", safebody.Vary)
}

// headLength sets the length of an answer without a body: that of the body a
// GET would have had, unless scrubbing could change it.
func (x *exchange) headLength(h *fasthttp.ResponseHeader, status int, inspect bool) {
	if n := x.in.Header.ContentLength(); x.ctx.IsHead() && n >= 0 && !inspect && status >= 200 {
		h.SetContentLength(n)
	}
}

// addDate adds the upstream's Date field. fasthttp leaves no other way than
// under a name of the same length that is corrected in place.
func addDate(h *fasthttp.ResponseHeader, value []byte) {
	h.AddBytesKV([]byte("~ate"), value)
	for name := range h.All() {
		if string(name) == "~ate" {
			name[0] = 'D'
		}
	}
}

// writeBody hands the exchange over to the writing of the answer.
func (x *exchange) writeBody(plan answerPlan) {
	a := &x.answer
	*a = respBody{x: x, client: x.ctx.Conn(), wait: orDefault(x.pol.cfg.Server.WriteTimeout, defaultWriteTimeout)}
	size := len(plan.body)
	if plan.stream != nil {
		a.r, size = plan.stream, plan.size
	} else {
		a.whole = plan.body
	}
	if x.in.BodyStream() == nil && plan.stream == nil && (x.ctx.IsHead() || noBody(x.in.StatusCode())) {
		a.x = nil
		return // nothing to write; the handler ends the exchange
	}
	if plan.stream != nil && (size < 0 || size > smallBody) {
		x.ctx.Response.ImmediateHeaderFlush = true
	}
	x.ctx.Response.SetBodyStream(a, size)
}

// smallBody is the size in bytes up to which a body is written together with the
// header, though it comes as a stream.
const smallBody = 2 << 10

func noBody(status int) bool { return status < 200 || status == 204 || status == 304 }

// respBody is the body that fasthttp writes to the client. Closing it ends
// the exchange.
type respBody struct {
	x      *exchange
	r      io.Reader // nil where the body is at hand
	whole  []byte
	client net.Conn
	wait   time.Duration
}

func (b *respBody) Read(p []byte) (int, error) {
	if b.r == nil {
		if len(b.whole) == 0 {
			return 0, io.EOF
		}
		n := copy(p, b.whole)
		b.whole = b.whole[n:]
		return n, nil
	}
	n, err := b.r.Read(p)
	if n > 0 {
		// An answer may go on for longer than any timeout; only its
		// standing still is limited.
		_ = b.client.SetWriteDeadline(time.Now().Add(b.wait))
	}
	return n, err
}

// SupportsBodyWriteTo lets fasthttp write a body at hand without copying it, and
// a stream in larger pieces than its own.
func (b *respBody) SupportsBodyWriteTo() bool { return true }

// WriteTo writes piece by piece, each with the timeout to itself; the server has
// set that of the first.
func (b *respBody) WriteTo(w io.Writer) (n int64, err error) {
	if b.r != nil {
		return b.copyTo(w)
	}
	for len(b.whole) > 0 && err == nil {
		if n > 0 {
			_ = b.client.SetWriteDeadline(time.Now().Add(b.wait))
		}
		var m int
		m, err = w.Write(b.whole[:min(writePiece, len(b.whole))])
		b.whole = b.whole[m:]
		n += int64(m)
	}
	return n, err
}

// copyTo writes a stream as it is read.
func (b *respBody) copyTo(w io.Writer) (n int64, err error) {
	buf := acquireBuffer()
	defer buf.release()
	if cap(buf.b) < readPiece {
		buf.grow(readPiece)
	}
	piece := buf.b[:readPiece]
	defer clear(piece)
	for {
		m, rerr := b.Read(piece)
		if m > 0 {
			m, err = w.Write(piece[:m])
			n += int64(m)
		}
		if err != nil || rerr == io.EOF {
			return n, err
		}
		if rerr != nil {
			return n, rerr
		}
	}
}

// readPiece is how many bytes of a stream are read at a time.
const readPiece = 32 << 10

// writePiece is how many bytes a client must take within write_timeout.
const writePiece = 256 << 10

// CloseWithError is called once (fasthttp would call a Close as well, when the
// exchange is already another's), after the last byte was written or with what
// went wrong; the client's connection is closed by then on an error.
func (b *respBody) CloseWithError(err error) error {
	x := b.x
	if x == nil {
		return nil
	}
	b.x = nil
	x.stopDownload()
	if err != nil {
		x.p.m.errors.WithLabelValues(x.rt.name, "response", "aborted").Inc()
		x.p.log.Debug("answer broken off", "route", x.rt.name, "request_id", x.id)
	}
	x.end()
	return nil
}
