//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// captureErrors writes every answer of an application to files under dir,
// NAME/debug-on|off/CASE.ACCEPT.http: status line, header fields and body as they
// came, but for what is this machine's own and the chunks of a body.
func captureErrors(t *testing.T, dir string, app errorApp, debug bool) {
	t.Helper()
	ps := capturedPlants()
	r := startErrorApp(t, app, ps, debug)
	mode := map[bool]string{true: "debug-on", false: "debug-off"}[debug]
	dir = filepath.Join(dir, app.name, mode)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	clean := strings.NewReplacer(r.machine()...)
	for _, c := range app.cases() {
		for name, accept := range errorAccepts {
			answer := r.raw(t, ps, c, accept)
			if _, status, _ := strings.Cut(string(answer), " "); !strings.HasPrefix(status, strconv.Itoa(c.status)) {
				t.Errorf("%s: %s (Accept: %s) answers %.40q, want %d", app.name, c.name, accept, answer, c.status)
			}
			file := filepath.Join(dir, c.name+"."+name+".http")
			if err := os.WriteFile(file, sized(t, answer, clean), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// raw returns the bytes of an answer.
func (r *runningApp) raw(t *testing.T, ps errorPlants, c errorCase, accept string) []byte {
	t.Helper()
	conn, err := net.DialTimeout("tcp", r.addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	body := strings.ReplaceAll(c.json, "{row email}", ps.disclosures.value("row email"))
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: shop.example.com\r\nAccept: %s\r\nUser-Agent: shop-client/1.0\r\nConnection: close\r\n",
		c.method, c.path, accept)
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	if _, err := io.WriteString(conn, head+"\r\n"+body); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// werkzeugSecret is what Werkzeug's debugger makes up when it starts.
var werkzeugSecret = regexp.MustCompile(`SECRET = "\w{20}"`)

// sized returns an answer with its body in one piece and its length stated.
func sized(t *testing.T, answer []byte, clean *strings.Replacer) []byte {
	t.Helper()
	head, body, ok := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !ok {
		t.Fatalf("no answer: %q", answer)
	}
	var fields []string
	for field := range strings.SplitSeq(string(head), "\r\n") {
		switch name, _, _ := strings.Cut(strings.ToLower(field), ":"); name {
		case "transfer-encoding":
			whole, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body)))
			if err != nil {
				t.Fatal(err)
			}
			body = whole
		case "content-length":
		default:
			fields = append(fields, clean.Replace(field))
		}
	}
	text := werkzeugSecret.ReplaceAllString(clean.Replace(string(body)), `SECRET = "FakeDebuggerSecret42"`)
	fields = append(fields, fmt.Sprintf("Content-Length: %d", len(text)), "", text)
	return []byte(strings.Join(fields, "\r\n"))
}
