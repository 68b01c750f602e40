package proxy

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
)

// clientBody reads the body of a request and knows whether it was read to its
// end. It is not safe for concurrent use.
type clientBody struct {
	r      io.Reader // nil without a body
	conn   interface{ SetReadDeadline(time.Time) error }
	length int64 // declared; -1 for chunked
	n      int64
	done   bool
	failed bool
	// extend, if not zero, gives each read that long, so that a long upload
	// is measured by its progress.
	extend time.Duration
}

func (b *clientBody) start(x *exchange, length int) {
	*b = clientBody{conn: x.ctx.Conn(), length: int64(length)}
	if r := x.ctx.Request.BodyStream(); r != nil {
		b.r = r
	} else {
		b.length, b.done = 0, true
	}
}

func (b *clientBody) Read(p []byte) (int, error) {
	if b.done {
		return 0, io.EOF
	}
	if b.extend > 0 {
		_ = b.conn.SetReadDeadline(time.Now().Add(b.extend))
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.length >= 0 && b.n == b.length && err == nil {
		err = io.EOF
	}
	if err == io.EOF {
		if b.length >= 0 && b.n < b.length {
			b.failed = true
			return n, io.ErrUnexpectedEOF // fasthttp reports a short body as complete
		}
		b.done = true
	} else if err != nil {
		b.failed = true
	}
	return n, err
}

// drain reads up to limit bytes more and reports whether the body ended.
func (b *clientBody) drain(limit int64) bool {
	if b.failed || b.length-b.n > limit {
		return false
	}
	_ = b.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	_, _ = io.CopyN(io.Discard, b, limit)
	return b.done
}

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
	inspect := x.rt.cfg.Request == config.ScopeAll
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
	if err := x.record(dirRequest, x.reqHits); err != nil && x.unsure(err, 0) != nil {
		return refuseAudit
	}
	if x.rt.up != nil {
		x.writeRequest(body)
	} else {
		x.reqBody(body)
	}
	return nil
}

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
	if !inspect && x.rt.up != nil {
		if x.body.length < 0 || x.body.length > passUnbuffered {
			return nil, nil // writeRequest passes the stream on
		}
	}
	x.reqBuf = acquireBuffer()
	limit := min(limitOr(int64(s.BufferBody), defaultBufferBody), maxBody+1)
	whole, err := x.reqBuf.fill(&x.body, limit, x.body.length)
	if err == nil && !whole && inspect && x.canStream(x.requestMeta()) && x.rt.up != nil {
		return nil, x.startUpload(maxBody)
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

func (x *exchange) scrubRequestBody() ([]byte, *refusal) {
	body := x.reqBuf.b
	res, err := x.requestScrubber().Body(body, x.requestMeta())
	if err == nil && res.Changed && signedBody(x.credential()) {
		err = errSigned
	}
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

var errSigned = errors.New("a signed body would have to be changed")

// unsure decides about a request that could not be scrubbed: nil lets it pass
// as it came, because the operator chose so.
func (x *exchange) unsure(err error, bytes int64) *refusal {
	kind := kindOf(err)
	if x.rt.pass || x.rt.shadow {
		x.p.m.uninspected(x.rt.name, dirRequest, kind, bytes)
		x.p.m.errors.WithLabelValues(x.rt.name, dirRequest, kind).Inc()
		return nil
	}
	x.p.m.blocked.WithLabelValues(x.rt.name, dirRequest, kind).Inc()
	if errors.Is(err, errSigned) {
		return refuseSigned
	}
	return requestRefusal(scrub.Kind(kind), knownCodings(x.coding))
}

// kindOf returns the kind of an error as a label.
func kindOf(err error) string {
	var se *scrub.Error
	switch {
	case errors.As(err, &se):
		return string(se.Kind)
	case errors.Is(err, errSigned):
		return "signed"
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
	return scrub.Meta{
		ContentType: string(x.contentType), ContentEncoding: string(x.coding), Path: string(x.path),
	}
}

// credential returns the value of Authorization.
func (x *exchange) credential() []byte {
	for _, h := range x.headers {
		if is(h.name, "authorization") {
			return h.value
		}
	}
	return nil
}

// scrubHead scrubs query and headers. The headers that change are returned;
// every other is sent as it came.
func (x *exchange) scrubHead() (edits []header, err error) {
	if x.rt.up == nil {
		if err := x.scrubPath(); err != nil {
			return nil, err
		}
	}
	if x.rt.cfg.Query && len(x.query) > 0 {
		if err := x.scrubQuery(); err != nil {
			return nil, err
		}
	}
	if !x.rt.cfg.Headers {
		return nil, nil
	}
	for _, h := range x.headers {
		if !x.scrubsRequestHeader(h.name) {
			continue
		}
		out, hits, err := x.requestScrubber().Value("header:", string(h.name), h.value)
		if err != nil {
			return nil, err
		}
		x.foundMore(dirRequest, hits)
		if len(hits) > 0 && !x.rt.shadow && !bytes.Equal(out, h.value) {
			edits = append(edits, header{h.name, fieldValue(out)})
		}
	}
	return edits, nil
}

// scrubPath scrubs the path for the store, which may keep it. An upstream gets
// it as it came: there it says what is asked for.
func (x *exchange) scrubPath() error {
	out, hits, err := x.requestScrubber().Value("path", "", x.path)
	if err != nil {
		return err
	}
	x.foundMore(dirRequest, hits)
	if len(hits) > 0 && !x.rt.shadow {
		x.path = out
	}
	return nil
}

func (x *exchange) scrubsRequestHeader(name []byte) bool {
	if credentials.has(name) {
		return x.rt.cfg.ScrubCredentials && !x.rt.keeps(name)
	}
	return !plumbing.has(name) && !identifiers.has(name) && !hopByHop.has(name) && !framed.has(name) &&
		!validators.has(name) && !x.rt.keeps(name)
}

func (r *route) keeps(name []byte) bool { return nameSet(r.keep).has(name) }

// scrubQuery scrubs the query less the parameters that carry the upstream's
// own credentials.
func (x *exchange) scrubQuery() error {
	x.outQuery = x.outQuery[:0]
	rest := x.query
	for len(rest) > 0 {
		run := x.runOfParams(rest, false)
		out, hits, err := run, []scrub.Hit(nil), error(nil)
		if len(run) > 0 {
			if out, hits, err = x.requestScrubber().Query(run); err != nil {
				return err
			}
		}
		x.foundMore(dirRequest, hits)
		if x.rt.shadow {
			out = run
		}
		kept := x.runOfParams(rest[len(run):], true)
		x.outQuery = append(append(x.outQuery, out...), kept...)
		rest = rest[len(run)+len(kept):]
	}
	return nil
}

// runOfParams returns the beginning of query whose parameters all are, or all
// are not, to be kept; with the separators behind them.
func (x *exchange) runOfParams(query []byte, keep bool) []byte {
	n := 0
	for n < len(query) {
		param := query[n:]
		size := len(param)
		if i := bytes.IndexByte(param, '&'); i >= 0 {
			param, size = param[:i], i+1
		}
		name, _, _ := bytes.Cut(param, []byte{'='})
		if (!x.rt.cfg.ScrubCredentials && credentialParams.has(name)) != keep {
			break
		}
		n += size
	}
	return query[:n]
}

// fieldValue makes text fit for a header field: a placeholder must not be able
// to end the line.
func fieldValue(v []byte) []byte {
	if bytes.IndexAny(v, "\r\n\x00") < 0 {
		return v
	}
	return bytes.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return ' '
		}
		return r
	}, v)
}

// writeRequest writes the request to send: the fields as they came, in their
// order and case, less those that end here.
func (x *exchange) writeRequest(body []byte) {
	x.out = fasthttp.AcquireRequest()
	h := &x.out.Header
	h.DisableNormalizing()
	h.DisableSpecialHeader()
	h.SetNoDefaultContentType(true)
	h.SetMethodBytes(x.ctx.Method())
	h.SetRequestURI("/")
	x.out.UseHostHeader = true
	h.Add("Host", "-") // set for each URL that is tried
	inspectAll := x.rt.cfg.Response == config.ScopeAll
	for _, f := range x.headers {
		if x.endsHere(f.name) || is(f.name, "expect") && is(f.value, "100-continue") {
			continue
		}
		value := f.value
		switch {
		case is(f.name, "accept-encoding") && x.rt.cfg.Response != config.ScopeNone:
			value = narrowAccept(value)
		case inspectAll && (is(f.name, "range") || is(f.name, "if-range")):
			continue // pieces of a body can't be inspected
		case (x.changed || x.upload != nil) && validators.has(f.name):
			continue
		case is(f.name, "authorization") && x.rt.up.hasAuth():
			continue
		default:
			for _, e := range x.edits {
				if &e.name[0] == &f.name[0] {
					value = e.value
				}
			}
		}
		h.AddBytesKV(f.name, value)
	}
	x.forwarded(h)
	if x.madeID {
		h.Add(x.idHeader(), x.id)
	}
	x.attachBody(body)
}

// endsHere reports whether a request field is not passed on.
func (x *exchange) endsHere(name []byte) bool {
	if is(name, "host") || framed.has(name) || hopByHop.has(name) {
		return true
	}
	if is(name, "x-forwarded-for") || is(name, "x-forwarded-host") || is(name, "x-forwarded-proto") {
		return true // written anew by forwarded
	}
	if x.madeID && is(name, strings.ToLower(x.idHeader())) {
		return true // came unfit
	}
	return listed(x.hops, name) && !endToEnd.has(name)
}

// forwarded writes the X-Forwarded fields. What an untrusted peer claims in
// them is dropped.
func (x *exchange) forwarded(h *fasthttp.RequestHeader) {
	trusted := x.pol.trusted(x.peer)
	proto, host := []byte("http"), x.authority
	if x.ctx.IsTLS() {
		proto = []byte("https")
	}
	var chain [][]byte
	if trusted {
		for _, f := range x.headers {
			switch {
			case is(f.name, "x-forwarded-for"):
				chain = append(chain, f.value)
			case is(f.name, "x-forwarded-proto"):
				proto = f.value
			case is(f.name, "x-forwarded-host"):
				host = f.value
			}
		}
	}
	if x.peer.IsValid() {
		h.AddBytesKV([]byte("X-Forwarded-For"), appendForwardedFor(nil, chain, x.peer, trusted))
	}
	h.AddBytesKV([]byte("X-Forwarded-Proto"), proto)
	if len(host) > 0 {
		h.AddBytesKV([]byte("X-Forwarded-Host"), host)
	}
}

// attachBody gives the request its body and the framing that fits.
func (x *exchange) attachBody(body []byte) {
	h := &x.out.Header
	switch {
	case x.upload != nil:
		x.out.SetBodyStream(x.upload.out, -1)
	case x.raw != nil || x.reqBuf == nil && !x.body.done:
		x.body.extend = orDefault(x.pol.cfg.Server.ReadTimeout, defaultReadTimeout)
		if x.raw == nil {
			limit := limitOr(int64(x.pol.cfg.Server.MaxBody), defaultMaxBody)
			x.raw = &limitReader{r: &x.body, n: limit, err: errTooLarge}
		}
		if x.body.length >= 0 {
			h.Add("Content-Length", strconv.FormatInt(x.body.length, 10))
		}
		x.out.SetBodyStream(sourceReader{x.raw}, int(x.body.length))
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
	host := t.host
	if x.rt.up.cfg.KeepHost && len(x.authority) > 0 {
		host = string(x.authority)
	}
	h.Set("Host", host)
	if t.auth != "" {
		h.Set("Authorization", t.auth)
	}
	raw := make([]byte, 0, len(t.basePath)+len(x.path)+len(x.outQuery)+2)
	if string(x.target) == "*" {
		raw = append(raw, '*')
	} else {
		path := x.path
		if x.rt.cfg.StripPath {
			path = bytes.TrimPrefix(path, bytes.TrimSuffix([]byte(x.rt.cfg.PathPrefix), []byte{'/'}))
			if len(path) == 0 || path[0] != '/' {
				raw = append(raw, t.basePath...)
				raw = append(raw, '/')
				raw = append(raw, path...)
				path = nil
			}
		}
		if path != nil {
			raw = append(append(raw, t.basePath...), path...)
		}
		if bytes.IndexByte(x.target, '?') >= 0 {
			raw = append(append(raw, '?'), x.outQuery...)
		}
	}
	// With path normalising off, fasthttp sends the URI's original path as it
	// is, and the query with it.
	x.out.URI().SetPathBytes(raw)
}

// exchangeWithUpstream sends the request and takes in the head of the answer.
func (x *exchange) exchangeWithUpstream() *refusal {
	if x.rt.cfg.StripPath && !prefixFits(x.rt.cfg.PathPrefix, x.path) {
		return refusePath
	}
	x.in = fasthttp.AcquireResponse()
	at, conn, err := x.rt.up.do(x.out, x.in, x.prepare)
	uploadErr := x.stopUpload(err)
	if err == nil {
		x.at, x.conn = at, conn
		return nil
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
