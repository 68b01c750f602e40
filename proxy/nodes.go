package proxy

import (
	"bytes"
	"io"
	"net"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/scrub"
)

// Clients of Elasticsearch and OpenSearch that sniff ask one node for the addresses of
// all and go on to those. Through a hop they would go past it: in what they are told,
// each node has the address that the client came by.

// tells reports whether an answer of success may tell of single records that were
// refused, so that it is one of errors.
func (x *exchange) tells() bool {
	return x.in.StatusCode() < 300 && !x.ctx.IsGet() && !x.ctx.IsHead() && dialect.Tells(x.dialectRequest())
}

// namesNodes reports whether the answer at hand tells addresses to go on to.
func (x *exchange) namesNodes() bool {
	return x.in.StatusCode() < 300 && bytes.Contains(x.path, []byte("_nodes")) && dialect.NamesNodes(x.dialectRequest())
}

// clientAddress returns the host and port that the client used, "" if it told none.
func (x *exchange) clientAddress() string {
	proto, host := x.origin()
	if _, _, err := net.SplitHostPort(string(host)); err == nil || len(host) == 0 {
		return string(host)
	}
	port := "80"
	if is(proto, "https") {
		port = "443"
	}
	return net.JoinHostPort(string(bytes.Trim(host, "[]")), port)
}

// readdress takes the answer in as a whole and writes the client's own address over
// those of the nodes. What can't be read is not let through.
func (x *exchange) readdress(src io.Reader, inspect bool) (answerPlan, bool) {
	plan, withheld := x.wholeAnswer(src, false)
	if withheld || len(plan.body) == 0 {
		return plan, withheld
	}
	m := x.answerMeta()
	body, err := rewriteNodes(plan.body, m, x.clientAddress(), limitOr(int64(x.pol.cfg.Server.MaxDecoded), defaultMaxDecoded))
	switch {
	case err != nil && !x.passAnswer(err, int64(len(plan.body))):
		return answerPlan{}, true
	case err == nil && body != nil:
		clear(x.respBuf.b)
		x.respBuf.b = body
		plan = answerPlan{body: body, changed: true}
	}
	if !inspect {
		if err == nil { // else it is counted
			x.leave(coverage.OutOfScope)
		}
		return plan, false
	}
	scrubbed, withheld := x.scrubAnswer()
	scrubbed.changed = scrubbed.changed || plan.changed
	return scrubbed, withheld
}

// rewriteNodes returns body, an answer with the addresses of nodes, with address in
// their place; nil if it names none.
func rewriteNodes(body []byte, m scrub.Meta, address string, limit int64) ([]byte, error) {
	text, err := codec.Decode(nil, body, m.ContentEncoding, limit)
	if err != nil {
		return nil, &scrub.Error{Kind: scrub.KindCoding, Err: err}
	}
	splices, _, err := codec.Lookup("json").NewWalker().Walk(nil, text, true, &nodeVisitor{address: []byte(address)})
	if err != nil {
		return nil, &scrub.Error{Kind: scrub.KindFormat, Err: err}
	}
	if len(splices) == 0 {
		return nil, nil
	}
	return codec.Encode(nil, codec.Apply(nil, text, splices), codec.Resolve(m.ContentEncoding, body))
}

// nodeVisitor replaces the addresses under which nodes take HTTP.
type nodeVisitor struct{ address []byte }

func (v *nodeVisitor) Visit(f *codec.Field) ([]codec.Splice, bool, error) {
	if f.Kind != codec.String || !bytes.HasPrefix(f.Path, []byte("nodes.")) ||
		!bytes.HasSuffix(f.Path, []byte(".http.publish_address")) && !bytes.HasSuffix(f.Path, []byte(".http.bound_address[]")) {
		return nil, false, nil
	}
	return []codec.Splice{{Start: 0, End: len(f.Value), Text: v.address}}, false, nil
}

// Suspect has all visited.
func (v *nodeVisitor) Suspect([]byte) bool { return true }

// Tells says that none is an address for what stands beside it.
func (v *nodeVisitor) Tells(_, _ []byte) bool { return false }
