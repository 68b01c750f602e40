//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// otlpClients export logs, some traces too, each with the SDK of its language.
var otlpClients = []struct {
	name    string
	command func(t *testing.T, ctx context.Context, transport, addr string) *exec.Cmd
	http    bool // does not speak gRPC, and has no traces
}{
	{"python", func(t *testing.T, ctx context.Context, transport, addr string) *exec.Cmd {
		return exec.CommandContext(ctx, useKit(t, "python").path("bin", "python"), "clients/otlp_client.py", transport, addr)
	}, false},
	{"go", func(t *testing.T, ctx context.Context, transport, addr string) *exec.Cmd {
		return exec.CommandContext(ctx, useKit(t, "go").path("goes"), "otlp", transport, addr)
	}, false},
	{"node protobuf", func(t *testing.T, ctx context.Context, _, addr string) *exec.Cmd {
		return exec.CommandContext(ctx, "node", useKit(t, "node").path("send.mjs"), "otlp", "http://"+addr)
	}, true},
	{"node json", func(t *testing.T, ctx context.Context, _, addr string) *exec.Cmd {
		return exec.CommandContext(ctx, "node", useKit(t, "node").path("send.mjs"), "otlp-json", "http://"+addr)
	}, true},
}

// otlpLogs is how many log records each of them exports.
const otlpLogs = 5

// TestOpenTelemetry lets the SDKs of OpenTelemetry export through redactd to a
// Collector, holds what arrives there to what was sent, and looks at what the Collector
// makes of it.
func TestOpenTelemetry(t *testing.T) {
	for _, c := range otlpClients {
		t.Run(c.name+" http", func(t *testing.T) {
			ps := logPlants()
			collector := startCollector(t)
			h := hopTo(t, ps, collector.http)
			exported(t, ps, func(ctx context.Context) *exec.Cmd { return c.command(t, ctx, "http", h.front.addr) })
			front, back := h.pairs(t)
			for i := range front {
				h.compare(t, front[i], back[i])
				if status := strings.Fields(front[i].response.start)[1]; status != "200" {
					t.Errorf("%s: status %s", front[i].request.start, status)
				}
			}
			if len(h.seen) < 5 {
				t.Errorf("found only %v", h.seen)
			}
			collector.has(t, ps, !c.http)
			h.finish(t, ps, h.seen)
		})
	}
}

// TestOpenTelemetryGRPC does the same over gRPC. There is no tee that speaks HTTP/2, so
// that what arrives is held to what arrives past redactd.
func TestOpenTelemetryGRPC(t *testing.T) {
	for _, c := range otlpClients {
		if c.http {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			ps := logPlants()
			direct, behind := startCollector(t), startCollector(t)
			r := startRedactd(t, listenerConfig("otlp-grpc", "tcp://"+behind.grpc))
			h := &hop{redactd: r, ps: ps, seen: tally{}}
			for _, addr := range []string{direct.grpc, r.listening(t, "here")} {
				exported(t, ps, func(ctx context.Context) *exec.Cmd { return c.command(t, ctx, "grpc", addr) })
			}
			want, got := direct.records(t), behind.records(t)
			behind.has(t, ps, true)
			h.sameRecords(t, want, got, len(want))
			h.finish(t, ps, h.seen)
		})
	}
}

// listenerConfig is a configuration with one listener, named here.
func listenerConfig(protocol, upstream string) string {
	return auditedConfig + fmt.Sprintf(`
[store]
dir = "data/store"
[listener.here]
protocol = %q
listen = ["tcp://127.0.0.1:0"]
upstream = %q
`, protocol, upstream)
}

// exported runs an exporter to its end.
func exported(t *testing.T, ps plants, command func(context.Context) *exec.Cmd) {
	t.Helper()
	out := run(t, func(ctx context.Context) *exec.Cmd {
		cmd := command(ctx)
		cmd.Env, cmd.Stdin = environment(), bytes.NewReader(ps.secrets(t))
		return cmd
	})
	if want := `{"done":true}`; sortedJSON(t, out) != want {
		t.Errorf("the exporter says %s, want %s", out, want)
	}
}

// collector is an OpenTelemetry Collector and what it has sent on.
type collector struct {
	http, grpc string

	mu     sync.Mutex
	bodies map[string][]string // by path
}

// startCollector starts a Collector that receives OTLP over HTTP and gRPC and sends it on
// to the test as JSON.
func startCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{http: freeAddress(t), grpc: freeAddress(t), bodies: map[string][]string{}}
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bodies[r.URL.Path] = append(c.bodies[r.URL.Path], string(body))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(sink.Close)
	config := fmt.Sprintf(`
receivers:
  otlp:
    protocols:
      http: {endpoint: %q}
      grpc: {endpoint: %q}
exporters:
  otlp_http:
    endpoint: %q
    encoding: json
    compression: none
    sending_queue: {enabled: false}
service:
  telemetry:
    metrics: {level: none}
  pipelines:
    logs: {receivers: [otlp], exporters: [otlp_http]}
    traces: {receivers: [otlp], exporters: [otlp_http]}
    metrics: {receivers: [otlp], exporters: [otlp_http]}
`, c.http, c.grpc, sink.URL)
	file := filepath.Join(t.TempDir(), "collector.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), useKit(t, "collector").path("collector"), "--config", "file:"+file)
	cmd.Env = environment()
	start(t, cmd).await(t, "the Collector", func() bool { return answers(c.http) })
	return c
}

// Times and ids are made anew by each run of an exporter.
var madeAnew = regexp.MustCompile(`"(?:[a-z]*[tT]imeUnixNano|traceId|spanId|parentSpanId)":"[^"]*",?|"code.[a-z.]*","value":\{[^}]*\}`)

// records returns the log records and spans, without what is made anew by each run.
func (c *collector) records(t *testing.T) []string {
	t.Helper()
	c.await(t, true)
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, path := range []string{"/v1/logs", "/v1/traces"} {
		for _, body := range c.bodies[path] {
			list = append(list, string(decodedBytes(t, madeAnew.ReplaceAllString(body, ""))))
		}
	}
	return list
}

// await waits until the Collector has as many log records as were sent, with traces a
// trace too.
func (c *collector) await(t *testing.T, traces bool) (records, spans string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		c.mu.Lock()
		records, spans = strings.Join(c.bodies["/v1/logs"], "\n"), strings.Join(c.bodies["/v1/traces"], "\n")
		c.mu.Unlock()
		n := strings.Count(records, `"timeUnixNano"`)
		if n == otlpLogs && strings.Contains(spans, `"spanId"`) == traces {
			return records, spans
		}
		if time.Now().After(deadline) {
			t.Fatalf("the Collector has %d log records and %d bytes of traces, want %d and traces: %v", n, len(spans), otlpLogs, traces)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// has asks that the Collector has what was sent, and nothing planted.
func (c *collector) has(t *testing.T, ps plants, traces bool) {
	t.Helper()
	records, spans := c.await(t, traces)
	ps.absent(t, "logs at the Collector", []byte(records))
	ps.absent(t, "traces at the Collector", []byte(spans))
}
