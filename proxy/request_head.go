package proxy

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
)

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
		if !x.scrubsRequestHeader(&h) {
			continue
		}
		out, hits, err := x.requestScrubber().Value("header:", h.name, h.value)
		if err != nil {
			return nil, err
		}
		x.foundMore(dirRequest, hits)
		if len(hits) > 0 && !x.rt.shadow && !bytes.Equal(out, h.value) {
			edits = append(edits, header{name: h.name, value: fieldValue(out)})
		}
	}
	return edits, nil
}

// scrubPath scrubs the path for the store, which may keep it. An upstream gets
// it as it came: there it says what is asked for.
func (x *exchange) scrubPath() error {
	out, hits, err := x.requestScrubber().Value("path", nil, x.path)
	if err != nil {
		return err
	}
	x.foundMore(dirRequest, hits)
	if len(hits) > 0 && !x.rt.shadow {
		x.path = out
	}
	return nil
}

func (x *exchange) scrubsRequestHeader(h *header) bool {
	if h.class.is(credentials) {
		return x.rt.cfg.ScrubCredentials && !x.rt.keeps(h.name)
	}
	return !h.class.is(plumbing|identifiers|hopByHop|framed|validators|signatureField) && !x.rt.keeps(h.name)
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
	if !bytes.ContainsAny(v, "\r\n\x00") {
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
		if x.endsHere(&f) || x.replacesParent(f.name) || is(f.name, "expect") && is(f.value, "100-continue") {
			continue
		}
		value := f.value
		switch {
		case is(f.name, "accept-encoding") && x.rt.cfg.Response != config.ScopeNone:
			value = narrowAccept(value)
		case inspectAll && (is(f.name, "range") || is(f.name, "if-range")):
			continue // pieces of a body can't be inspected
		case (x.changed || x.upload != nil && !x.rt.shadow) && f.class.is(validators):
			var changed []byte // of a stream, it is not known before its end
			if x.changed {
				changed = body
			}
			if value = redigest(f.name, value, changed); value == nil {
				continue
			}
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
	if x.ctx.IsHead() {
		// Some servers answer HEAD with a body. What is late of it would be
		// taken for the answer to the next request on the connection.
		x.out.SetConnectionClose()
	}
	if x.madeID {
		h.Add(x.idHeader(), x.id)
	}
	x.attachBody(body)
}

// endsHere reports whether a request field is not passed on.
func (x *exchange) endsHere(h *header) bool {
	name := h.name
	if h.class.is(framed|hopByHop) || is(name, "host") {
		return true
	}
	if is(name, "x-forwarded-for") || is(name, "x-forwarded-host") || is(name, "x-forwarded-proto") {
		return true // written anew by forwarded
	}
	if x.madeID && equalFold(name, x.idHeader()) {
		return true // came unfit
	}
	return listed(x.hops, name) && !h.class.is(endToEnd)
}

// forwarded writes the X-Forwarded fields. What an untrusted peer claims in
// them is dropped.
func (x *exchange) forwarded(h *fasthttp.RequestHeader) {
	trusted := x.pol.trusted(x.peer)
	proto, host := x.origin()
	var chain [][]byte
	if trusted {
		for _, f := range x.headers {
			if is(f.name, "x-forwarded-for") {
				chain = append(chain, f.value)
			}
		}
	}
	if x.peer.IsValid() {
		var buf [64]byte
		h.AddBytesV("X-Forwarded-For", appendForwardedFor(buf[:0], chain, x.peer, trusted))
	}
	h.AddBytesV("X-Forwarded-Proto", proto)
	if len(host) > 0 {
		h.AddBytesV("X-Forwarded-Host", host)
	}
}

// origin returns the scheme and the host that the client used, as far as is known.
func (x *exchange) origin() (proto, host []byte) {
	proto, host = []byte("http"), x.authority
	if x.ctx.IsTLS() {
		proto = []byte("https")
	}
	if !x.pol.trusted(x.peer) {
		return proto, host
	}
	for _, f := range x.headers {
		switch {
		case is(f.name, "x-forwarded-proto"):
			proto = f.value
		case is(f.name, "x-forwarded-host"):
			host = f.value
		}
	}
	return proto, host
}
