//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"testing"
)

// shippers send the lines of a file to a real backend over HTTP. Programs that end say
// how many they sent; daemons are stopped when all have arrived.
var shippers = []struct {
	name    string
	backend func(*testing.T) *backend
	command func(t *testing.T, ctx context.Context, addr, file string) *exec.Cmd
	daemon  func(t *testing.T, addr, file string) *process
}{
	{name: "loki python", backend: startVictoriaLogs, command: func(t *testing.T, ctx context.Context, addr, file string) *exec.Cmd {
		return exec.CommandContext(ctx, useKit(t, "python").path("bin", "python"), "clients/loki_handler.py", "http://"+addr+"/insert", file)
	}},
	{name: "loki go", backend: startVictoriaLogs, command: func(t *testing.T, ctx context.Context, addr, file string) *exec.Cmd {
		return exec.CommandContext(ctx, useKit(t, "go").path("goes"), "loki", "http://"+addr+"/insert", file)
	}},
	{name: "rsyslog omelasticsearch", backend: startOpenSearch, daemon: func(t *testing.T, addr, file string) *process {
		return startRsyslogWith(t, file, fmt.Sprintf(`action(type="omelasticsearch" server="http://127.0.0.1" serverport=%q bulkmode="on"
	searchIndex="logs-rsyslog" searchType="" template="document" queue.type="linkedlist" queue.dequeueBatchSize="40")`, port(addr)))
	}},
	{name: "syslog-ng http", backend: startVictoriaLogs, daemon: func(t *testing.T, addr, file string) *process {
		return startSyslogNGWith(t, file, fmt.Sprintf(`http(url("http://%s/insert/jsonline?_msg_field=message&_time_field=@timestamp")
	method("POST") headers("Content-Type: application/x-ndjson") body("${MESSAGE}") delimiter("\n") batch-lines(40) batch-timeout(200));`, addr))
	}},
}

// TestShippers lets programs that ship logs send to real backends, holds what arrives
// there to what was sent, and asks it back.
func TestShippers(t *testing.T) {
	for _, s := range shippers {
		t.Run(s.name, func(t *testing.T) {
			ps := logPlants()
			file := writeDocuments(t, ps)
			b := s.backend(t)
			h := hopTo(t, ps, b.addr)
			if s.daemon != nil {
				p := s.daemon(t, h.front.addr, file)
				p.await(t, s.name, func() bool { return h.front.answered() >= documents/40 && b.count(t) >= documents })
				_ = p.stop(10e9)
			} else {
				out := run(t, func(ctx context.Context) *exec.Cmd {
					cmd := s.command(t, ctx, h.front.addr, file)
					cmd.Env = environment()
					return cmd
				})
				t.Logf("the program says %s", out)
			}
			h.arrived(t, b, documents)
			h.finish(t, ps, h.seen)
		})
	}
}
