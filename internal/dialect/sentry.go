package dialect

import (
	"bytes"
	"compress/zlib"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

func init() { Register(sentry{}) }

// sentry is the ingestion API of Sentry: envelopes, and the endpoints of older SDKs, of
// crash reporters and of browsers. Sources: https://develop.sentry.dev/sdk/ and the
// answers of getsentry/relay.
type sentry struct{}

func (sentry) Name() string { return "sentry" }

func (sentry) Match(_, path, _ string) bool {
	_, endpoint := sentryPath(path)
	return endpoint != ""
}

var sentryEndpoints = set("envelope", "store", "minidump", "security", "unreal", "nel")

// sentryPath reads /api/PROJECT/ENDPOINT/, with any prefix, and a key behind it for
// "unreal". Endpoint is "" for another path.
func sentryPath(path string) (project, endpoint string) {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if n := len(parts); n > 3 && parts[n-2] == "unreal" {
		parts = parts[:n-1]
	}
	n := len(parts)
	if n < 3 || parts[n-3] != "api" || !sentryEndpoints[parts[n-1]] {
		return "", ""
	}
	if _, err := strconv.ParseUint(parts[n-2], 10, 64); err != nil {
		return "", ""
	}
	return parts[n-2], parts[n-1]
}

func (s sentry) Handle(r *Request) (*Response, []Record) {
	project, endpoint := sentryPath(r.Path)
	switch {
	case r.Method == http.MethodOptions:
		return sentryPreflight(), nil
	case !isPost(r.Method):
		return allowPost(s.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	attrs := []Attr{text("project", project), text("type", endpoint)}
	switch endpoint {
	case "envelope":
		return s.envelope(r, attrs[:1:1])
	case "store":
		event := sentryEvent(trim(r.Body))
		if kind(event) != '{' || !json.Valid(event) {
			return s.Fail(r, http.StatusBadRequest, "body is no event"), nil
		}
		attrs[1] = text("type", "event")
		return sentryAccepted(member(event, "event_id")), []Record{{Attrs: attrs, Data: event, JSON: true}}
	}
	if len(r.Body) == 0 {
		return s.Fail(r, http.StatusBadRequest, "empty body"), nil
	}
	rec := Record{Attrs: attrs, Data: r.Body, JSON: json.Valid(r.Body)}
	if endpoint == "minidump" || endpoint == "unreal" {
		return crossOrigin(answer(http.StatusOK, typeText, []byte(newEventID()))), []Record{rec}
	}
	return crossOrigin(answer(http.StatusOK, "", nil)), []Record{rec}
}

// sentryEvent returns the JSON that a body of the store endpoint is or holds.
func sentryEvent(body []byte) []byte {
	const limit = 64 << 20
	data, err := base64.StdEncoding.AppendDecode(nil, body)
	if err != nil {
		return body
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return body
	}
	event, err := io.ReadAll(io.LimitReader(z, limit+1))
	if err != nil || len(event) > limit {
		return body
	}
	return trim(event)
}

// sentryAccepted answers with the id of an event, JSON, nil if there is none.
func sentryAccepted(id []byte) *Response {
	body := []byte(`{}`)
	// An id is repeated only if it is one: the answer quotes nothing else.
	if s := str(id); len(s) == 32 || len(s) == 36 {
		if _, err := hex.DecodeString(strings.ReplaceAll(s, "-", "")); err == nil {
			body = append(append([]byte(`{"id":`), id...), '}')
		}
	}
	return crossOrigin(answer(http.StatusOK, typeJSON, body))
}

func newEventID() string {
	var id [16]byte
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// envelope makes a record of each item, and of each element of an item that holds
// several.
func (s sentry) envelope(r *Request, attrs []Attr) (*Response, []Record) {
	line, rest, _ := bytes.Cut(r.Body, []byte("\n"))
	if line = trim(line); kind(line) != '{' || !json.Valid(line) {
		return s.Fail(r, http.StatusBadRequest, "invalid envelope header"), nil
	}
	id := member(line, "event_id")
	var records []Record
	for {
		if rest = bytes.TrimLeft(rest, "\n"); len(rest) == 0 {
			return sentryAccepted(id), records
		}
		header, after, _ := bytes.Cut(rest, []byte("\n"))
		header = bytes.TrimSpace(header)
		n := bytes.IndexByte(after, '\n')
		if n < 0 {
			n = len(after)
		}
		if kind(header) != '{' || !json.Valid(header) {
			return s.Fail(r, http.StatusBadRequest, "invalid item header"), nil
		}
		if length := member(header, "length"); length != nil {
			var err error
			if n, err = strconv.Atoi(string(length)); err != nil || n < 0 || n > len(after) || n < len(after) && after[n] != '\n' {
				return s.Fail(r, http.StatusBadRequest, "invalid item length"), nil
			}
		}
		records = append(records, sentryItem(attrs, id, header, after[:n])...)
		rest = after[n:]
	}
}

func sentryItem(attrs []Attr, id, header, payload []byte) []Record {
	attrs = attrs[:len(attrs):len(attrs)]
	if kind(id) == '"' {
		attrs = append(attrs, raw("event_id", id))
	}
	for _, name := range []string{"type", "filename", "content_type"} {
		if v := member(header, name); kind(v) == '"' {
			attrs = append(attrs, raw(name, v))
		}
	}
	body := trim(payload)
	if (kind(body) != '{' && kind(body) != '[') || !json.Valid(body) {
		return []Record{{Attrs: attrs, Data: payload}}
	}
	if items := member(body, "items"); kind(items) == '[' && member(header, "item_count") != nil {
		var records []Record
		elements(items, func(v []byte) { records = append(records, Record{Attrs: attrs, Data: v, JSON: true}) })
		return records
	}
	return []Record{{Attrs: attrs, Data: body, JSON: true}}
}

// crossOrigin lets a page of any origin read the answer, as the SDK in a browser needs.
func crossOrigin(r *Response) *Response {
	r.Header = append(r.Header, Header{"Access-Control-Allow-Origin", "*"},
		Header{"Access-Control-Expose-Headers", "x-sentry-error, x-sentry-rate-limits, retry-after"})
	return r
}

func sentryPreflight() *Response {
	r := crossOrigin(answer(http.StatusOK, "", nil))
	r.Header = append(r.Header, Header{"Access-Control-Allow-Methods", "POST"},
		Header{"Access-Control-Allow-Headers", "x-sentry-auth, x-requested-with, origin, accept, content-type, authentication, authorization, content-encoding"},
		Header{"Access-Control-Max-Age", "3600"})
	return r
}

// Fail answers in the form of Relay. SDKs discard what they were sending on whatever
// answer but 2xx; Relay, in front of redactd, and older SDKs for phones keep it on 503.
// A 503 says nothing about when to come again: SDKs that read Retry-After would drop
// all that comes until then, and after a 429 without one for a minute.
func (sentry) Fail(_ *Request, status int, reason string) *Response {
	body := marshal(map[string]string{"detail": reason})
	if status != http.StatusServiceUnavailable {
		r := crossOrigin(answer(status, typeJSON, body))
		if status == http.StatusTooManyRequests {
			r.Header = append(r.Header, Header{"X-Sentry-Rate-Limits", retryAfter + "::organization:redactd"})
		}
		return r
	}
	return crossOrigin(&Response{Status: status, Header: []Header{{"Content-Type", typeJSON}}, Body: body})
}
