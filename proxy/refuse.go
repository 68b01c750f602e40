package proxy

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

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
}

// The refusals, listed in docs/FAILURES.md. Where nothing is wrong with the
// client, the status is one on which clients keep the data and come again.
var (
	refuseFraming  = &refusal{400, "client", "framing", "The request is framed in a way that servers read differently.", true}
	refuseTarget   = &refusal{400, "client", "target", "The request target is not valid.", true}
	refuseNoRoute  = &refusal{404, "route", "no_route", "No route is configured for this request.", false}
	refusePath     = &refusal{400, "route", "path", "The path must be spelled without escapes or dot segments on this route.", false}
	refuseConnect  = &refusal{501, "route", "connect", "CONNECT is not supported.", true}
	refuseUpgrade  = &refusal{501, "route", "upgrade", "Protocol upgrades are not allowed on this route.", false}
	refuseTooLarge = &refusal{413, "request", "too_large", "The body is larger than this server accepts.", true}
	refuseRead     = &refusal{400, "request", "read", "The body ended early or its framing is broken.", true}
	refuseSlow     = &refusal{408, "request", "timeout", "The body did not arrive in time.", true}
	refuseHeaders  = &refusal{431, "client", "header_size", "The request header is larger than this server accepts.", true}

	refuseCoding   = &refusal{400, "request", "coding", "The body does not decode as its Content-Encoding says.", false}
	refuseUnknown  = &refusal{503, "request", "unknown_coding", "The body has a content coding that can't be inspected here.", false}
	refuseDecoded  = &refusal{413, "request", "limit", "The body is larger than this server accepts once decoded.", false}
	refuseFormat   = &refusal{503, "request", "format", "The body can't be inspected.", false}
	refuseBudget   = &refusal{503, "request", "budget", "The body could not be inspected within its budget.", false}
	refuseSigned   = &refusal{503, "request", "signed", "The body is signed and would have to be changed.", false}
	refuseAudit    = &refusal{503, "request", "audit", "The audit trail does not accept events at the moment.", false}
	refuseInternal = &refusal{503, "request", "internal", "An internal error happened.", true}

	refuseDead     = &refusal{502, "upstream", "connect", "The upstream can't be reached.", false}
	refuseBroken   = &refusal{502, "upstream", "broken", "The upstream broke off or did not answer in HTTP.", false}
	refuseTimeout  = &refusal{504, "upstream", "timeout", "The upstream did not answer in time.", false}
	refuseBusy     = &refusal{503, "upstream", "busy", "All connections to the upstream are in use.", false}
	refuseStore    = &refusal{503, "store", "write", "The store does not accept records at the moment.", false}
	refuseWithheld = &refusal{502, "response", "withheld", "The upstream's answer could not be inspected and was withheld.", false}
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

// retryAfter is sent, in seconds, with every 503.
const retryAfter = "5"

// refuse answers with r in the form that the client understands.
func (x *exchange) refuse(r *refusal) {
	x.p.m.errors.WithLabelValues(x.routeName(), r.stage, r.kind).Inc()
	x.p.log.Debug("request refused", "route", x.routeName(), "stage", r.stage, "kind", r.kind, "status", r.status, "request_id", x.id)
	resp := &x.ctx.Response
	resp.ResetBody()
	resp.Header.DisableNormalizing()
	body, contentType := x.errorBody(r.status, r.detail)
	resp.SetStatusCode(r.status)
	resp.Header.SetContentType(contentType)
	resp.Header.Add("Cache-Control", "no-store")
	if r.status == http.StatusServiceUnavailable {
		resp.Header.Add("Retry-After", retryAfter)
	}
	if x.id != "" {
		resp.Header.Add(x.idHeader(), x.id)
	}
	resp.SetBody(body)
	if r.close {
		x.closeClient()
	}
}

// problem is RFC 9457's body.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

// errorBody writes an error in the dialect of the log protocol in use, as
// text where that is all the client takes, else as problem+json.
func (x *exchange) errorBody(status int, detail string) (body []byte, contentType string) {
	if body, contentType, ok := dialectError(x.path, x.contentType, status, detail); ok {
		return body, contentType
	}
	if bytes.HasPrefix(x.accept, []byte("text/plain")) {
		return []byte(strconv.Itoa(status) + " " + http.StatusText(status) + "\n" + detail + "\n"), "text/plain; charset=utf-8"
	}
	body, _ = json.Marshal(problem{"about:blank", http.StatusText(status), status, detail, x.id})
	return append(body, '\n'), "application/problem+json"
}
