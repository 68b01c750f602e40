package proxy

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// dialects are the log protocols whose clients want errors in a shape of
// their own. The status is the same in each.
var dialects = []struct {
	fits  func(path []byte) bool
	write func(contentType []byte, status int, detail string) ([]byte, string)
}{
	{isBulk, bulkError},
	{isSplunk, splunkError},
	{isOTLP, otlpError},
	{isDatadog, datadogError},
}

// dialectError writes an error in the dialect of the log protocol that owns
// path; ok is false where none does.
func dialectError(path, contentType []byte, status int, detail string) (body []byte, media string, ok bool) {
	for _, d := range dialects {
		if d.fits(path) {
			body, media = d.write(contentType, status, detail)
			return body, media, true
		}
	}
	return nil, "", false
}

func isBulk(path []byte) bool { return bytes.HasSuffix(path, []byte("/_bulk")) }

func bulkError(_ []byte, status int, detail string) ([]byte, string) {
	kind := "illegal_argument_exception"
	if status >= 500 {
		kind = "unavailable_exception"
	}
	cause := map[string]any{"type": kind, "reason": detail}
	return jsonBody(map[string]any{
		"error":  map[string]any{"root_cause": []any{cause}, "type": kind, "reason": detail},
		"status": status,
	})
}

func isSplunk(path []byte) bool { return bytes.HasPrefix(path, []byte("/services/collector")) }

// splunkError uses code 9 (server is busy) for what can be sent again and 6
// (invalid data format) for what can't.
func splunkError(_ []byte, status int, _ string) ([]byte, string) {
	if status >= 500 {
		return jsonBody(map[string]any{"text": "Server is busy", "code": 9})
	}
	return jsonBody(map[string]any{"text": "Invalid data format", "code": 6})
}

func isOTLP(path []byte) bool {
	for _, signal := range []string{"/v1/logs", "/v1/traces", "/v1/metrics", "/v1development/profiles"} {
		if bytes.HasSuffix(path, []byte(signal)) {
			return true
		}
	}
	return false
}

// otlpError writes a google.rpc.Status in the encoding of the request: code
// is field 1 and message field 2.
func otlpError(contentType []byte, status int, detail string) ([]byte, string) {
	code := 3 // INVALID_ARGUMENT
	if status >= 500 {
		code = 14 // UNAVAILABLE
	}
	if !bytes.HasPrefix(contentType, []byte("application/x-protobuf")) {
		return jsonBody(map[string]any{"code": code, "message": detail})
	}
	detail = detail[:min(len(detail), 127)] // one length byte
	return append([]byte{0x08, byte(code), 0x12, byte(len(detail))}, detail...), "application/x-protobuf"
}

func isDatadog(path []byte) bool {
	return bytes.HasSuffix(path, []byte("/api/v2/logs")) || bytes.HasPrefix(path, []byte("/v1/input"))
}

func datadogError(_ []byte, status int, detail string) ([]byte, string) {
	return jsonBody(map[string]any{"errors": []any{map[string]any{
		"status": http.StatusText(status), "title": http.StatusText(status), "detail": detail,
	}}})
}

func jsonBody(v any) ([]byte, string) {
	b, _ := json.Marshal(v)
	return append(b, '\n'), "application/json"
}
