package proxy

import (
	"bytes"
	"io"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/neutral"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// embedded names a format of answers of success that tells of errors in its own way.
type embedded string

// The formats. Sources: GraphQL, section 7.1 (response format) and "GraphQL over HTTP";
// JSON-RPC 2.0, section 5; gRPC, "gRPC Web".
const (
	embeddedGraphQL embedded = "graphql"
	embeddedJSONRPC embedded = "jsonrpc"
	embeddedGRPC    embedded = "grpc"
)

// embeds returns the format of the answer at hand that may tell of errors, "" for none.
func (x *exchange) embeds() embedded {
	media := codec.MediaType(interned(x.in.Header.ContentType()))
	switch {
	case media == "application/graphql-response+json":
		return embeddedGraphQL
	case isGRPC(media):
		return embeddedGRPC
	case media != "application/json":
		return ""
	}
	asked := codec.MediaType(interned(x.contentType))
	switch {
	case hasSegment(x.path, "graphql"), hasSegment(x.path, "gql"), asked == "application/graphql", asked == "application/graphql+json":
		return embeddedGraphQL
	case hasSegment(x.path, "jsonrpc"), hasSegment(x.path, "json-rpc"), asked == "application/json-rpc", asked == "application/jsonrequest":
		return embeddedJSONRPC
	}
	return ""
}

// hasSegment reports whether a path ends in a segment.
func hasSegment(path []byte, last string) bool {
	path = bytes.TrimSuffix(path, []byte{'/'})
	n := len(path) - len(last)
	return n > 0 && path[n-1] == '/' && is(path[n:], last)
}

// errorMember is the member of a document that tells of errors, and what stands in its
// place where nothing of use is left of it.
var errorMember = map[embedded]struct{ name, safe string }{
	embeddedGraphQL: {"errors", `[{"message":"An internal error happened."}]`},
	embeddedJSONRPC: {"error", `{"code":-32603,"message":"An internal error happened."}`},
}

// severe is the status as which errors in answers of success are read: nothing else says
// whose trouble they are, so what they disclose takes the words around it with it.
const severe = 500

// planEmbedded makes of the errors inside of an answer of success what the policy says.
// Where only errors are in scope, nothing else in it is looked at.
func (x *exchange) planEmbedded(src *upstreamBody, inspect bool) (plan answerPlan, withheld bool) {
	if x.fault.shape == embeddedGRPC {
		return x.planGRPC(src, inspect)
	}
	whole, ok := x.fillFault(src)
	if !ok {
		return answerPlan{}, true
	}
	if !whole {
		return x.unembedded(inspect)
	}
	plan, text := answerPlan{body: x.respBuf.b}, []byte(nil)
	var err error
	if inspect {
		res, err := x.responseScrubber().Body(x.respBuf.b, x.answerMeta())
		if err != nil {
			return plan, !x.passAnswer(err, int64(len(x.respBuf.b)))
		}
		plan, text = x.scrubbed(&res), res.Text
		x.fault.outcome = outcomePassed // of the errors in it, nothing is known yet
	} else if text, err = x.decodedAnswer(); err != nil {
		// It is no error as far as anybody can tell, and not in scope.
		x.leave(kindOf(err))
		return plan, false
	} else {
		x.leave(coverage.OutOfScope)
	}
	return x.neutraliseMembers(plan, text, !inspect)
}

// unembedded has an answer go on that is too large for the errors in it to be looked for.
func (x *exchange) unembedded(inspect bool) (answerPlan, bool) {
	head := x.respBuf.b
	x.headBuf, x.respBuf = x.respBuf, nil
	x.source.r = io.MultiReader(bytes.NewReader(head), x.source.r)
	length := x.in.Header.ContentLength()
	if inspect {
		return x.planScrubbed(int64(length))
	}
	x.leave(string(scrub.KindLimit))
	return x.passBody(&x.source, length)
}

// decodedAnswer returns the body of the answer with its codings undone.
func (x *exchange) decodedAnswer() ([]byte, error) {
	coding := x.answerMeta().ContentEncoding
	if coding == "" {
		return x.respBuf.b, nil
	}
	limit := limitOr(int64(x.pol.cfg.Server.MaxDecoded), defaultMaxDecoded)
	text, err := codec.Decode(nil, x.respBuf.b, coding, limit)
	if err != nil {
		return nil, &scrub.Error{Kind: scrub.KindCoding, Err: err}
	}
	return text, nil
}

// neutraliseMembers makes of the members of text, a document, that tell of errors what the
// policy says. Otherwise the answer becomes plan. With scrub they are scrubbed first.
func (x *exchange) neutraliseMembers(plan answerPlan, text []byte, toScrub bool) (answerPlan, bool) {
	member := errorMember[x.fault.shape]
	if !bytes.Contains(text, []byte(`"`+member.name+`"`)) {
		return plan, false
	}
	spans := neutral.Members(text, member.name)
	if len(spans) == 0 {
		return plan, false
	}
	values := make([][]byte, len(spans))
	changed := false
	for i, s := range spans {
		value, other, err := x.safeMember(text[s[0]:s[1]], member.safe, toScrub)
		if err != nil {
			return plan, !x.passAnswer(err, int64(len(x.respBuf.b)))
		}
		values[i], changed = value, changed || other
	}
	if !changed || x.fault.policy.shadow {
		return plan, false
	}
	out := neutral.Splice(text, spans, values)
	if coding := x.answerMeta().ContentEncoding; coding != "" {
		var err error
		if out, err = codec.Encode(nil, out, codec.Resolve(coding, x.respBuf.b)); err != nil {
			return plan, true
		}
	}
	return answerPlan{body: out, changed: true, neutral: true}, false
}

// safeMember returns what becomes of a value that tells of errors, and whether that is
// another one.
func (x *exchange) safeMember(value []byte, safe string, toScrub bool) (out []byte, changed bool, err error) {
	f := &x.fault
	if toScrub {
		res, err := x.responseScrubber().Body(value, scrub.Meta{ContentType: "application/json"})
		if err != nil {
			return nil, false, err
		}
		x.count(dirResponse, &res, int64(len(value)))
		x.foundMore(dirResponse, res.Hits)
		if enforced(res.Hits) {
			f.outcome, changed = outcomeScrubbed, true
		}
		value = bytes.Clone(res.Text)
	}
	if x.p.errorLog != nil {
		f.original = append(append(f.original, value...), '\n')
	}
	if !f.changes() {
		return value, changed, nil
	}
	read, err := f.policy.neutralise(func(s *neutral.Set, sc *redact.Scratch) (neutral.Result, error) {
		return s.Neutralise(sc, neutral.Body{Status: severe, Kind: neutral.JSON, Text: value})
	})
	switch {
	case err != nil, read.Whole, f.mode == config.ErrorReplace:
		out, f.outcome = []byte(safe), outcomeReplaced
	case read.Text != nil:
		out, f.outcome = read.Text, outcomeNeutralised
	default:
		out = value
	}
	if f.read.Framework == "" {
		f.read = read
	}
	return out, changed || !bytes.Equal(out, value), nil
}
