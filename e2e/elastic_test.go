//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// documents is how many each client sends; secrets are in the first dirty ones.
const (
	documents = 160
	dirty     = 40
)

// bulkClients index the documents of a file, each in its own way.
var bulkClients = []struct {
	name, coding string
	command      func(t *testing.T, ctx context.Context, args ...string) *exec.Cmd
}{
	{"python", "plain", pythonBulk}, {"python", "gzip", pythonBulk}, {"go", "plain", goBulk}, {"go", "gzip", goBulk},
}

func pythonBulk(t *testing.T, ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, useKit(t, "python").path("bin", "python"), append([]string{"clients/bulk.py"}, args...)...)
}

func goBulk(t *testing.T, ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, useKit(t, "go").path("goes"), append([]string{"elastic"}, args...)...)
}

// TestElasticsearch lets the Elasticsearch clients for Python and Go send logs
// in bulk, plain and compressed: to the embedded store, to a backend, and to a
// backend behind a redactd that has no configuration file.
func TestElasticsearch(t *testing.T) {
	for _, c := range bulkClients {
		t.Run(c.name+" "+c.coding, func(t *testing.T) {
			ps := logPlants()
			file := writeDocuments(t, ps)
			index := func(t *testing.T, h *hop, prefix string) {
				t.Helper()
				out := run(t, func(ctx context.Context) *exec.Cmd {
					cmd := c.command(t, ctx, "http://"+h.front.addr+prefix, file, c.coding)
					cmd.Env, cmd.Stdin = environment(), strings.NewReader(ps.value("own password")+"\n")
					return cmd
				})
				want := fmt.Sprintf(`{"errors":0,"ok":%d,"product":"You Know, for Search"}`, documents)
				if got := sortedJSON(t, out); got != want {
					t.Errorf("the client says %s, want %s", got, want)
				}
			}
			h := logHop(t, ps)
			t.Run("store", func(t *testing.T) {
				index(t, h, "/store")
				h.bulkInStore(t, c.coding)
			})
			t.Run("backend", func(t *testing.T) {
				index(t, h, "/backend")
				h.bulkAtBackend(t, c.coding)
			})
			h.finish(t, ps, h.seen)
			t.Run("upstream only", func(t *testing.T) {
				back := newTee(t, startBackend(t))
				r := startRedactd(t, "", "--upstream", "http://"+back.addr, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
				h := &hop{redactd: r, ps: ps, front: newTee(t, r.addr), back: back, seen: tally{}}
				index(t, h, "")
				h.bulkAtBackend(t, c.coding)
				h.finish(t, ps, h.seen)
			})
		})
	}
}

func logPlants() plants {
	return plants{
		passwordIn("database", "postgres-url"),
		passwordIn("password", "pw-quoted", "sensitive-key"),
		stripeKey("stripe"),
		githubToken("github"),
		awsKeyID("aws"),
		webToken("session"),
		privateKey("pem"),
		credential("own password"),
	}
}

// logHop starts redactd with a route that ends in the store and one that leads
// to a backend.
func logHop(t *testing.T, ps plants) *hop {
	t.Helper()
	back := newTee(t, startBackend(t))
	r := startRedactd(t, auditedConfig+`
[store]
dir = "data/store"
[upstream.backend]
urls = ["http://`+back.addr+`"]
[route.store]
upstream = "store"
path_prefix = "/store"
strip_prefix = true
request = "all"
[route.backend]
upstream = "backend"
path_prefix = "/backend"
strip_prefix = true
request = "all"
`)
	return &hop{redactd: r, ps: ps, front: newTee(t, r.addr), back: back, seen: tally{}}
}

// startBackend starts a log backend and returns its address.
func startBackend(t *testing.T) string {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(answerLogs))
	t.Cleanup(backend.Close)
	return backend.Listener.Addr().String()
}

// answerLogs is a log backend that takes everything, and Elasticsearch as far
// as the clients look.
func answerLogs(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, `{"name":"fake","version":{"number":"8.19.0"},"tagline":"You Know, for Search"}`)
		return
	}
	text, err := bodyText(r)
	if err != nil {
		http.Error(w, `{"error":"not readable"}`, http.StatusBadRequest)
		return
	}
	var items []string
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		var action map[string]struct {
			ID string `json:"_id"`
		}
		if i%2 != 0 || json.Unmarshal([]byte(line), &action) != nil {
			continue
		}
		for op, meta := range action {
			items = append(items, fmt.Sprintf(`{"%s":{"_index":"x","_id":"%s","status":201,"result":"created"}}`, op, meta.ID))
		}
	}
	_, _ = fmt.Fprintf(w, `{"took":1,"errors":false,"items":[%s]}`, strings.Join(items, ","))
}

func bodyText(r *http.Request) (string, error) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		zr, err := gzip.NewReader(r.Body)
		if err != nil {
			return "", err
		}
		body = zr
	}
	text, err := io.ReadAll(body)
	return string(text), err
}

// writeDocuments writes what the clients are to send, as JSON lines.
func writeDocuments(t *testing.T, ps plants) string {
	t.Helper()
	var out bytes.Buffer
	for i := range documents {
		doc := fmt.Sprintf(`{"@timestamp":"2026-03-01T10:15:%02d.123Z","level":"info","n":%d,"ratio":%d.25,"trace":"%032x","ok":true,`,
			i%60, 9007199254740993+i, i, i*7919)
		out.WriteString(doc + leak(ps, i) + "}\n")
	}
	file := filepath.Join(t.TempDir(), "documents.ndjson")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// leak returns the members of document i that may hold a secret.
func leak(ps plants, i int) string {
	if i >= dirty {
		return fmt.Sprintf(`"message":"GET /orders/%d?page=2 200 in 12 ms, naïve café 日本","tags":["a","b"],"nothing":null`, i)
	}
	text := func(name string) string { return jsonText(ps.value(name)) }
	switch i % 8 {
	case 0:
		return `"message":"connect postgresql://app:` + text("database") + `@db:5432/app failed"`
	case 1:
		return `"user":{"name":"jane","password":"` + text("password") + `","roles":["admin"]},"message":"login"`
	case 2:
		return `"message":"charge refused: ` + text("stripe") + `, retry","attempt":2`
	case 3:
		return `"error":{"stack_trace":"Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: ` + text("github") + `"}`
	case 4:
		return `"labels":["eu","` + text("aws") + `"],"message":"a \"quoted\" \\ word"`
	case 5:
		return `"http":{"request":{"url":"https://shop/cb?id=1&session=` + text("session") + `"}},"message":"ünïcode"`
	case 6:
		return `"message":` + jsonString(`{"inner":{"password":"`+jsonText(ps.value("password"))+`","n":1.50}}`)
	}
	return `"message":"key:\n` + text("pem") + `\nend"`
}

func jsonString(s string) string { return `"` + jsonText(s) + `"` }

// sortedJSON returns JSON with the members of objects in order.
func sortedJSON(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// bulkAtBackend holds every request that reached the backend to the one that
// the client sent, and every answer.
func (h *hop) bulkAtBackend(t *testing.T, coding string) {
	t.Helper()
	front, back := h.pairs(t)
	changed, same := 0, 0
	for i := range front {
		if !strings.Contains(front[i].request.start, "_bulk") {
			h.compare(t, front[i], back[i])
			continue
		}
		h.coded(t, &back[i].request, coding)
		if found := h.compare(t, front[i], back[i]); len(found) > 0 {
			changed++
		} else {
			same++ // byte for byte, compressed or not
		}
	}
	if changed == 0 || same == 0 {
		t.Errorf("%d batches were changed and %d were not, want some of both", changed, same)
	}
}

func (h *hop) coded(t *testing.T, m *message, coding string) {
	t.Helper()
	if is := m.field("Content-Encoding") == "gzip"; is != (coding == "gzip") {
		t.Errorf("content coding %q, want %s", m.field("Content-Encoding"), coding)
	}
}

// bulkInStore holds the records in the store to what the client sent.
func (h *hop) bulkInStore(t *testing.T, coding string) {
	t.Helper()
	var want []string // action and source lines, in turns
	for _, x := range h.front.take(t) {
		h.ps.absent(t, "answer", []byte(x.response.head+string(x.response.text(t))))
		if strings.Contains(x.request.start, "_bulk") {
			h.coded(t, &x.request, coding)
			want = append(want, strings.Split(strings.TrimSuffix(string(x.request.text(t)), "\n"), "\n")...)
		}
	}
	records := h.records(t)
	if len(records) != documents || len(want) != 2*documents {
		t.Fatalf("%d records in the store for %d lines sent, want %d", len(records), len(want), documents)
	}
	found := tally{}
	for i, r := range records {
		var action map[string]struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
		}
		if err := json.Unmarshal([]byte(want[2*i]), &action); err != nil {
			t.Fatal(err)
		}
		meta, ok := action[r.Op]
		if !ok || r.ID != meta.ID || meta.Index != "" && r.Index != meta.Index {
			t.Errorf("record %d: %s %s/%s for %s", i, r.Op, r.Index, r.ID, want[2*i])
		}
		found.add(h.ps.compare(t, fmt.Sprintf("record %d", i), []byte(want[2*i+1]), r.Record))
	}
	if len(found) == 0 {
		t.Error("nothing was found")
	}
	h.seen.add(found)
}

// record is a line of the store.
type record struct {
	Op, Index, ID string
	Tag           string
	Record        json.RawMessage
}

// records returns what is in the store.
func (h *hop) records(t *testing.T) []record {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir, "data", "store", "*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	var out []record
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if len(lines.Bytes()) == 0 || lines.Bytes()[0] != '{' {
				continue
			}
			var r record
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			out = append(out, r)
		}
		if err := f.Close(); err != nil || lines.Err() != nil {
			t.Fatal(err, lines.Err())
		}
	}
	return out
}
