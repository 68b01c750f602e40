//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

// TestLogging ships the records of Python's logging over HTTP, as forms with
// HTTPHandler and as text and JSON lines with requests: to the embedded store,
// and to a backend.
func TestLogging(t *testing.T) {
	for _, way := range []string{"handler", "lines"} {
		t.Run(way, func(t *testing.T) {
			ps := logPlants()
			h := logHop(t, ps)
			t.Run("store", func(t *testing.T) {
				h.ship(t, way, "store")
				h.logsInStore(t)
			})
			t.Run("backend", func(t *testing.T) {
				h.ship(t, way, "backend")
				front, back := h.pairs(t)
				for i := range front {
					succeeded(t, front[i])
					h.compare(t, front[i], back[i])
				}
			})
			h.finish(t, ps, h.seen)
		})
	}
}

// ship logs and sends.
func (h *hop) ship(t *testing.T, way, to string) {
	t.Helper()
	secrets := map[string]string{}
	for _, p := range h.ps {
		if p.rules != nil {
			secrets[p.name] = p.value
		}
	}
	input, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, useKit(t, "python").path("bin", "python"), "clients/ship.py", "http://"+h.front.addr+"/"+to+"/app", way)
		cmd.Env, cmd.Stdin = environment(), bytes.NewReader(input)
		return cmd
	})
	var said struct{ Sent int }
	if err := json.Unmarshal([]byte(out), &said); err != nil || said.Sent == 0 {
		t.Errorf("the program says %q (%v)", out, err)
	}
}

func succeeded(t *testing.T, x exchange) {
	t.Helper()
	if status := strings.Fields(x.response.start)[1]; status != "200" {
		t.Errorf("%s: status %s", x.request.start, status)
	}
}

// logsInStore holds the records in the store to what was sent.
func (h *hop) logsInStore(t *testing.T) {
	t.Helper()
	records, found := h.records(t), tally{}
	for _, x := range h.front.take(t) {
		succeeded(t, x)
		h.ps.absent(t, "answer", []byte(x.response.head+string(x.response.body)))
		sent := string(x.request.text(t))
		switch kind := x.request.field("Content-Type"); kind {
		case "application/x-www-form-urlencoded":
			if len(records) == 0 {
				t.Fatal("a record is missing")
			}
			found.add(h.formRecord(t, sent, records[0]))
			records = records[1:]
		case "application/x-ndjson":
			for line := range strings.Lines(sent) {
				if len(records) == 0 {
					t.Fatal("a record is missing")
				}
				found.add(h.ps.compare(t, "record", []byte(strings.TrimSuffix(line, "\n")), records[0].Record))
				records = records[1:]
			}
		case "text/plain; charset=utf-8":
			// A secret of several lines becomes one, so that there are fewer
			// records than lines sent.
			var lines []string
			for len(records) > 0 && records[0].Record[0] == '"' {
				var line string
				if err := json.Unmarshal(records[0].Record, &line); err != nil {
					t.Fatal(err)
				}
				lines, records = append(lines, line), records[1:]
			}
			found.add(h.ps.compare(t, "text", []byte(sent), []byte(strings.Join(lines, "\n")+"\n")))
		default:
			t.Errorf("content type %q", kind)
		}
	}
	if len(records) > 0 {
		t.Errorf("%d records are in the store that were not sent", len(records))
	}
	if len(found) == 0 {
		t.Error("nothing was found")
	}
	h.seen.add(found)
}

// formRecord compares the fields of a form with those of its record.
func (h *hop) formRecord(t *testing.T, sent string, r record) tally {
	t.Helper()
	form, err := url.ParseQuery(sent)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]string
	if err := json.Unmarshal(r.Record, &fields); err != nil {
		t.Fatal(err)
	}
	found := tally{}
	if len(fields) != len(form) {
		t.Errorf("%d fields became %d", len(form), len(fields))
	}
	for name, values := range form {
		found.add(h.ps.compare(t, "field "+name, []byte(values[0]), []byte(fields[name])))
	}
	return found
}
