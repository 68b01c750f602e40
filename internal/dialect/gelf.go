package dialect

import "net/http"

func init() { Register(gelf{}) }

// gelf is Graylog's GELF HTTP input: one message a request. Messages one after
// another, as some shippers batch them, are taken too.
// Source: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
type gelf struct{}

func (gelf) Name() string { return "gelf" }

func (gelf) Match(_, path, _ string) bool { return under(path, "/gelf") }

func (g gelf) Handle(r *Request) (*Response, []Record) {
	if !isPost(r.Method) {
		return allowPost(g.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	if isDeflated(r.Body) {
		// Graylog tells by the first bytes. Here nobody has looked inside, and
		// the sender must not lose what it has.
		return g.Fail(r, Retryable, "a compressed body needs a Content-Encoding"), nil
	}
	body := trim(r.Body)
	records, ok := jsonRecords(body)
	if !ok || len(records) == 0 {
		return g.Fail(r, http.StatusBadRequest, "body is not a GELF message"), nil
	}
	return answer(http.StatusAccepted, "", nil), records
}

// isDeflated reports whether p begins as gzip (RFC 1952) or zlib (RFC 1950).
func isDeflated(p []byte) bool {
	return len(p) > 1 && (p[0] == 0x1f && p[1] == 0x8b || p[0] == 0x78 && (uint(p[0])<<8|uint(p[1]))%31 == 0)
}

func (gelf) Fail(_ *Request, status int, reason string) *Response { return problem(status, reason) }
