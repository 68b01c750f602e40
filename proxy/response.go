package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/scrub"
)

// answerPlan is what becomes of the body of an answer.
type answerPlan struct {
	body    []byte    // in one piece
	stream  io.Reader // or piece by piece
	size    int       // of stream; -1 if unknown
	changed bool      // or may be: digests of it are void
	neutral bool      // it is without what it disclosed
	safe    *safeHead // a safe body stands in its place
	bare    bool      // the fields of the answer stay behind, but for signals
}

// respond turns the upstream's answer into the client's.
func (x *exchange) respond() *refusal {
	status := x.in.StatusCode()
	if status < 200 || status > 999 {
		return refuseBroken // no status of HTTP, or a switch that nobody asked for
	}
	x.inFields = x.answerFields()
	x.judge(status)
	inspect := x.inspects(status)
	edits, bare := x.answerEdits(inspect)
	edits = x.grpcEdits(edits)
	plan, withheld := answerPlan{}, bare
	if !withheld {
		plan, withheld = x.planAnswer(inspect)
	}
	if !withheld || !bare && x.fault.enforces() {
		if err := x.record(dirResponse, x.respHits); err != nil && !x.passAnswer(err, 0) {
			withheld, bare = true, true
		}
	}
	if withheld {
		var stands bool
		if plan, stands = x.withheldAnswer(status, bare); !stands {
			x.tellFault()
			return x.withhold(status)
		}
	}
	x.neutralReason(&plan)
	x.tellFault()
	x.writeHead(status, inspect, edits, plan)
	x.writeBody(plan)
	return nil
}

// answerEdits scrubs the header where it is in scope. bare says that it can't be passed.
func (x *exchange) answerEdits(inspect bool) (edits []header, bare bool) {
	if !inspect || !x.rt.cfg.Headers {
		return nil, false
	}
	edits, err := x.scrubAnswerHead()
	if err != nil {
		return nil, !x.passAnswer(err, 0)
	}
	return edits, false
}

// planAnswer reads as much of the body as has to be read before anything is
// sent, and scrubs it.
func (x *exchange) planAnswer(inspect bool) (plan answerPlan, withheld bool) {
	raw := x.in.BodyStream()
	if raw == nil {
		if x.fault.mode == config.ErrorReplace && x.fault.shape == "" && !noBody(x.in.StatusCode()) {
			return x.standIn(answerPlan{}, outcomeReplaced), false
		}
		return answerPlan{}, false
	}
	src := &x.source
	*src = upstreamBody{r: raw, conn: x.conn, wait: x.rt.up.timeout(), chunked: x.in.Header.ContentLength() == -1}
	length := x.in.Header.ContentLength()
	switch {
	case x.namesNodes():
		return x.readdress(src, inspect)
	case x.fault.shape != "":
		return x.planEmbedded(src, inspect)
	case x.fault.changes():
		return x.planFault(src)
	case !inspect:
		return x.passBody(src, length)
	}
	return x.planScrubbed(int64(length))
}

// passBody has the body of an answer pass as it comes.
func (x *exchange) passBody(src io.Reader, length int) (answerPlan, bool) {
	x.leave(coverage.OutOfScope)
	if length < 0 && !x.ctx.Request.Header.IsHTTP11() {
		return x.wholeAnswer(src, false)
	}
	return answerPlan{stream: src, size: max(length, -1)}, false
}

// planScrubbed has an answer scrubbed of secrets alone, as a whole or as a stream. length
// is the size of x.source, -1 if unknown.
func (x *exchange) planScrubbed(length int64) (plan answerPlan, withheld bool) {
	src, m := &x.source, x.answerMeta()
	if x.in.StatusCode() == http.StatusPartialContent && !x.tolerates(string(scrub.KindFormat)) {
		return answerPlan{}, true
	}
	if isEventStream(m.ContentType) {
		src.wait = max(src.wait, eventStreamWait)
	}
	if !x.ctx.Request.Header.IsHTTP11() || !x.canStream(m) {
		return x.wholeAnswer(src, true)
	}
	x.held = heldBody{src: src, conn: x.conn}
	if length < 0 && x.in.StatusCode() < 400 && isLive(m.ContentType) {
		return x.streamAnswer(m), false
	}
	whole, err := x.gather(length)
	if err != nil {
		x.brokenOff(err)
		return answerPlan{}, true
	}
	if !whole {
		return x.streamAnswer(m), false
	}
	return x.scrubAnswer()
}

// wholeAnswer reads the body to its end, up to max_response.
func (x *exchange) wholeAnswer(src io.Reader, inspect bool) (answerPlan, bool) {
	limit := limitOr(int64(x.rt.up.cfg.MaxResponse), defaultMaxResponse)
	x.respBuf = acquireBuffer()
	whole, err := x.respBuf.fill(src, limit+1, int64(x.in.Header.ContentLength()))
	switch {
	case err != nil:
		x.brokenOff(err)
		return answerPlan{}, true
	case !whole && inspect && x.passAnswer(&scrub.Error{Kind: scrub.KindLimit, Err: errTooLarge}, -1):
		return answerPlan{stream: io.MultiReader(bytes.NewReader(x.respBuf.b), src), size: -1}, false
	case !whole:
		return answerPlan{}, true
	case !inspect:
		return answerPlan{body: x.respBuf.b}, false
	}
	return x.scrubAnswer()
}

// brokenOff notes that the upstream stopped in the middle of a body.
func (x *exchange) brokenOff(err error) {
	x.rt.up.report(x.at, err)
	kind := "broken"
	var t interface{ Timeout() bool }
	if errors.As(err, &t) && t.Timeout() {
		kind = "timeout"
	}
	x.p.m.errors.WithLabelValues(x.rt.name, "response", kind).Inc()
}

func (x *exchange) scrubAnswer() (answerPlan, bool) {
	body := x.respBuf.b
	if len(body) == 0 {
		return answerPlan{}, false
	}
	res, err := x.responseScrubber().Body(body, x.answerMeta())
	if err != nil {
		if x.passAnswer(err, int64(len(body))) {
			return answerPlan{body: body}, false
		}
		return answerPlan{}, true
	}
	plan := x.scrubbed(&res)
	x.recogniseScrubbed(&res)
	return plan, false
}

// scrubbed notes what was found in the body in respBuf, and has it go on without.
func (x *exchange) scrubbed(res *scrub.Result) answerPlan {
	body := x.respBuf.b
	x.count(dirResponse, res, int64(len(body)))
	x.foundMore(dirResponse, res.Hits)
	if enforced(res.Hits) {
		x.fault.outcome = outcomeScrubbed
	}
	if res.Changed && !x.rt.shadow {
		x.noteNoTransform(dirResponse)
		return answerPlan{body: res.Body, changed: true}
	}
	return answerPlan{body: body}
}

// passAnswer reports whether an answer that could not be scrubbed passes. It counts the
// bytes given; those of a body of which less than 0 are known, at its end.
func (x *exchange) passAnswer(err error, bytes int64) bool {
	kind := kindOf(err)
	switch {
	case !x.tolerates(kind):
		return false
	case bytes < 0:
		x.leave(kind)
	default:
		x.p.m.covered(x.rt.name, dirResponse, kind, bytes)
	}
	return true
}

// tolerates reports whether an answer with that flaw passes. A part of a body does so as
// far as a part can be scrubbed.
func (x *exchange) tolerates(kind string) bool {
	if x.rt.pass || x.rt.shadow {
		x.p.m.errors.WithLabelValues(x.rt.name, dirResponse, kind).Inc()
		return true
	}
	x.p.m.blocked.WithLabelValues(x.rt.name, dirResponse, kind).Inc()
	return false
}

// withhold answers in place of the upstream: with its own status where that
// is an error, as callers decide by it, else with 502.
func (x *exchange) withhold(status int) *refusal {
	if status < 400 {
		return refuseWithheld
	}
	r := *refuseWithheld
	r.status, r.final = status, true
	r.detail = "The answer's details were withheld."
	h := &x.ctx.Response.Header
	h.DisableNormalizing()
	for _, f := range x.inFields {
		if answerSignals.has(f.name) {
			h.AddBytesKV(f.name, f.value)
		}
	}
	return &r
}

// answerSignals stay on an answer whose body is withheld: callers act on them.
var answerSignals = names(`retry-after www-authenticate allow x-ratelimit-limit x-ratelimit-remaining
	x-ratelimit-reset ratelimit ratelimit-policy ratelimit-limit ratelimit-remaining ratelimit-reset
	x-sentry-rate-limits x-elastic-product access-control-allow-origin access-control-allow-credentials
	access-control-expose-headers access-control-allow-methods access-control-allow-headers
	access-control-max-age vary traceparent tracestate`)

// streamAnswer scrubs x.held on its way through.
func (x *exchange) streamAnswer(m scrub.Meta) answerPlan {
	x.fault.outcome = outcomeScrubbed // for all that is known yet
	x.download = x.p.startTransform(&x.rt.filter, dirResponse, x.responseScrubber(), &x.held, m, x.recorder(dirResponse))
	if x.rt.shadow {
		return answerPlan{stream: x.download.out, size: max(x.in.Header.ContentLength(), -1)}
	}
	return answerPlan{stream: x.download.out, size: -1, changed: true}
}

func (x *exchange) answerMeta() scrub.Meta {
	if x.respMeta.Path == "" {
		x.respMeta = scrub.Meta{
			ContentType:     interned(x.in.Header.ContentType()),
			ContentEncoding: interned(x.in.Header.ContentEncoding()),
			Path:            x.endpoint(),
		}
	}
	return x.respMeta
}

// eventStreamWait is how long a server-sent event stream may be silent.
const eventStreamWait = 5 * time.Minute

func isEventStream(contentType string) bool {
	return len(contentType) >= 17 && is([]byte(contentType[:17]), "text/event-stream")
}

// isLive reports whether an answer of unknown length is likely to be watched
// while it grows, so that nothing may be gathered first.
func isLive(contentType string) bool {
	media, _, _ := bytes.Cut([]byte(contentType), []byte{';'})
	media = bytes.ToLower(bytes.TrimSpace(media))
	switch string(media) {
	case "text/event-stream", "application/x-ndjson", "application/ndjson", "application/jsonl",
		"application/x-json-stream", "application/stream+json":
		return true
	}
	return false
}

// answerFields returns the fields of the answer as they are before its body is
// read: reading it adds the trailers to them, which are not passed on.
func (x *exchange) answerFields() []header {
	x.in.Header.SetNoDefaultContentType(true)
	fields := x.inFields[:0]
	for name, value := range x.in.Header.All() {
		if bytes.IndexByte(name, ' ') < 0 { // fasthttp tolerates such names
			fields = append(fields, header{name, value, classOf(name)})
		}
	}
	return fields
}

// scrubAnswerHead scrubs header values and the reason phrase.
func (x *exchange) scrubAnswerHead() (edits []header, err error) {
	for _, f := range x.inFields {
		name, value := f.name, f.value
		if f.class.is(plumbing|identifiers|hopByHop|framed|session|validators|signatureField) || x.rt.keeps(name) {
			continue
		}
		out, hits, err := x.responseScrubber().Value("header:", name, value)
		if err != nil {
			return nil, err
		}
		x.foundMore(dirResponse, hits)
		if len(hits) > 0 && !x.rt.shadow && !bytes.Equal(out, value) {
			edits = append(edits, header{name: value, value: fieldValue(out)})
		}
	}
	reason := x.in.Header.StatusMessage()
	if len(reason) == 0 || string(reason) == http.StatusText(x.in.StatusCode()) {
		return edits, nil
	}
	_, hits, err := x.responseScrubber().Value("header:", []byte("reason-phrase"), reason)
	if err != nil {
		return nil, err
	}
	x.foundMore(dirResponse, hits)
	if enforced(hits) && !x.rt.shadow {
		x.in.Header.SetStatusMessage(nil)
	}
	return edits, nil
}
