package proxy

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/internal/tracing"
)

// exchange is one request and its answer. It has one holder at a time: the
// handler, and from the moment the handler returns the writing of the answer,
// which ends it (see respBody).
type exchange struct {
	p     *Proxy
	pol   *policy
	rt    *route
	ctx   *fasthttp.RequestCtx
	start time.Time

	method  int    // in methodLabels
	id      string // request id
	idName  string // header that carries it
	madeID  bool
	peer    netip.Addr
	headers []header
	hops    [][]byte // values of Connection

	host, target, path, query              []byte
	accept, contentType, coding, authority []byte
	upgrade                                []byte

	body     clientBody
	reqMeta  scrub.Meta // see requestMeta
	reqBuf   *buffer
	reqScr   scrubber
	reqHits  []scrub.Hit
	edits    []header // fields of the request that were scrubbed
	out      *fasthttp.Request
	outQuery []byte
	changed  bool // the request's body is not the one that came
	upload   *transform
	sigs     signatures
	unread   string // why the request passes without being inspected

	in       *fasthttp.Response
	inFields []header
	at       *target
	conn     *upConn
	source   upstreamBody
	respMeta scrub.Meta // see answerMeta
	respBuf  *buffer
	respScr  scrubber
	respHits []scrub.Hit
	held     heldBody
	download *transform
	answer   respBody
	fault    fault
	left     string  // why the answer's body passes without being inspected
	headBuf  *buffer // the beginning of a body whose rest is a stream

	span      tracing.Span // off where the exchange is not traced
	continues bool         // the span is in the caller's trace
	refused   bool         // the answer is redactd's own
}

// header is one field line as it came.
type header struct {
	name, value []byte
	class       class
}

var exchangePool = sync.Pool{New: func() any { return new(exchange) }}

// begin starts an exchange under the policy in force.
func (p *Proxy) begin(ctx *fasthttp.RequestCtx) *exchange {
	x := exchangePool.Get().(*exchange)
	x.p, x.ctx, x.pol, x.start = p, ctx, p.policy.Load(), time.Now()
	x.method = methodIndex(ctx.Method())
	if addr, ok := ctx.RemoteAddr().(*net.TCPAddr); ok {
		x.peer = addr.AddrPort().Addr().Unmap()
	}
	p.m.inFlight.Inc()
	return x
}

// end counts the exchange and gives back everything it held.
func (x *exchange) end() {
	p := x.p
	x.endSpan()
	p.m.answered(x.rt, x.method, x.ctx.Response.StatusCode(), time.Since(x.start))
	p.m.inFlight.Dec()
	x.held.stop()
	x.countLeft()
	if x.in != nil {
		// Closes the connection where the body was not read to its end.
		_ = x.in.CloseBodyStream()
		fasthttp.ReleaseResponse(x.in)
	}
	if x.at != nil {
		x.at.inFlight.Add(-1)
	}
	if x.out != nil {
		fasthttp.ReleaseRequest(x.out)
	}
	if x.reqScr != nil {
		x.reqScr.Release()
	}
	if x.respScr != nil {
		x.respScr.Release()
	}
	x.reqBuf.release()
	x.respBuf.release()
	x.headBuf.release()
	clear(x.fault.original)
	headers, inFields, hops, query := x.headers[:0], x.inFields[:0], x.hops[:0], x.outQuery[:0]
	clear(headers[:cap(headers)])
	clear(inFields[:cap(inFields)])
	clear(hops[:cap(hops)])
	clear(query[:cap(query)])
	*x = exchange{headers: headers, inFields: inFields, hops: hops, outQuery: query}
	exchangePool.Put(x)
}

// noRoute is the label "route" of requests that no route matched.
const noRoute = "-"

func (x *exchange) routeName() string {
	if x.rt == nil {
		return noRoute
	}
	return x.rt.name
}

// requestScrubber returns the scrubber of the request direction.
func (x *exchange) requestScrubber() scrubber {
	if x.reqScr == nil {
		x.reqScr = x.traced(x.rt.newScrubber(), spanScrubRequest)
	}
	return x.reqScr
}

// responseScrubber returns the scrubber of the response direction. Each
// direction has its own, as results stay valid until a scrubber is released.
func (x *exchange) responseScrubber() scrubber {
	if x.respScr == nil {
		x.respScr = x.traced(x.rt.newScrubber(), spanScrubResponse)
	}
	return x.respScr
}

// closeClient ends the client's connection after this answer.
func (x *exchange) closeClient() {
	x.ctx.SetConnectionClose()
	if c := dataConnOf(x.ctx.Conn()); c != nil {
		c.linger.Store(true)
	}
}

func (x *exchange) idHeader() string {
	if x.idName != "" {
		return x.idName
	}
	return defaultRequestID
}

const defaultRequestID = "X-Request-Id"
