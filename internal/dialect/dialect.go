// Package dialect speaks for log backends: it takes a request apart into
// records and answers as the backend would, and it refuses a request in words
// that make the sender keep its data and try again.
//
// Terminology:
//
//   - dialect: the protocol of one backend, by its paths
//   - record: what the backend would keep as one entry
//   - attribute: what the protocol says about a record beside it: an index,
//     a label set, a timestamp
//   - refusal: an answer that says that nothing was taken
//
// A dialect holds no state and does no I/O. What it answers never quotes the
// payload. The log store and the proxy both stand on it.
package dialect

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// Request is a request after content codings are undone and secrets removed,
// from path, query and headers as well: all of these may end in a record.
type Request struct {
	Method string
	Path   string // escaped, as on the wire, without query
	Query  string // raw, without "?"
	Host   string // of the Host header
	// Header returns the first value of a header, "" for none. It may be nil.
	Header      func(name string) string
	ContentType string
	Body        []byte
}

func (r *Request) header(name string) string {
	if r.Header == nil {
		return ""
	}
	return r.Header(name)
}

// Attr is one attribute. Value is JSON.
type Attr struct {
	Name  string
	Value []byte
}

// Record is one log record.
type Record struct {
	Attrs []Attr
	// Data is the record itself. It may be part of the request's body.
	Data []byte
	// JSON says that Data is valid JSON, to be kept as such; else it is text,
	// or bytes of any kind.
	JSON bool
}

// Response is an answer. Header has canonical names, each once.
type Response struct {
	Status int
	Header []Header
	Body   []byte
}

// Header is one field of a response's header.
type Header struct{ Name, Value string }

// Get returns the value of a header, "" for none.
func (r *Response) Get(name string) string {
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// Dialect is the protocol of one backend. It is safe for concurrent use.
type Dialect interface {
	Name() string
	// Match reports whether a request belongs to the dialect. Prefixes in
	// front of the protocol's own path are allowed for.
	Match(method, path, contentType string) bool
	// Handle returns the records of a request, in its order, and the answer
	// to give once all of them are kept. Records may alias r.Body. An answer
	// of 400 and above may come with records too: those that could be read
	// where others could not. Handle never changes r.Body.
	Handle(r *Request) (*Response, []Record)
	// Fail returns the answer to r that says that nothing was taken. Status is
	// what the sender is to see, 503 where it should try again; a dialect may
	// answer with another of the same meaning. Reason is for people, and holds
	// no payload. Only method, path, content type and header of r need be set.
	Fail(r *Request, status int, reason string) *Response
}

// registry is in the order in which Match is asked.
var registry []entry

type entry struct {
	Dialect
	last bool
}

// Register adds a dialect. A duplicate name panics.
func Register(d Dialect) { register(d, false) }

func register(d Dialect, last bool) {
	for _, e := range registry {
		if e.Name() == d.Name() {
			panic("dialect: " + d.Name() + " registered twice")
		}
	}
	registry = append(registry, entry{d, last})
	slices.SortFunc(registry, func(a, b entry) int {
		if a.last != b.last {
			if a.last {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Name(), b.Name())
	})
}

// All returns every dialect, the generic one last.
func All() []Dialect {
	all := make([]Dialect, len(registry))
	for i, e := range registry {
		all[i] = e.Dialect
	}
	return all
}

// For returns the dialect of a request; the generic one where no other fits.
func For(method, path, contentType string) Dialect {
	for _, e := range registry {
		if e.Match(method, path, contentType) {
			return e.Dialect
		}
	}
	return generic{}
}

// byHeader is a Dialect that knows its requests by their header, on whatever path.
type byHeader interface {
	MatchHeader(r *Request) bool
}

// Of returns the dialect of a request. It knows what For can't: dialects that are told
// by a header, and that Python's HTTPHandler sends a record as the query of a GET, on
// whatever path.
func Of(r *Request) Dialect {
	for _, e := range registry {
		if d, ok := e.Dialect.(byHeader); ok && d.MatchHeader(r) {
			return e.Dialect
		}
	}
	if r.Method == http.MethodGet && r.Query != "" {
		if _, ok := queryRecord(r.Query); ok {
			return generic{}
		}
	}
	return For(r.Method, r.Path, r.ContentType)
}

// Retryable is the status for a refusal after which the sender shall keep its
// data and try again.
const Retryable = http.StatusServiceUnavailable

// Refusal answers a request that redactd itself refuses, in the request's dialect, and
// as RFC 9457 problem details where it belongs to none. The message is for people and
// must hold no payload. Statuses 429 and 503 carry Retry-After, but where senders
// would drop data for as long. Only method, path, content type and header of r need be
// set.
func Refusal(r *Request, status int, msg string) *Response {
	return Of(r).Fail(r, status, msg)
}
