package proxy

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/scrub"
)

// refusal is an answer of redactd itself. Its detail is fixed text: nothing of
// a payload and nothing of an upstream's error gets into it.
type refusal struct {
	status int
	stage  string // where: for redactd_errors_total
	kind   string // what: for redactd_errors_total
	detail string
	// close ends the connection: what follows on it can't be trusted or will
	// not be read.
	close bool
	// final forbids a dialect to choose another status: the upstream did.
	final bool
}

// The refusals, listed in docs/FAILURES.md. Where nothing is wrong with the
// client, the status is one on which clients keep the data and come again.
var (
	refuseFraming  = &refusal{400, "client", "framing", "The request is framed in a way that servers read differently.", true, false}
	refuseVersion  = &refusal{505, "client", "version", "Only HTTP/1.1 and HTTP/1.0 are spoken here.", true, false}
	refuseTarget   = &refusal{400, "client", "target", "The request target is not valid.", true, false}
	refuseNoRoute  = &refusal{404, "route", "no_route", "No route is configured for this request.", false, false}
	refusePath     = &refusal{400, "route", "path", "The path must be spelled without escapes or dot segments on this route.", false, false}
	refuseConnect  = &refusal{501, "route", "connect", "CONNECT is not supported.", true, false}
	refuseUpgrade  = &refusal{501, "route", "upgrade", "Protocol upgrades are not allowed on this route.", false, false}
	refuseTooLarge = &refusal{413, "request", "too_large", "The body is larger than this server accepts.", true, false}
	refuseRead     = &refusal{400, "request", "read", "The body ended early or its framing is broken.", true, false}
	refuseSlow     = &refusal{408, "request", "timeout", "The body did not arrive in time.", true, false}
	refuseHeaders  = &refusal{431, "client", "header_size", "The request header is larger than this server accepts.", true, false}

	refuseCoding   = &refusal{400, "request", "coding", "The body does not decode as its Content-Encoding says.", false, false}
	refuseUnknown  = &refusal{503, "request", "unknown_coding", "The body has a content coding that can't be inspected here.", false, false}
	refuseDecoded  = &refusal{413, "request", "limit", "The body is larger than this server accepts once decoded.", false, false}
	refuseFormat   = &refusal{503, "request", "format", "The body can't be inspected.", false, false}
	refuseBudget   = &refusal{503, "request", "budget", "The body could not be inspected within its budget.", false, false}
	refuseSigned   = &refusal{503, "request", "signed", "The request is signed and would have to be changed.", false, false}
	refuseAudit    = &refusal{503, "request", "audit", "The audit trail does not accept events at the moment.", false, false}
	refuseInternal = &refusal{503, "request", "internal", "An internal error happened.", true, false}

	refuseDead     = &refusal{502, "upstream", "connect", "The upstream can't be reached.", false, false}
	refuseBroken   = &refusal{502, "upstream", "broken", "The upstream broke off or did not answer in HTTP.", false, false}
	refuseTimeout  = &refusal{504, "upstream", "timeout", "The upstream did not answer in time.", false, false}
	refuseBusy     = &refusal{503, "upstream", "busy", "All connections to the upstream are in use.", false, false}
	refuseStore    = &refusal{503, "store", "write", "The store does not accept records at the moment.", false, false}
	refuseWithheld = &refusal{502, "response", "withheld", "The upstream's answer could not be inspected and was withheld.", false, false}
)

// requestRefusal says how a request is answered whose body could not be
// scrubbed. known says whether all of its codings are known.
func requestRefusal(kind scrub.Kind, known bool) *refusal {
	switch kind {
	case scrub.KindCoding:
		if known {
			return refuseCoding
		}
		return refuseUnknown
	case scrub.KindLimit:
		return refuseDecoded
	case scrub.KindBudget:
		return refuseBudget
	case scrub.KindIO:
		return refuseRead
	}
	return refuseFormat
}

// refuse answers with r in the form that the client understands.
func (x *exchange) refuse(r *refusal) {
	x.p.m.errors.WithLabelValues(x.routeName(), r.stage, r.kind).Inc()
	x.p.log.Debug("request refused", "route", x.routeName(), "stage", r.stage, "kind", r.kind, "status", r.status, "request_id", x.id)
	x.noteRefusal(r)
	resp := &x.ctx.Response
	if !r.final {
		closing := resp.ConnectionClose()
		resp.Reset()
		resp.Header.SetNoDefaultContentType(true)
		if closing {
			resp.SetConnectionClose()
		}
	}
	resp.Header.DisableNormalizing()
	answer := x.refusalBody(r)
	resp.SetStatusCode(answer.Status)
	for _, f := range append(answer.Header, dialect.Header{Name: "Cache-Control", Value: "no-store"}) {
		if !hasField(&resp.Header, f.Name) { // the upstream's own word stays
			resp.Header.Add(f.Name, f.Value)
		}
	}
	if x.id != "" {
		resp.Header.Add(x.idHeader(), x.id)
	}
	resp.SetBody(answer.Body)
	if r.close {
		x.closeClient()
	}
}

// refusalBody writes a refusal in the dialect of the log protocol that owns the
// path, as text where that is all the client takes, else as problem+json.
func (x *exchange) refusalBody(r *refusal) *dialect.Response {
	answer := dialect.Refusal(x.dialectRequest(), r.status, r.detail)
	if r.final {
		answer.Status = r.status
	}
	if bytes.HasPrefix(x.accept, []byte("text/plain")) && answer.Get("Content-Type") == "application/problem+json" {
		for i := range answer.Header {
			if answer.Header[i].Name == "Content-Type" {
				answer.Header[i].Value = "text/plain; charset=utf-8"
			}
		}
		answer.Body = []byte(strconv.Itoa(r.status) + " " + http.StatusText(r.status) + "\n" + r.detail + "\n")
	}
	return answer
}

// dialectRequest is what tells the dialect of the request.
func (x *exchange) dialectRequest() *dialect.Request {
	r := &dialect.Request{
		Method: string(x.ctx.Method()), Path: string(x.path), Header: x.headerValue, ContentType: string(x.contentType),
	}
	if isPlain(x.path) || dialect.Of(r).Name() != dialect.Generic {
		return r
	}
	plain, _ := plainPath(x.path)
	other := *r
	if other.Path = string(plain); dialect.Of(&other).Name() != dialect.Generic {
		return &other
	}
	return r
}

// endpoint returns the path by which formats and protocols know the request: as it is
// spelled, unless only its plain reading (see plainPath) is that of a protocol.
func (x *exchange) endpoint() string {
	if isPlain(x.path) {
		return string(x.path)
	}
	return x.dialectRequest().Path
}

func hasField(h *fasthttp.ResponseHeader, name string) bool {
	for n := range h.All() {
		if len(n) == len(name) && strings.EqualFold(string(n), name) {
			return true
		}
	}
	return false
}
