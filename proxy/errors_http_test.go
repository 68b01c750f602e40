package proxy

import (
	"strings"
	"testing"
)

// Answers that are unlike others as HTTP goes.
func TestErrorsAsHTTP(t *testing.T) {
	event := "event: error\ndata: {\"message\":" + jsonString(pythonTrace) + ",\"id\":7}\n\n"
	for _, tt := range []struct {
		name, policy, method string
		status               int
		media, body          string
		want                 string // part of what is got; "" for an empty body
	}{
		{"HEAD, replaced", "5xx = \"replace\"", "HEAD", 500, "text/html", "", ""},
		{"HEAD, neutralised", "", "HEAD", 500, "text/html", "", ""},
		{"empty, replaced", "5xx = \"replace\"", "GET", 500, "application/json", "", `"status":500`},
		{"empty, neutralised", "", "GET", 500, "application/json", "", ""},
		{"events", "", "GET", 500, "text/event-stream", event, "event: error\ndata: {\"message\":\"An internal error happened.\",\"id\":7}\n\n"},
		{"lines of JSON", "", "GET", 400, "application/x-ndjson", `{"n":1}` + "\n" + `{"stackTrace":["at a"],"n":2}` + "\n", "{\"n\":1}\n{\"n\":2}\n"},
		{"a picture", "", "GET", 404, "image/png", "\x89PNG\r\n\x1a\n\x00\x00", "\x89PNG\r\n\x1a\n\x00\x00"},
		{"text under the type of a picture", "", "GET", 500, "image/png", pythonTrace, "Something went wrong"},
		{"JSON as a page", "", "GET", 500, "text/html", `{"detail":` + jsonString(pythonTrace) + `,"n":1}`, `{"detail":"An internal error happened.","n":1}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, _ := errorHop(t, tt.policy, says(tt.status, tt.body, "Content-Type", tt.media, "Retry-After", "3"))
			r := h.do(tt.method, "/", "")
			if r.StatusCode != tt.status || r.err != nil || r.Header.Get("Retry-After") != "3" || strings.Contains(r.body, realSecret) {
				t.Errorf("%d %v %q: %v", r.StatusCode, r.Header, r.body, r.err)
			}
			if tt.want == "" && r.body != "" || !strings.Contains(r.body, tt.want) {
				t.Errorf("got %q", r.body)
			}
			if strings.HasPrefix(tt.name, "HEAD") && r.Header.Get("Content-Length") != "" {
				t.Errorf("length %q of a body that is not known", r.Header.Get("Content-Length"))
			}
		})
	}
}

// Clients of HTTP/1.0 get a length or an end, and the same body.
func TestErrorsOverHTTP10(t *testing.T) {
	h, _ := errorHop(t, "", says(500, pythonTrace, "Content-Type", "text/plain"))
	got := h.raw("GET / HTTP/1.0\r\nHost: a\r\nAccept: application/json\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 500 ") || strings.Contains(got, "chunked") || strings.Contains(got, "views.py") || !strings.Contains(got, `"status":500`) {
		t.Errorf("%q", got)
	}
}

// What range could be had is told to who asked for another.
func TestErrorsWithRanges(t *testing.T) {
	h, _ := errorHop(t, "4xx = \"replace\"", says(416, "x", "Content-Type", "text/plain", "Content-Range", "bytes */900", "Accept-Ranges", "bytes"))
	if r := h.do("GET", "/", ""); r.StatusCode != 416 || r.Header.Get("Accept-Ranges") != "" || r.Header.Get("Content-Range") != "bytes */900" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
}
