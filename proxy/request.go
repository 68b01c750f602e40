package proxy

import (
	"bytes"
	"errors"
	"hash/fnv"
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/internal/signing"
)

// passUnbuffered is the size in bytes up to which a body out of scope is
// gathered before it is sent on: in one piece it can go to another URL when
// the first can't be reached.
const passUnbuffered = 64 << 10

// prepareRequest reads and scrubs the request and writes the one to send.
func (x *exchange) prepareRequest() *refusal {
	s := &x.pol.cfg.Server
	if s.MaxBody > 0 && x.body.length > int64(s.MaxBody) {
		return refuseTooLarge
	}
	x.findSignatures()
	inspect := x.inspectsRequest()
	if inspect && x.signed() && x.rt.cfg.Signed == config.SignedPass {
		inspect, x.unread = false, coverage.Signed
	} else if !inspect {
		x.unread = coverage.OutOfScope
	}
	x.outQuery = append(x.outQuery[:0], x.query...)
	if inspect {
		var err error
		if x.edits, err = x.scrubHead(); err != nil {
			if r := x.unsure(err, 0); r != nil {
				return r
			}
			x.edits, x.outQuery = nil, append(x.outQuery[:0], x.query...)
		}
	}
	body, r := x.requestBody(inspect)
	if r != nil {
		return r
	}
	if x.rt.up != nil {
		x.writeRequest(body)
		if r := x.settleSignatures(body); r != nil {
			return r
		}
	} else {
		x.reqBody(body)
	}
	if err := x.record(dirRequest, x.reqHits); err != nil && x.unsure(err, 0) != nil {
		return refuseAudit
	}
	return nil
}

// inspectsRequest reports whether the request is in scope. Under "logs" it is
// where its endpoint or its media type is one of a log protocol: what an API is
// sent, a password at log-in say, is meant for it.
func (x *exchange) inspectsRequest() bool {
	return x.rt.inspectsRequest(x.dialectRequest)
}

// inspectsRequest reports whether a request, which it asks for where it has to know it, is
// in scope.
func (rt *route) inspectsRequest(request func() *dialect.Request) bool {
	switch rt.cfg.Request {
	case config.ScopeAll:
		return true
	case config.ScopeLogs:
		r := request()
		return dialect.Intake(r) || logTypes[codec.MediaType(r.ContentType)] && dialect.Of(r).Name() == dialect.Generic
	}
	return false
}

// logTypes are media types that only logs are sent in.
var logTypes = names(`application/x-ndjson application/ndjson application/jsonl application/x-jsonlines
	application/vnd.elasticsearch+x-ndjson application/x-sentry-envelope application/logfmt
	application/vnd.fdo.journal application/stream+json`)

// reqBody keeps the scrubbed body for the store.
func (x *exchange) reqBody(body []byte) {
	x.out = fasthttp.AcquireRequest()
	x.out.SetBodyRaw(body)
}

// requestBody returns the body to send; nil with x.upload or a stream set
// when it is not at hand in one piece.
func (x *exchange) requestBody(inspect bool) ([]byte, *refusal) {
	if x.body.done {
		return nil, nil
	}
	s := &x.pol.cfg.Server
	maxBody := limitOr(int64(s.MaxBody), defaultMaxBody)
	if !inspect && x.rt.up != nil && !x.resigns() {
		if x.body.length < 0 || x.body.length > passUnbuffered {
			return nil, nil // writeRequest passes the stream on
		}
	}
	x.reqBuf = acquireBuffer()
	if inspect && x.endless() {
		x.startUpload(maxBody)
		return nil, nil
	}
	limit := min(limitOr(int64(s.BufferBody), defaultBufferBody), maxBody+1)
	whole, err := x.reqBuf.fill(&x.body, limit, x.body.length)
	// A signature tells whether it holds only when the whole body is known.
	if err == nil && !whole && inspect && !x.signed() && x.canStream(x.requestMeta()) && x.rt.up != nil {
		x.startUpload(maxBody)
		return nil, nil
	}
	if err == nil && !whole {
		whole, err = x.reqBuf.fill(&x.body, maxBody+1, x.body.length)
	}
	switch {
	case err != nil:
		return nil, bodyRefusal(err)
	case !whole:
		return nil, refuseTooLarge
	case !inspect || len(x.reqBuf.b) == 0:
		return x.reqBuf.b, nil
	}
	return x.scrubRequestBody()
}

// endless reports whether the body follows a journal, as systemd-journal-upload sends it:
// what is there goes on at once, since nobody knows when more comes.
func (x *exchange) endless() bool {
	return x.body.length < 0 && x.rt.up != nil && !x.signed() &&
		codec.MediaType(string(x.contentType)) == journalType && x.canStream(x.requestMeta())
}

const journalType = "application/vnd.fdo.journal"

func (x *exchange) scrubRequestBody() ([]byte, *refusal) {
	body, payload := x.reqBuf.b, x.reqBuf.b
	var err error
	if x.chunked() {
		if payload, err = signing.Unchunk(body); err != nil {
			return body, x.unsure(&scrub.Error{Kind: scrub.KindCoding, Err: err}, int64(len(body)))
		}
	}
	res, err := x.requestScrubber().Body(payload, x.requestMeta())
	if err != nil {
		return body, x.unsure(err, int64(len(body)))
	}
	x.count(dirRequest, &res, int64(len(body)))
	x.reqHits = append(x.reqHits, res.Hits...)
	if res.Changed && !x.rt.shadow {
		x.changed = true
		x.noteNoTransform(dirRequest)
		return res.Body, nil
	}
	return body, nil
}

// unsure decides about a request that could not be scrubbed: nil lets it pass
// as it came, because the operator chose so.
func (x *exchange) unsure(err error, bytes int64) *refusal {
	kind := kindOf(err)
	if x.rt.pass || x.rt.shadow {
		x.p.m.covered(x.rt.name, dirRequest, kind, bytes)
		x.p.m.errors.WithLabelValues(x.rt.name, dirRequest, kind).Inc()
		return nil
	}
	x.p.m.blocked.WithLabelValues(x.rt.name, dirRequest, kind).Inc()
	return requestRefusal(scrub.Kind(kind), knownCodings(x.coding))
}

// kindOf returns the kind of an error as a label.
func kindOf(err error) string {
	var se *scrub.Error
	switch {
	case errors.As(err, &se):
		return string(se.Kind)
	case errors.Is(err, errAudit):
		return "audit"
	}
	return "internal"
}

// bodyRefusal says what a failure to read the client's body means.
func bodyRefusal(err error) *refusal {
	var t interface{ Timeout() bool }
	switch {
	case errors.Is(err, errTooLarge):
		return refuseTooLarge
	case errors.As(err, &t) && t.Timeout():
		return refuseSlow
	}
	return refuseRead
}

func (x *exchange) requestMeta() scrub.Meta {
	if x.reqMeta.Path == "" {
		x.reqMeta = scrub.Meta{
			ContentType: interned(x.contentType), ContentEncoding: interned(x.coding), Path: x.endpoint(),
		}
	}
	return x.reqMeta
}

// attachBody gives the request its body and the framing that fits.
func (x *exchange) attachBody(body []byte) {
	h := &x.out.Header
	switch {
	case x.upload != nil:
		length := int64(-1)
		if x.rt.shadow && x.body.length >= 0 { // the bytes stay as they are
			length = x.body.length
			h.Add("Content-Length", strconv.FormatInt(length, 10))
		}
		x.out.SetBodyStream(x.upload.out, int(length))
	case x.reqBuf == nil && !x.body.done:
		x.body.extend = orDefault(x.pol.cfg.Server.ReadTimeout, defaultReadTimeout)
		limit := limitOr(int64(x.pol.cfg.Server.MaxBody), defaultMaxBody)
		if x.body.length >= 0 {
			h.Add("Content-Length", strconv.FormatInt(x.body.length, 10))
		}
		x.out.SetBodyStream(sourceReader{&limitReader{r: &x.body, n: limit, err: errTooLarge}}, int(x.body.length))
	default:
		x.out.SetBodyRaw(body)
		if len(body) > 0 || x.ctx.Request.Header.ContentLength() == 0 && !x.ctx.IsGet() && !x.ctx.IsHead() {
			h.Add("Content-Length", strconv.Itoa(len(body)))
		}
	}
}

// prepare adapts the request to the URL that is tried.
func (x *exchange) prepare(t *target) {
	h := &x.out.Header
	h.Set("Host", x.hostFor(t))
	if t.auth != "" {
		h.Set("Authorization", t.auth)
	}
	x.setTarget(x.targetFor(t))
	if len(x.sigs.anew) > 0 {
		x.sendSigned(t)
	}
}

// hostFor returns the Host field of a request to t.
func (x *exchange) hostFor(t *target) string {
	if x.rt.up.cfg.KeepHost && len(x.authority) > 0 {
		return string(x.authority)
	}
	return t.host
}

// targetFor returns path and query of a request to t; a nil query is none.
func (x *exchange) targetFor(t *target) (path, query []byte) {
	if string(x.target) == "*" {
		return []byte{'*'}, nil
	}
	path = append(append(make([]byte, 0, len(t.basePath)+len(x.path)+len(x.outQuery)+2), t.basePath...), x.forwardedPath()...)
	if bytes.IndexByte(x.target, '?') >= 0 {
		query = x.outQuery
		if query == nil {
			query = []byte{} // the sign stays
		}
	}
	return path, query
}

// setTarget has the request go to a path and query. With path normalising off, fasthttp
// sends the URI's original path as it is, and the query with it.
func (x *exchange) setTarget(path, query []byte) {
	if query != nil {
		path = append(append(path, '?'), query...)
	}
	x.out.URI().SetPathBytes(path)
}

// exchangeWithUpstream sends the request and takes in the head of the answer.
func (x *exchange) exchangeWithUpstream() *refusal {
	if x.rt.cfg.StripPath && !prefixFits(x.rt.cfg.PathPrefix, x.path) {
		return refusePath
	}
	x.in = fasthttp.AcquireResponse()
	call := x.callSpan()
	at, conn, err := x.rt.up.do(x.out, x.in, x.channel(), x.prepare)
	x.endCall(call, at, err)
	uploadErr := x.stopUpload(err)
	if err == nil {
		x.at, x.conn = at, conn
		x.countUnread()
		return nil
	}
	if maySent(err) { // without an answer it passed all the same
		x.countUnread()
	}
	r := upstreamRefusal(err)
	if uploadErr != nil {
		r = uploadErr
	} else {
		x.p.log.Warn("upstream failed", "route", x.rt.name, "upstream", x.rt.up.cfg.Name, "url", at.label,
			"kind", r.kind, "request_id", x.id)
	}
	return r
}

// channel returns a number for the channel of a request to an HTTP Event Collector, 0
// for any other. The ids of acknowledgements are known to the one server that took the
// events: those who send them and those who ask go to the same one.
func (x *exchange) channel() uint64 {
	if len(x.rt.up.targets) == 1 || !bytes.Contains(x.path, []byte("/services/collector")) {
		return 0
	}
	channel := []byte(x.headerValue("X-Splunk-Request-Channel"))
	if len(channel) == 0 {
		for pair := range bytes.SplitSeq(x.query, []byte{'&'}) {
			if value, ok := bytes.CutPrefix(pair, []byte("channel=")); ok {
				channel = value
			}
		}
	}
	if len(channel) == 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write(bytes.ToLower(channel))
	return max(h.Sum64(), 1)
}

// maySent reports whether anything of a request may have gone to an upstream that failed.
func maySent(err error) bool {
	var notSent *notSentError
	return !errors.As(err, &notSent) && !errors.Is(err, fasthttp.ErrNoFreeConns)
}

// upstreamRefusal maps an error of the client to an answer.
func upstreamRefusal(err error) *refusal {
	var notSent *notSentError
	var t interface{ Timeout() bool }
	var src *sourceError
	switch {
	case errors.As(err, &src):
		return bodyRefusal(src.err)
	case errors.Is(err, fasthttp.ErrNoFreeConns):
		return refuseBusy
	case errors.Is(err, fasthttp.ErrTimeout), errors.As(err, &t) && t.Timeout():
		return refuseTimeout
	case errors.As(err, &notSent):
		return refuseDead
	}
	return refuseBroken
}
