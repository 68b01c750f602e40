package proxy

import (
	"bytes"
	"cmp"
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/redactd/redactd/internal/canary"
	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/store"
)

// sink stands where the upstreams and the store of a twin are, and keeps what arrives of
// the canaries that somebody waits for. It is safe for concurrent use.
type sink struct {
	goroutines *owner
	idHeader   func() string
	server     *fasthttp.Server

	mu    sync.Mutex
	shots map[string]*shot // by request id, or by the name of the listener
}

// shot is a payload that was sent, and what arrived of it. Its fields below the line are
// the sink's until it is taken back.
type shot struct {
	answer      []byte // what the upstream answers; nil for a word of success
	answerType  string
	answerCoded string // content coding of answer

	arrived bool
	body    []byte // as it arrived
	coding  string // its content coding
	records [][]byte
	writes  int // of listeners, each a datagram where datagrams is set

	datagrams bool // the listener's upstream takes those
	head      bool // header and query are what counts, not the body
}

// maxArrival bounds, in bytes, what is kept of what arrives.
const maxArrival = 16 << 20

func newSink(goroutines *owner, idHeader func() string) *sink {
	s := &sink{goroutines: goroutines, idHeader: idHeader, shots: map[string]*shot{}}
	s.server = &fasthttp.Server{
		Handler: s.handle, ReadBufferSize: 1 << 20, MaxRequestBodySize: maxArrival, NoDefaultServerHeader: true,
		DisableHeaderNamesNormalizing: true, SecureErrorLogMessage: true, Logger: quiet{},
	}
	return s
}

// connect is a connection to the sink.
func (s *sink) connect() (net.Conn, error) {
	pipe := fasthttputil.NewPipeConns()
	if !s.goroutines.start(func() { _ = s.server.ServeConn(pipe.Conn2()) }) {
		return nil, errEnded
	}
	return pipe.Conn1(), nil
}

// expect has the sink keep what arrives by that id.
func (s *sink) expect(id string, h *shot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shots[id] = h
}

// take ends that: what is late is dropped.
func (s *sink) take(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.shots, id)
}

// arrive keeps a body, of which it takes a copy, and returns whom it is of.
func (s *sink) arrive(id string, body []byte, coding string) *shot {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.shots[id]
	if h != nil {
		h.arrived, h.body, h.coding = true, bytes.Clone(body), coding
	}
	return h
}

func (s *sink) wantsHead(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.shots[id]
	return h != nil && h.head
}

func (s *sink) handle(ctx *fasthttp.RequestCtx) {
	id := ""
	for name, value := range ctx.Request.Header.All() {
		if equalFold(name, s.idHeader()) {
			id = string(value)
		}
	}
	body, coding := ctx.Request.Body(), string(ctx.Request.Header.Peek("Content-Encoding"))
	if s.wantsHead(id) {
		body, coding = headOf(&ctx.Request.Header, ctx.URI().QueryString()), ""
	}
	h := s.arrive(id, body, coding)
	switch {
	case h == nil:
		ctx.SetStatusCode(http.StatusServiceUnavailable)
	case h.answer != nil:
		ctx.SetStatusCode(http.StatusInternalServerError)
		ctx.Response.Header.Set("Content-Type", h.answerType)
		if h.answerCoded != "" {
			ctx.Response.Header.Set("Content-Encoding", h.answerCoded)
		}
		ctx.SetBody(h.answer)
	default:
		ctx.SetContentType("application/json")
		ctx.SetBodyString("{}")
	}
}

// Serve implements local: the store has its own content codings undone.
func (s *sink) Serve(_ context.Context, from store.Origin, r *dialect.Request) (store.Result, error) {
	s.arrive(cmp.Or(from.RequestID, from.Route), r.Body, "")
	return store.Result{Response: &dialect.Response{Status: http.StatusOK}}, nil
}

// Put is what listeners ask of a store.
func (s *sink) Put(_ context.Context, from store.Origin, _ string, records []dialect.Record) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.shots[from.Route]; h != nil {
		h.arrived = true
		for _, r := range records {
			h.records = append(h.records, bytes.Clone(r.Data))
		}
	}
	return 0, nil
}

// Stop implements local.
func (s *sink) Stop(context.Context) error { return nil }

// arrival is what arrived of a shot that was taken back. refused says that its sender was
// told that nothing did.
func (h *shot) arrival(refused bool) canary.Arrival {
	switch {
	case h.arrived:
		return canary.Arrival{State: canary.Clean, Body: decodedArrival(h.body, h.coding)}
	case refused:
		return canary.Arrival{State: canary.Refused}
	}
	return canary.Arrival{State: canary.Lost}
}

// decodedArrival undoes the content codings of body; what does not decode is judged as it
// is.
func decodedArrival(body []byte, coding string) []byte {
	if coding == "" {
		return body
	}
	decoded, err := codec.Decode(nil, body, codec.Resolve(coding, body), maxArrival)
	if err != nil {
		return body
	}
	return decoded
}
