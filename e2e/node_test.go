//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// nodeClients are Node's clients of log backends, and where they send to.
var nodeClients = []struct{ name, backend, prefix string }{
	{"elastic", "opensearch", ""},
	{"pino-elasticsearch", "opensearch", ""},
	{"winston-elasticsearch", "opensearch", ""},
	{"pino-loki", "victorialogs", "/insert"},
	{"winston-loki", "victorialogs", "/insert"},
	{"pino-datadog", "victorialogs", "/insert/datadog"},
}

// TestNode lets Node's clients send documents through redactd to real backends,
// holds what arrives there to what was sent, and asks it back.
func TestNode(t *testing.T) {
	opensearch := startOpenSearch(t)
	for _, c := range nodeClients {
		t.Run(c.name, func(t *testing.T) {
			b := opensearch
			if c.backend == "victorialogs" {
				b = startVictoriaLogs(t)
			}
			ps := logPlants()
			h := hopTo(t, ps, b.addr)
			file := writeDocuments(t, ps)
			out := run(t, func(ctx context.Context) *exec.Cmd {
				cmd := exec.CommandContext(ctx, "node", useKit(t, "node").path("send.mjs"), c.name, "http://"+h.front.addr+c.prefix, file)
				cmd.Env = environment()
				return cmd
			})
			if want := fmt.Sprintf(`{"sent":%d,"failures":0}`, documents); strings.TrimSpace(out) != want {
				t.Errorf("the client says %s, want %s", out, want)
			}
			h.arrived(t, b, documents)
			h.finish(t, ps, h.seen)
		})
	}
}

// arrived holds every exchange with the backend to that with the client, byte for byte
// and so in the order of sending, then asks the backend for its records: as many as were
// sent, nothing planted in them, and a placeholder wherever one was seen on the way.
func (h *hop) arrived(t *testing.T, b *backend, n int) {
	t.Helper()
	front, back := h.pairs(t)
	onTheWay := tally{}
	for i := range front {
		onTheWay.add(h.compare(t, front[i], back[i]))
		if status := strings.Fields(front[i].response.start)[1]; status[0] != '2' && !strings.HasPrefix(front[i].request.start, "HEAD ") {
			t.Errorf("%s: status %s", front[i].request.start, status)
		}
	}
	if len(onTheWay) == 0 {
		t.Error("nothing was found")
	}
	records := b.take(t)
	if len(records) != n {
		t.Fatalf("the backend has %d records, want %d", len(records), n)
	}
	stored := tally{}
	for i, r := range records {
		h.ps.absent(t, fmt.Sprintf("record %d", i), []byte(r))
		if !documentNumber.MatchString(r) {
			t.Errorf("record %d is none of those that were sent: %s", i, r)
		}
		for _, m := range placeholder.FindAllStringSubmatch(r, -1) {
			stored[m[1]]++
		}
	}
	// A label of a stream is once on the way and in every record of the backend.
	for rule := range onTheWay {
		if stored[rule] < onTheWay[rule] {
			t.Errorf("the backend has placeholders %v, on the way were %v", stored, onTheWay)
		}
	}
}

// documentNumber is what writeDocuments counts documents with.
var documentNumber = regexp.MustCompile(`90071992547[0-9]+`)
