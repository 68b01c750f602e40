package dialect

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

const (
	typeJSON    = "application/json"
	typeProblem = "application/problem+json"
	typeText    = "text/plain; charset=utf-8"
	// retryAfter is in seconds: long enough for a rotation or a restart, short
	// enough for small client buffers.
	retryAfter = "5"
)

// answer builds a response; one that asks for patience says for how long.
func answer(status int, contentType string, body []byte) *Response {
	r := &Response{Status: status, Body: body}
	if contentType != "" && len(body) > 0 {
		r.Header = append(r.Header, Header{"Content-Type", contentType})
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		r.Header = append(r.Header, Header{"Retry-After", retryAfter})
	}
	return r
}

func jsonAnswer(status int, v any) *Response { return answer(status, typeJSON, marshal(v)) }

// marshal encodes what this package made up itself, which can't fail. It does
// not escape for HTML, so that stored text reads as it was.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("dialect: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// text returns an attribute whose value is a string.
func text(name, value string) Attr { return Attr{name, marshal(value)} }

// raw returns an attribute whose value is valid JSON.
func raw(name string, value []byte) Attr { return Attr{name, value} }

// mediaType returns the lower-case type and subtype of a Content-Type.
func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// under reports whether path is suffix, or ends in it behind a prefix that a
// route may have left in place. A trailing slash does not count.
func under(path, suffix string) bool {
	return strings.HasSuffix(strings.TrimSuffix(path, "/"), suffix)
}

func isPost(method string) bool { return method == http.MethodPost || method == http.MethodPut }
