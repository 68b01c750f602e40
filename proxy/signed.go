package proxy

import (
	"bytes"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/signing"
)

// signatures is what a request is signed by. A signature that no longer holds is never
// sent: either it is made anew, or the request is withheld.
type signatures struct {
	came  *signing.Request // the request as it came, without its body; nil for an unsigned one
	found []*signing.Signature
	anew  []*signing.Signature // those of found that are made anew for each URL
	body  []byte               // to be sent, where it is at hand
}

// findSignatures looks for what the request is signed by. What only the store gets is
// not sent on, and needs none.
func (x *exchange) findSignatures() {
	if x.rt.up == nil {
		return
	}
	ownAuth := x.rt.up.hasAuth() // replaces the client's
	signed := signing.Carries(nil, x.query)
	for i := range x.headers {
		h := &x.headers[i]
		signed = signed || h.class.is(signatureField) || !ownAuth && is(h.name, "authorization") && signing.Carries(h.value, nil)
	}
	if !signed {
		return
	}
	came := &signing.Request{
		Method: string(x.ctx.Method()), Host: string(x.authority), Path: string(x.path), Query: string(x.query),
	}
	for _, h := range x.headers {
		if !ownAuth || !is(h.name, "authorization") {
			came.Fields = append(came.Fields, signing.Field{Name: string(h.name), Value: string(h.value)})
		}
	}
	x.sigs = signatures{came: came, found: signing.Find(came)}
	if x.chunked() {
		// The framing is no coding that hides anything: it is undone here.
		x.coding = []byte(signing.WithoutChunks(string(x.coding)))
	}
}

// signed reports whether the request carries a signature that the upstream gets.
func (x *exchange) signed() bool { return len(x.sigs.found) > 0 }

// chunked reports whether the body is framed as aws-chunked.
func (x *exchange) chunked() bool {
	return slices.ContainsFunc(x.sigs.found, func(s *signing.Signature) bool { return s.Chunked })
}

// resigns reports whether signatures can be made anew, which takes the whole body.
func (x *exchange) resigns() bool { return x.signed() && x.rt.cfg.Signed == config.SignedResign }

// settleSignatures decides about the signatures of a request that is ready to be sent:
// they hold, or are made anew, or the request is refused.
func (x *exchange) settleSignatures(body []byte) *refusal {
	if !x.signed() || x.rt.cfg.StripPath && !prefixFits(x.rt.cfg.PathPrefix, x.path) {
		return nil
	}
	x.sigs.body = body
	for _, t := range x.rt.up.targets {
		sent := x.sent(t)
		for _, s := range x.sigs.found {
			why := s.Stale(x.sigs.came, sent, x.changed)
			if why == "" || slices.Contains(x.sigs.anew, s) {
				continue
			}
			if !x.resigns() {
				return x.withholdSigned(s, why)
			}
			if err := x.rt.up.signer.Sign(s, sent); err != nil {
				return x.withholdSigned(s, why+": "+err.Error())
			}
			x.sigs.anew = append(x.sigs.anew, s)
		}
		if len(x.sigs.anew) == 0 {
			continue
		}
		// Signing anew changed fields, which another signature may cover.
		sent = x.sent(t)
		x.signAnew(sent)
		for _, s := range x.sigs.found {
			if slices.Contains(x.sigs.anew, s) {
				continue
			}
			changed := x.changed || !bytes.Equal(sent.Body, body)
			if why := s.Stale(x.sigs.came, sent, changed); why != "" {
				return x.withholdSigned(s, why)
			}
		}
	}
	return nil
}

// withholdSigned refuses a request whose signature would be stale.
func (x *exchange) withholdSigned(s *signing.Signature, why string) *refusal {
	x.p.m.blocked.WithLabelValues(x.rt.name, dirRequest, "signed").Inc()
	x.p.log.Warn("signed request withheld: its signature would be stale", "route", x.rt.name,
		"scheme", string(s.Scheme), "changed", why, "request_id", x.id)
	return refuseSigned
}

// sent returns the request as it is about to be sent to t.
func (x *exchange) sent(t *target) *signing.Request {
	path, query := x.targetFor(t)
	r := &signing.Request{
		Method: string(x.ctx.Method()), Host: x.hostFor(t), Path: string(path), Query: string(query), Body: x.sigs.body,
	}
	for _, f := range x.writtenFields() {
		if strings.EqualFold(f.Name, "host") {
			f.Value = r.Host
		}
		r.Fields = append(r.Fields, f)
	}
	if x.changed && x.chunked() {
		r.Unframe()
	}
	return r
}

// writtenFields returns the fields of x.out as they will be written, in their spelling.
func (x *exchange) writtenFields() (fields []signing.Field) {
	_, lines, _ := strings.Cut(string(x.out.Header.AppendBytes(nil)), "\r\n")
	for line := range strings.SplitSeq(lines, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields = append(fields, signing.Field{Name: name, Value: strings.TrimSpace(value)})
		}
	}
	return fields
}

// signAnew makes the signatures that have gone stale anew in r. That it can be done,
// settleSignatures found out; else what is signed would not be sent.
func (x *exchange) signAnew(r *signing.Request) {
	for _, s := range x.sigs.anew {
		if err := x.rt.up.signer.Sign(s, r); err != nil {
			r.Del("Authorization")
			r.Query = ""
		}
	}
}

// sendSigned puts the request to t, signed anew, in the place of x.out's.
func (x *exchange) sendSigned(t *target) {
	r := x.sent(t)
	x.signAnew(r)
	h := &x.out.Header
	for _, f := range x.writtenFields() {
		h.Del(f.Name)
	}
	for _, f := range r.Fields {
		h.Add(f.Name, f.Value)
	}
	if !bytes.Equal(r.Body, x.sigs.body) {
		x.out.SetBodyRaw(r.Body)
		x.sigs.body = r.Body
	}
	x.setTarget([]byte(r.Path), []byte(r.Query))
}
