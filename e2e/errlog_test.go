//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/errlog"
	"github.com/redactd/redactd/internal/records"
)

// errorTrace is the trace that errors of this file are part of.
const errorTrace = "0af7651916cd43dd8448eb211c80319c"

func errorReport(n int) errlog.Report {
	return errlog.Report{
		Reference: fmt.Sprintf("reference-%d", n), Time: time.Now(), Route: "api", Upstream: "backend", Method: "GET", Path: fmt.Sprintf("/orders/%d", n),
		Status: 500, Framework: "django", Exception: fmt.Sprintf("Error%d", n%3), ContentType: "text/plain",
		Original: []byte(fmt.Sprintf("Traceback of %d\n", n)), TraceID: errorTrace, SpanID: "b7ad6b7169203331",
		Frames: []errlog.Frame{
			{Function: "execute", File: "/usr/lib/python3/site-packages/django/db.py", Line: "9"},
			{Function: "total", File: "app/orders.py", Line: fmt.Sprint(n)},
		},
	}
}

// errorLog is a Log with that configuration, and on that database if there is one.
func errorLog(t *testing.T, replica, dsn string, e config.ErrorLog) *errlog.Log {
	t.Helper()
	o := errlog.Options{Errors: e, Replica: replica}
	o.Errors.MaxOriginal = 1 << 20
	if dsn != "" {
		db, err := records.Open(records.Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close(context.Background()) })
		o.DB, o.Errors.Store = db, true
	}
	l, err := errlog.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closeLog(t *testing.T, l *errlog.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Error(err)
	}
}

// errorsCommand runs "redactd errors" on a database.
func errorsCommand(t *testing.T, dsn string, args ...string) string {
	t.Helper()
	return run(t, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program(t, "E2E_REDACTD"), append([]string{"errors"}, append(args, "--records", dsn)...)...)
		cmd.Env = environment()
		return cmd
	})
}

// TestErrorReplicas lets two replicas report to one PostgreSQL, which is killed meanwhile
// and started again: each error is counted once.
func TestErrorReplicas(t *testing.T) {
	server := startPostgres(t)
	dsn := server.database(t)
	a, b := errorLog(t, "replica-a", dsn, config.ErrorLog{}), errorLog(t, "replica-b", dsn, config.ErrorLog{})
	const each = 3000
	for n := range each {
		a.Report(errorReport(n))
		b.Report(errorReport(n))
		switch n {
		case each / 3:
			_ = syscall.Kill(-server.process.cmd.Process.Pid, syscall.SIGKILL)
			<-server.process.exited
		case each / 2:
			server.start(t)
		}
		time.Sleep(50 * time.Microsecond)
	}
	closeLog(t, a)
	closeLog(t, b)
	total := int64(0)
	lines := strings.Split(strings.TrimSpace(errorsCommand(t, dsn, "list", "--json")), "\n")
	for _, line := range lines {
		var g records.ErrorGroup
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatal(err)
		}
		total += g.Count
	}
	if len(lines) != 3 || total != 2*each {
		t.Errorf("%d errors of %d are counted, in %d groups", total, 2*each, len(lines))
	}
	shown := errorsCommand(t, dsn, "show", "reference-0", "--limit", "9")
	if strings.Count(shown, "Traceback of 0\n") != 2 || !strings.Contains(shown, "replica-a") || !strings.Contains(shown, "replica-b") ||
		!strings.Contains(shown, "total (app/orders.py:") {
		t.Errorf("reference-0 is\n%s", shown)
	}
}

// TestErrorSentry lets a report of an error arrive at Bugsink.
func TestErrorSentry(t *testing.T) {
	b := startBugsink(t)
	l := errorLog(t, "replica-a", "", config.ErrorLog{SentryDSN: "http://" + bugsinkKey + "@" + b.addr + "/1"})
	l.Report(errorReport(0))
	closeLog(t, l)
	events := b.take(t)
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	for _, want := range []string{`"Error0"`, `"500 django Error0 on GET /orders/{id}"`, `"app/orders.py"`, `"reference-0"`, "Traceback of 0", errorTrace, `"python"`} {
		if !strings.Contains(events[0], want) {
			t.Errorf("%s is missing in %s", want, events[0])
		}
	}
}

// TestErrorOpenTelemetry lets a report of an error arrive at a Collector, with its trace.
func TestErrorOpenTelemetry(t *testing.T) {
	c := startCollector(t)
	l := errorLog(t, "replica-a", "", config.ErrorLog{OTLP: "http://" + c.http})
	l.Report(errorReport(0))
	closeLog(t, l)
	c.mu.Lock()
	defer c.mu.Unlock()
	bodies := c.bodies["/v1/logs"]
	if len(bodies) != 1 {
		t.Fatalf("%d exports: %v", len(bodies), c.bodies)
	}
	for _, want := range []string{
		`"traceId":"` + errorTrace + `"`, `"spanId":"b7ad6b7169203331"`, `"eventName":"redactd.error_response"`, `"exception.type"`, `"Error0"`,
		`"exception.stacktrace"`, `total (app/orders.py:0)`, `"http.route"`, `"/orders/{id}"`, `"severityText":"ERROR"`, "reference-0",
	} {
		if !strings.Contains(bodies[0], want) {
			t.Errorf("%s is missing in %s", want, bodies[0])
		}
	}
}
