//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// backend is a real log backend, started for a test.
type backend struct {
	addr   string
	syslog string // address for syslog over TCP, of VictoriaLogs
	// take returns what is in it, as JSON, in the order of sending, and empties it
	// if it is to be used again.
	take func(t *testing.T) []string
	// count returns how many records are in it.
	count func(t *testing.T) int
}

// TestOpenSearch lets the Elasticsearch clients index the same documents in
// OpenSearch twice, once past redactd and once through it, and holds what it then
// returns to what it returned before.
func TestOpenSearch(t *testing.T) {
	ps := logPlants()
	file := writeDocuments(t, ps)
	b := startOpenSearch(t)
	for _, c := range bulkClients {
		t.Run(c.name+" "+c.coding, func(t *testing.T) {
			h := hopTo(t, ps, b.addr)
			var stored [][]string
			for _, addr := range []string{b.addr, h.front.addr} {
				out := run(t, func(ctx context.Context) *exec.Cmd {
					cmd := c.command(t, ctx, "http://"+addr, file, c.coding)
					cmd.Env, cmd.Stdin = environment(), strings.NewReader(ps.value("own password")+"\n")
					return cmd
				})
				want := fmt.Sprintf(`{"errors":0,"ok":%d,"product":"You Know, for Search"}`, documents)
				if got := sortedJSON(t, out); got != want {
					t.Errorf("the client says %s, want %s", got, want)
				}
				stored = append(stored, b.take(t))
			}
			h.sameRecords(t, stored[0], stored[1], documents)
			h.finish(t, ps, h.seen)
		})
	}
}

// hopTo starts redactd between clients and a backend, with one route that
// scrubs all requests.
func hopTo(t *testing.T, ps plants, backend string) *hop {
	t.Helper()
	back := newTee(t, backend)
	r := startRedactd(t, auditedConfig+`
[upstream.backend]
urls = ["http://`+back.addr+`"]
[route.backend]
upstream = "backend"
request = "all"
response = "errors"
`)
	return &hop{redactd: r, ps: ps, front: newTee(t, r.addr), back: back, seen: tally{}}
}

// sameRecords holds the records that came through redactd to those that did not,
// and counts what is found in them.
func (h *hop) sameRecords(t *testing.T, want, got []string, n int) {
	t.Helper()
	if len(want) != n || len(got) != n {
		t.Fatalf("the backend has %d records past redactd and %d through it, want %d", len(want), len(got), n)
	}
	found := tally{}
	for i := range want {
		found.add(h.ps.compare(t, fmt.Sprintf("record %d", i), []byte(want[i]), []byte(got[i])))
	}
	if len(found) == 0 {
		t.Error("nothing was found")
	}
	h.seen.add(found)
}

// port returns the port of an address.
func port(addr string) string {
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		panic(err)
	}
	return p
}

// startOpenSearch starts OpenSearch, behind a shim that makes it say what the
// clients of Elasticsearch insist on: the product's name, and no media types of
// its own.
func startOpenSearch(t *testing.T) *backend {
	t.Helper()
	k, addr := useKit(t, "opensearch"), freeAddress(t)
	cmd := exec.CommandContext(context.Background(), "java", "-Xms256m", "-Xmx640m", "-XX:+UseSerialGC",
		"-cp", k.path()+":"+k.path("lib", "*"), "OpenSearch", t.TempDir(), port(addr))
	cmd.Env = environment()
	start(t, cmd).await(t, "OpenSearch", func() bool { return answers(addr) })

	target, err := url.Parse("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	shim := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			for _, name := range []string{"Content-Type", "Accept"} {
				if value := r.Out.Header.Get(name); strings.Contains(value, "vnd.elasticsearch+") {
					value, _, _ = strings.Cut(value, ";")
					r.Out.Header.Set(name, strings.Replace(value, "vnd.elasticsearch+", "", 1))
				}
			}
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Set("X-Elastic-Product", "Elasticsearch")
			if r.Request.URL.Path == "/" {
				r.Header.Del("Content-Length")
				r.Header.Del("Content-Encoding")
				r.Body = io.NopCloser(strings.NewReader(`{"name":"Node 1","version":{"number":"8.19.0"},"tagline":"You Know, for Search"}`))
				r.ContentLength = -1
			}
			return nil
		},
	})
	t.Cleanup(shim.Close)
	count := func(t *testing.T) int {
		t.Helper()
		fetch(t, http.MethodPost, "http://"+addr+"/_refresh", "")
		var all struct{ Count int }
		if err := json.Unmarshal([]byte(fetch(t, http.MethodGet, "http://"+addr+"/logs-*/_count", "")), &all); err != nil {
			t.Fatal(err)
		}
		return all.Count
	}
	take := func(t *testing.T) []string {
		t.Helper()
		fetch(t, http.MethodPost, "http://"+addr+"/_refresh", "")
		var page struct {
			Hits struct {
				Hits []struct {
					Source json.RawMessage `json:"_source"`
				}
			}
		}
		answer := fetch(t, http.MethodPost, "http://"+addr+"/logs-*/_search", `{"size":10000,"sort":[{"n":{"unmapped_type":"long"}},{"fields.n":{"unmapped_type":"long"}}]}`)
		if err := json.Unmarshal([]byte(answer), &page); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, hit := range page.Hits.Hits {
			list = append(list, string(hit.Source))
		}
		fetch(t, http.MethodDelete, "http://"+addr+"/logs-*", "")
		return list
	}
	return &backend{addr: shim.Listener.Addr().String(), take: take, count: count}
}

// startVictoriaLogs starts VictoriaLogs.
func startVictoriaLogs(t *testing.T) *backend {
	t.Helper()
	addr, syslog := freeAddress(t), freeAddress(t)
	cmd := exec.CommandContext(context.Background(), useKit(t, "victorialogs").path("victoria-logs"),
		"-httpListenAddr="+addr, "-syslog.listenAddr.tcp="+syslog, "-storageDataPath="+t.TempDir(), "-retentionPeriod=100y")
	cmd.Env = environment()
	start(t, cmd).await(t, "VictoriaLogs", func() bool { return answers(addr) })
	take := func(t *testing.T) []string {
		t.Helper()
		fetch(t, http.MethodGet, "http://"+addr+"/internal/force_flush", "")
		answer := fetch(t, http.MethodGet, "http://"+addr+"/select/logsql/query?query="+
			url.QueryEscape("* | delete _stream_id | sort by (_time, n)"), "")
		return strings.FieldsFunc(answer, func(r rune) bool { return r == '\n' })
	}
	return &backend{addr: addr, syslog: syslog, take: take, count: func(t *testing.T) int { return len(take(t)) }}
}

// fetch makes a request that has to succeed and returns the answer.
func fetch(t *testing.T, method, target, body string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s %s: status %d (%v): %s", method, target, res.StatusCode, err, answer)
	}
	return string(answer)
}
