//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"html"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// capture writes error responses of applications to files under dir, NAME/CASE.debug.ACCEPT.http
// ("debug" only with debug on): status line, header fields and body as they came, but
// for what is this machine's own and the chunks of a body. Beside each is a file .want
// which says what must not reach a client ("gone"), what must ("kept") and what the
// operator is told ("frame").
type capture struct {
	dir  string
	seen map[[sha256.Size]byte]bool // bodies, less what changes from one answer to the next
}

// maxCaptured is the size, in bytes, above which only answers of the case
// "unhandled" are written.
const maxCaptured = 64 << 10

func (c *capture) app(t *testing.T, app errorApp, debug bool) {
	t.Helper()
	ps := capturedPlants()
	r := startErrorApp(t, app, ps, debug)
	dir := filepath.Join(c.dir, app.name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	clean := strings.NewReplacer(r.machine()...)
	for _, e := range app.cases() {
		media := map[string]bool{}
		for _, accept := range app.accepts() {
			answer := parseCaptured(t, sized(t, r.raw(t, ps, e, accept.value), clean))
			if answer.status != e.status {
				t.Errorf("%s (Accept: %s): status %d, want %d", e.name, accept.value, answer.status, e.status)
			}
			if e.status < 400 || media[answer.media] || c.known(answer.body) || len(answer.body) > maxCaptured && e.name != "unhandled" {
				continue
			}
			media[answer.media] = true
			name := e.name
			if debug {
				name += ".debug"
			}
			file := filepath.Join(dir, name+"."+accept.name)
			for ext, data := range map[string]string{".http": answer.all, ".want": answer.want(app, e, ps)} {
				if err := os.WriteFile(file+ext, []byte(data), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// changing is what differs between two answers that are the same otherwise.
var changing = regexp.MustCompile(`[0-9a-f]{6,}|\d+|value="\w{20,}"|text(/|&#x2F;)html|application(/|&#x2F;)json|\*(/|&#x2F;)\*`)

func (c *capture) known(body string) bool {
	if body == "" {
		return true
	}
	digest := sha256.Sum256([]byte(changing.ReplaceAllString(body, "")))
	known := c.seen[digest]
	c.seen[digest] = true
	return known
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
	body := c.body(ps)
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

// madeUp is what frameworks make up: the secret of Werkzeug's debugger, tokens of Django.
var madeUp = regexp.MustCompile(`(SECRET = "|csrfToken"?: "|name="csrfmiddlewaretoken" value=")\w{20,}"`)

// sized returns an answer with its body in one piece and its length stated.
func sized(t *testing.T, answer []byte, clean *strings.Replacer) string {
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
	text := madeUp.ReplaceAllString(clean.Replace(string(body)), `${1}FakeTokenOfThePage"`)
	fields = append(fields, fmt.Sprintf("Content-Length: %d", len(text)), "", text)
	return strings.Join(fields, "\r\n")
}

// captured is an answer and its parts.
type captured struct {
	all, body, media string
	status           int
}

func parseCaptured(t *testing.T, all string) captured {
	t.Helper()
	head, body, _ := strings.Cut(all, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	c := captured{all: all, body: body}
	c.status, _ = strconv.Atoi(strings.Fields(lines[0])[1])
	for _, line := range lines[1:] {
		if name, value, _ := strings.Cut(line, ":"); http.CanonicalHeaderKey(name) == "Content-Type" {
			c.media, _, _ = mime.ParseMediaType(value)
		}
	}
	return c
}

// want returns what is said of an answer, one thing a line.
func (c captured) want(app errorApp, e errorCase, ps errorPlants) string {
	var out strings.Builder
	inside := slices.Concat(app.internals, innerNames, []string{"/srv/", "/opt/kit"})
	for _, d := range ps.disclosures {
		inside = append(inside, d.value)
	}
	text := readable(c.all)
	said := false
	for _, s := range inside {
		if strings.Contains(text, s) {
			fmt.Fprintf(&out, "gone: %q\n", s)
			said = true
		}
	}
	for _, s := range e.kept {
		if keeps(c.media, said) && strings.Contains(text, s) {
			fmt.Fprintf(&out, "kept: %q\n", s)
		}
	}
	if frame := app.frame(e, text); frame != "" {
		fmt.Fprintf(&out, "frame: %q\n", frame)
	}
	return out.String()
}

// readable returns a text as one would read it: without the escapes of HTML and JSON.
func readable(text string) string {
	return strings.NewReplacer(`\"`, `"`, `\/`, "/", `\t`, "\t", `\n`, "\n", `\u0026`, "&", `\u0027`, "'").Replace(html.UnescapeString(text))
}

// keeps reports whether the words of a body for the caller are to be kept: a page that
// shows something of the inside goes as a whole.
func keeps(media string, discloses bool) bool { return media != "text/html" || !discloses }
