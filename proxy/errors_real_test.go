package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
)

// realAnswers are answers of real frameworks, as the end-to-end suite captured them.
const realAnswers = "../internal/neutral/testdata/real"

// protected are header fields that no policy changes.
var protected = strings.Fields(`Retry-After Www-Authenticate Allow X-Ratelimit-Remaining X-Ratelimit-Limit
	Access-Control-Allow-Origin Access-Control-Allow-Credentials Set-Cookie Location Date`)

// replay is an upstream that answers with bytes.
func replay(t testing.TB) (url string, answer *atomic.Pointer[[]byte]) {
	t.Helper()
	answer = &atomic.Pointer[[]byte]{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			head(bufio.NewReader(c))
			_, _ = c.Write(*answer.Load())
			_ = c.Close()
		}
	}()
	return "http://" + ln.Addr().String(), answer
}

// Of what real frameworks answer, nothing of the inside reaches the client under each policy
// that promises it, whatever the coding, and what users need stays; status and protected
// fields are the same.
func TestErrorsOfRealFrameworks(t *testing.T) {
	url, answer := replay(t)
	hops := map[string]*hop{}
	for _, policy := range []string{"neutralise", "replace"} {
		hops[policy], _ = errorHop(t, "4xx = \""+policy+"\"\n5xx = \""+policy+"\"", nil, func(cfg *config.Config) {
			cfg.Upstreams["up"].URLs, cfg.Upstreams["up"].FailAfter = []string{url}, 0
		})
	}
	n := 0
	err := filepath.WalkDir(realAnswers, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".http" {
			return err
		}
		n++
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(strings.TrimSuffix(path, ".http") + ".want")
		if err != nil {
			return err
		}
		for policy, h := range hops {
			coding := []string{"", "gzip", "br"}[n%3]
			sent, before := encoded(t, raw, coding)
			answer.Store(&sent)
			r := h.do("GET", "/"+policy, "", "Accept-Encoding", "gzip, br", "Accept", before.Header.Get("Content-Type"))
			body := decode(t, r.Header.Get("Content-Encoding"), r.body)
			checkReal(t, policy+" "+path, r, before, body, string(want))
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Fatalf("%d answers: %v", n, err)
	}
}

// encoded returns an answer with its body in a coding, and its head.
func encoded(t *testing.T, raw []byte, coding string) ([]byte, *http.Response) {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body, err = codec.Encode(nil, body, coding); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %s\r\n", r.Status)
	r.Header.Del("Content-Length")
	if coding != "" {
		r.Header.Set("Content-Encoding", coding)
	}
	_ = r.Header.Write(&b)
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.Bytes(), r
}

func checkReal(t *testing.T, name string, r reply, before *http.Response, body, want string) {
	t.Helper()
	if r.StatusCode != before.StatusCode || r.err != nil {
		t.Errorf("%s: status %d, was %d: %v", name, r.StatusCode, before.StatusCode, r.err)
	}
	for _, field := range protected {
		if got, was := r.Header.Values(field), before.Header.Values(field); !slices.Equal(got, was) {
			t.Errorf("%s: %s is %q, was %q", name, field, got, was)
		}
	}
	var head bytes.Buffer
	_ = r.Header.Write(&head)
	text := strings.NewReplacer(`\"`, `"`, `\/`, "/", `\t`, "\t", `\n`, "\n", `\u0026`, "&", `\u0027`, "'").Replace(html.UnescapeString(head.String() + body))
	for line := range strings.Lines(want) {
		word, quoted, _ := strings.Cut(strings.TrimSpace(line), ": ")
		value, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case word == "gone" && strings.Contains(text, value):
			t.Errorf("%s: %q is left", name, value)
		case word == "kept" && strings.HasPrefix(name, "neutralise") && !strings.Contains(text, value):
			t.Errorf("%s: %q is gone", name, value)
		}
	}
}

// FuzzErrorPolicies lets an upstream answer anything under any policy. The client gets HTTP of
// the same status, with the protected fields as they were, and neither the secret nor the
// marks of a trace where the policy promises that.
func FuzzErrorPolicies(f *testing.F) {
	policies := []string{
		"", "mode = \"shadow\"", "4xx = \"replace\"\n5xx = \"replace\"", "4xx = \"scrub\"\n5xx = \"scrub\"", "4xx = \"off\"\n5xx = \"off\"",
		"max_body = \"64KiB\"\nheaders = \"all\"", "shape = \"drf\"\nembedded = \"replace\"",
	}
	for i, body := range []string{
		pythonTrace, `{"detail":` + jsonString(pythonTrace) + `}`, "<html><pre>" + pythonTrace, "<e><trace>" + pythonTrace + "</trace></e>",
		"\xff\xfea\x00", "\x1f\x8b\x08", `{"errors":[{"message":` + jsonString(pythonTrace) + `}]}`, "",
	} {
		for _, media := range []string{"application/json", "text/html; charset=iso-8859-1", "text/plain; charset=utf-16", "", "image/png", "application/grpc-web", "text/event-stream"} {
			f.Add([]byte(body), media, uint16(400+100*(i%2)), uint8(i), []string{"", "gzip", "br"}[i%3])
			f.Add([]byte(body), media, uint16(200), uint8(i), "")
		}
	}
	url, answer := replay(f)
	var hops []*hop
	for _, p := range policies {
		h, _ := errorHop(f, p, nil, func(cfg *config.Config) {
			cfg.Upstreams["up"].URLs, cfg.Upstreams["up"].FailAfter = []string{url}, 0
		})
		hops = append(hops, h)
	}
	f.Fuzz(func(t *testing.T, body []byte, media string, status uint16, policy uint8, coding string) {
		status = 200 + status%400
		if strings.ContainsAny(media+coding, "\r\n\x00") || noBody(int(status)) {
			return
		}
		which := int(policy) % len(policies)
		raw := fmt.Appendf(nil, "HTTP/1.1 %d Any\r\nContent-Type: %s\r\nContent-Encoding: %s\r\nRetry-After: 7\r\nSet-Cookie: a=b\r\n"+
			"WWW-Authenticate: Basic\r\nX-RateLimit-Remaining: 3\r\nAccess-Control-Allow-Origin: *\r\nETag: \"a\"\r\nContent-Length: %d\r\n\r\n%s",
			status, media, coding, len(body), body)
		answer.Store(&raw)
		got := rawExchange(t, hops[which].addr, "GET /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
		if err != nil {
			t.Fatalf("%q: client got %q: %v", raw, got, err)
		}
		out, err := io.ReadAll(resp.Body)
		if strings.Contains(hops[which].logs.String(), "panic") {
			t.Fatalf("%q: %s", raw, hops[which].logs)
		}
		if resp.StatusCode == 502 && status < 400 {
			return // it was withheld
		}
		if resp.StatusCode != int(status) {
			t.Fatalf("%q: status %d", raw, resp.StatusCode)
		}
		for field, want := range map[string]string{"Retry-After": "7", "WWW-Authenticate": "Basic", "X-RateLimit-Remaining": "3", "Access-Control-Allow-Origin": "*"} {
			if values := resp.Header.Values(field); len(values) != 1 || values[0] != want {
				t.Errorf("%q: %s is %q", raw, field, values)
			}
		}
		if err != nil && status >= 400 {
			t.Errorf("%q: %v", raw, err)
		}
		if promised := which == 0 || which == 2 || which >= 5; promised && status >= 400 && bytes.Contains(out, []byte(`File "/srv/app/views.py", line 12, in charge`)) {
			t.Errorf("%q: the trace passes", raw)
		}
	})
}
