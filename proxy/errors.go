package proxy

import (
	"bytes"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/neutral"
	"github.com/redactd/redactd/internal/safebody"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// The values of the label "outcome": what became of an error response.
const (
	outcomePassed      = "passed"      // as it came
	outcomeScrubbed    = "scrubbed"    // without its secrets
	outcomeNeutralised = "neutralised" // without what it disclosed
	outcomeReplaced    = "replaced"    // a safe body in its place
	outcomeWithheld    = "withheld"    // the same, since it could not be inspected
	outcomeOff         = "off"         // not looked at
)

// fault is an answer that tells of an error, and what becomes of it. The zero fault is
// none.
type fault struct {
	policy  *errorPolicy
	mode    config.ErrorMode
	shape   embedded // where the error is in an answer of success
	outcome string
	read    neutral.Result
	// original is what the operator is told of the body, scrubbed; cut says that it is the
	// beginning of it only. It is valid until the end of the exchange.
	original []byte
	cut      bool
	ref      string // see reference
}

// changes reports whether more than secrets may go from the answer.
func (f *fault) changes() bool {
	return f.mode == config.ErrorNeutralise || f.mode == config.ErrorReplace
}

// enforces reports whether what goes does go.
func (f *fault) enforces() bool { return f.changes() && !f.policy.shadow }

// judge says what becomes of the answer at hand as an error response.
func (x *exchange) judge(status int) {
	e := x.rt.errors
	if e == nil {
		return
	}
	f := fault{policy: e, outcome: outcomePassed}
	switch {
	case status >= 400:
		f.mode = e.mode(status, x.answersLogs())
	case e.cfg.Embedded != config.ErrorOff:
		if f.shape = x.embeds(); f.shape == "" {
			return
		}
		f.mode = e.cfg.Embedded
	default:
		return
	}
	if f.mode == config.ErrorOff {
		f.outcome = outcomeOff
	}
	x.fault = f
}

// answersLogs reports whether the answer is one of a log protocol, on a route that takes
// logs. It goes by the path alone, and no page is one: callers must not choose by what
// they send how much of an API's errors they see.
func (x *exchange) answersLogs() bool {
	if x.rt.cfg.Request == config.ScopeNone || bodyKind(x.in.Header.ContentType(), nil) == neutral.HTML {
		return false
	}
	r := *x.dialectRequest()
	r.Header, r.ContentType = func(string) string { return "" }, ""
	return r.Path != "/" && dialect.Of(&r).Name() != dialect.Generic
}

// inspects reports whether the answer at hand is scrubbed.
func (x *exchange) inspects(status int) bool {
	if x.fault.mode == config.ErrorOff {
		x.leave(coverage.Off)
		return false
	}
	return inScope(x.rt.cfg.Response, status) || x.rt.cfg.Response == config.ScopeErrors && x.tells()
}

// fillFault reads the body of the answer into respBuf, up to max_body; whole says that
// this is all of it. ok is false where the upstream broke off.
func (x *exchange) fillFault(src io.Reader) (whole, ok bool) {
	x.respBuf = acquireBuffer()
	whole, err := x.respBuf.fill(src, int64(x.fault.policy.cfg.MaxBody)+1, int64(x.in.Header.ContentLength()))
	if err != nil {
		x.brokenOff(err)
	}
	return whole, err == nil
}

// planFault reads the body of an error response, up to max_body, and makes of it what the
// policy says.
func (x *exchange) planFault(src io.Reader) (plan answerPlan, withheld bool) {
	whole, ok := x.fillFault(src)
	if !ok {
		return answerPlan{}, true
	}
	if !whole {
		return x.tooLarge()
	}
	body := x.respBuf.b
	if len(body) == 0 {
		if x.fault.mode == config.ErrorReplace {
			return x.standIn(answerPlan{}, outcomeReplaced), false
		}
		return answerPlan{}, false
	}
	res, err := x.responseScrubber().Body(body, x.answerMeta())
	if err != nil {
		if x.passAnswer(err, int64(len(body))) {
			return answerPlan{body: body}, false
		}
		return answerPlan{}, true
	}
	if res.Text == nil {
		// Text of an error stands where a picture was to come, with its type.
		if other, err := x.responseScrubber().Body(body, scrub.Meta{ContentEncoding: x.answerMeta().ContentEncoding}); err == nil {
			res = other
		}
	}
	return x.neutralise(x.scrubbed(&res), &res)
}

// tooLarge has a safe body stand in place of one that is larger than max_body, whose
// beginning was read. The operator is told that, if it can be read.
func (x *exchange) tooLarge() (plan answerPlan, withheld bool) {
	head := x.respBuf.b
	if !x.fault.enforces() {
		x.headBuf, x.respBuf = x.respBuf, nil
		x.source.r = io.MultiReader(bytes.NewReader(head), x.source.r)
		return x.planScrubbed(int64(x.in.Header.ContentLength()))
	}
	m := x.answerMeta()
	if m.ContentEncoding == "" {
		if res, err := x.responseScrubber().Body(head, m); err == nil {
			x.count(dirResponse, &res, int64(len(head)))
			x.foundMore(dirResponse, res.Hits)
			x.keepOriginal(res.Text)
			x.fault.cut = true
		}
	}
	return x.standIn(answerPlan{}, outcomeReplaced), false
}

// neutralise makes of an answer that was scrubbed what the policy says. plan is what
// becomes of it otherwise.
func (x *exchange) neutralise(plan answerPlan, res *scrub.Result) (_ answerPlan, withheld bool) {
	f := &x.fault
	if res.Text == nil { // no text, so that it tells nothing
		if f.mode == config.ErrorReplace {
			return x.standIn(plan, outcomeReplaced), false
		}
		return plan, false
	}
	text, wide := widened(res.Text)
	if x.mislabelled(text) {
		return plan, !f.policy.shadow
	}
	x.keepOriginal(text)
	read, err := x.recognise(text)
	switch {
	case err != nil:
		return plan, !f.policy.shadow
	case f.mode == config.ErrorReplace, read.Whole:
		return x.standIn(plan, outcomeReplaced), false
	case read.Text == nil:
		return plan, false
	}
	f.outcome = outcomeNeutralised
	if f.policy.shadow {
		return plan, false
	}
	out := read.Text
	if wide {
		out = narrowed(out)
	}
	if out, err = x.responseScrubber().Encode(out); err != nil {
		return answerPlan{}, true
	}
	return answerPlan{body: out, changed: true, neutral: true}, false
}

// mislabelled reports whether an answer that says it is in UTF-16 or UTF-32 is in something
// else: then no character of it is one of ASCII, of which texts of errors have some.
func (x *exchange) mislabelled(text []byte) bool {
	label := bytes.ToLower(x.in.Header.ContentType())
	if !bytes.Contains(label, []byte("utf-16")) && !bytes.Contains(label, []byte("utf-32")) && !bytes.Contains(label, []byte("ucs")) {
		return false
	}
	return !bytes.ContainsFunc(text, func(r rune) bool { return r < utf8.RuneSelf })
}

// recognise reads what a text discloses, in the answer at hand.
func (x *exchange) recognise(text []byte) (neutral.Result, error) {
	f := &x.fault
	kind := bodyKind(x.in.Header.ContentType(), text)
	read, err := f.policy.neutralise(func(s *neutral.Set, sc *redact.Scratch) (neutral.Result, error) {
		return s.Neutralise(sc, neutral.Body{Status: x.in.StatusCode(), Kind: kind, Text: text})
	})
	f.read = read
	return read, err
}

// standIn has a safe body stand in place of the answer's, which becomes plan otherwise.
func (x *exchange) standIn(plan answerPlan, outcome string) answerPlan {
	f := &x.fault
	f.outcome = outcome
	if f.policy.shadow {
		return plan
	}
	request := safebody.Request{
		Accept: x.requestField("accept"), AcceptLanguage: x.requestField("accept-language"),
		Status: x.in.StatusCode(), Reference: x.reference(), Original: x.in.Header.ContentType(),
	}
	safe := &safeHead{}
	var body []byte
	safe.contentType, safe.language, body = f.policy.safe.Body(request)
	if x.ctx.IsHead() {
		body = nil
	}
	return answerPlan{body: body, changed: true, safe: safe}
}

// withheldAnswer has a safe body stand in place of an answer that could not be inspected.
// ok is false where the route does not want that. bare says that its header fields can't
// be passed on either.
func (x *exchange) withheldAnswer(status int, bare bool) (plan answerPlan, ok bool) {
	if status < 400 || !x.fault.changes() {
		x.fault.outcome = outcomeWithheld
		return answerPlan{}, false
	}
	x.fault.original = nil
	plan = x.standIn(answerPlan{}, outcomeWithheld)
	plan.bare = bare
	return plan, plan.safe != nil
}

// safeHead is what the header of a safe body says.
type safeHead struct{ contentType, language string }

// replacedFields describe a body, and are not those of what stands in its place.
var replacedFields = names(`content-type content-encoding content-language content-disposition content-location
	last-modified expires age accept-ranges cache-control pragma`)

// goes reports whether a field of the answer is not true of the body that plan has.
func (plan *answerPlan) goes(name, value []byte) bool {
	switch {
	case plan.bare && !answerSignals.has(name):
		return true
	case plan.safe == nil:
		return plan.neutral && is(name, "last-modified")
	case is(name, "cache-control"):
		return !hasToken(value, "no-store")
	case is(name, "content-range"): // but for that of a 416, which tells the size to ask for
		return !bytes.HasPrefix(value, []byte("bytes */"))
	}
	return replacedFields.has(name)
}

// faultField returns the value of a field of the answer without what it discloses; nil
// where it goes.
func (x *exchange) faultField(f *header, value []byte) []byte {
	if f.class.is(hopByHop|framed|identifiers|plumbing|session|validators|signatureField) || x.rt.keeps(f.name) || isSignal(f.name) {
		return value
	}
	out, remove := x.rt.errors.set.Header(x.in.StatusCode(), string(f.name), string(value))
	switch {
	case remove:
		return nil
	case out != string(value):
		value = fieldValue([]byte(out))
	}
	if !x.fault.changes() || len(f.name) < 2 || !is(f.name[:2], "x-") {
		return value
	}
	// Fields of the application's own may say anything.
	switch read, err := x.words(value); {
	case err != nil || read.Whole:
		return nil
	case read.Text != nil:
		return fieldValue(read.Text)
	}
	return value
}

// isSignal reports whether a field tells callers what to do next, which no rule takes from
// them.
func isSignal(name []byte) bool {
	for _, prefix := range []string{"x-ratelimit", "x-rate-limit", "ratelimit", "access-control-"} {
		if len(name) >= len(prefix) && is(name[:len(prefix)], prefix) {
			return true
		}
	}
	return is(name, "location") || answerSignals.has(name)
}

// neutralHeader reports whether header fields that disclose go from the answer.
func (x *exchange) neutralHeader() bool {
	e := x.rt.errors
	if e == nil || e.shadow || x.fault.mode == config.ErrorOff {
		return false
	}
	switch e.cfg.Headers {
	case config.HeadersAll:
		return true
	case config.HeadersErrors:
		return x.fault.changes()
	}
	return false
}

// neutralReason has the standard phrase of the status stand in place of one that
// discloses.
func (x *exchange) neutralReason(plan *answerPlan) {
	h := &x.in.Header
	reason := h.StatusMessage()
	if !x.fault.enforces() || len(reason) == 0 || string(reason) == http.StatusText(h.StatusCode()) {
		return
	}
	if plan.safe == nil {
		if read, err := x.words(reason); err == nil && !read.Discloses() {
			return
		}
	}
	h.SetStatusMessage(nil)
}

// words reads what words of the header disclose.
func (x *exchange) words(text []byte) (neutral.Result, error) {
	return x.fault.policy.neutralise(func(s *neutral.Set, sc *redact.Scratch) (neutral.Result, error) {
		return s.Neutralise(sc, neutral.Body{Status: x.in.StatusCode(), Kind: neutral.Text, Text: text})
	})
}

// keepOriginal keeps what the operator is told of the body.
func (x *exchange) keepOriginal(text []byte) {
	if x.p.errorLog != nil {
		x.fault.original = bytes.Clone(text)
	}
}

// bodyKind returns what a body is, as it is declared, else as it looks.
func bodyKind(contentType, text []byte) neutral.Kind {
	media := codec.MediaType(string(contentType))
	switch {
	case media == "text/html", media == "application/xhtml+xml":
		return neutral.HTML
	case bytes.HasSuffix([]byte(media), []byte("json")):
		return neutral.JSON
	case bytes.HasSuffix([]byte(media), []byte("xml")):
		return neutral.XML
	case media != "" && media != "text/plain" && media != "application/octet-stream":
		return neutral.Text
	}
	head := bytes.ToLower(bytes.TrimSpace(text[:min(len(text), 512)]))
	switch {
	case bytes.HasPrefix(head, []byte("<?xml")):
		return neutral.XML
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")):
		return neutral.HTML
	case bytes.HasPrefix(head, []byte("{")), bytes.HasPrefix(head, []byte("[")):
		return neutral.JSON
	}
	return neutral.Text
}
