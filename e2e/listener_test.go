//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSyslog lets rsyslog and syslog-ng send the lines of a file to VictoriaLogs twice,
// past redactd and through its listener, and holds what that then returns to what it
// returned before.
func TestSyslog(t *testing.T) {
	for _, c := range []struct {
		name, framing string
		daemon        func(t *testing.T, file, addr, framing string) *process
	}{
		{"rsyslog octet counting", "octet-counted", startRsyslog},
		{"rsyslog line feeds", "traditional", startRsyslog},
		{"syslog-ng", "", startSyslogNG},
	} {
		t.Run(c.name, func(t *testing.T) {
			ps := slices.DeleteFunc(logPlants(), func(p planted) bool { return strings.Contains(p.value, "\n") })
			file := writeDocuments(t, append(slices.Clone(ps), privateKeyLine("pem")))
			direct, behind := startVictoriaLogs(t), startVictoriaLogs(t)
			r := startRedactd(t, listenerConfig("syslog", "tcp://"+behind.syslog))
			h := &hop{redactd: r, ps: ps, seen: tally{}}
			var stored [][]string
			for _, to := range []struct {
				addr string
				b    *backend
			}{{direct.syslog, direct}, {r.listening(t, "here"), behind}} {
				p := c.daemon(t, file, to.addr, c.framing)
				p.await(t, c.name, func() bool { return len(to.b.take(t)) >= documents })
				stored = append(stored, withoutTimes(t, to.b.take(t)))
				p.stop(10 * time.Second)
			}
			h.sameRecords(t, stored[0], stored[1], documents)
			h.finish(t, ps, h.seen)
		})
	}
}

// privateKeyLine stands where a document has a secret of several lines, which syslog does
// not carry: text on one line, in which nothing is to be found.
func privateKeyLine(name string) planted { return planted{name: name, value: "of one line"} }

// withoutTimes returns records in the order of their numbers, without the times that a
// daemon gave them and the stream that the backend puts them into.
func withoutTimes(t *testing.T, records []string) []string {
	t.Helper()
	var list []string
	for _, text := range records {
		var r map[string]any
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"_time", "_stream", "timestamp"} {
			delete(r, name)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(b))
	}
	slices.SortFunc(list, func(a, b string) int {
		return strings.Compare(documentNumber.FindString(a), documentNumber.FindString(b))
	})
	return list
}

// startRsyslog starts an rsyslogd that sends the lines of a file over TCP.
func startRsyslog(t *testing.T, file, addr, framing string) *process {
	t.Helper()
	return startRsyslogWith(t, file, fmt.Sprintf(`action(type="omfwd" target="127.0.0.1" port=%q protocol="tcp" TCP_Framing=%q
	template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1")`, port(addr), framing))
}

// startRsyslogWith starts an rsyslogd that does an action with the lines of a file.
func startRsyslogWith(t *testing.T, file, action string) *process {
	t.Helper()
	k, dir := useKit(t, "syslog"), t.TempDir()
	config := filepath.Join(dir, "rsyslog.conf")
	writeFile(t, config, fmt.Sprintf(`global(workDirectory=%q maxMessageSize="64k" localHostname="web-1")
module(load="imfile" mode="polling" pollingInterval="1")
module(load="omelasticsearch")
template(name="document" type="string" string="%%msg%%")
input(type="imfile" file=%q tag="shop" ruleset="all" freshStartTail="off")
ruleset(name="all") {
	%s
}
`, dir, file, action))
	cmd := exec.CommandContext(context.Background(), k.path("usr", "sbin", "rsyslogd"), "-n", "-f", config,
		"-i", filepath.Join(dir, "pid"), "-M", k.path("usr", "lib", "x86_64-linux-gnu", "rsyslog"))
	cmd.Env = environment("LD_LIBRARY_PATH=" + libraries(k))
	return start(t, cmd)
}

// startSyslogNG starts a syslog-ng that sends the lines of a file over TCP, with their
// lengths (RFC 5425).
func startSyslogNG(t *testing.T, file, addr, _ string) *process {
	t.Helper()
	return startSyslogNGWith(t, file, fmt.Sprintf(`syslog("127.0.0.1" port(%s) transport("tcp"));`, port(addr)))
}

// startSyslogNGWith starts a syslog-ng that sends the lines of a file to a destination.
func startSyslogNGWith(t *testing.T, file, destination string) *process {
	t.Helper()
	k, dir := useKit(t, "syslog"), t.TempDir()
	config := filepath.Join(dir, "syslog-ng.conf")
	writeFile(t, config, fmt.Sprintf(`@version: 3.38
options { keep-hostname(yes); stats-freq(0); log-msg-size(65536); };
source lines { file(%q flags(no-parse) program-override("shop") host-override("web-1") follow-freq(1)); };
destination there { %s };
log { source(lines); destination(there); };
`, file, destination))
	cmd := exec.CommandContext(context.Background(), k.path("usr", "sbin", "syslog-ng"), "--foreground", "--no-caps",
		"--cfgfile="+config, "--persist-file="+filepath.Join(dir, "persist"), "--pidfile="+filepath.Join(dir, "pid"),
		"--control="+filepath.Join(dir, "ctl"), "--module-path="+k.path("usr", "lib", "syslog-ng", "3.38"))
	cmd.Env = environment("LD_LIBRARY_PATH=" + libraries(k))
	return start(t, cmd)
}

// libraries is where the programs of kits/syslog have their libraries.
func libraries(k kit) string {
	return strings.Join([]string{
		k.path("usr", "lib", "x86_64-linux-gnu"), k.path("lib", "x86_64-linux-gnu"), k.path("usr", "lib", "syslog-ng"),
	}, ":")
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// storeClients send the documents of a file to the store, each in the protocol of its own
// backend. record is what a record of the store holds of a document.
var storeClients = []struct {
	name, script string
	protocol     string // of a listener, none for HTTP
	document     func(t *testing.T, line string) string
	record       func(t *testing.T, r record) string
}{
	{"fluent-logger", "forward_client.py", "forward", sortedJSON, func(t *testing.T, r record) string {
		if r.Tag != "shop.worker" {
			t.Errorf("the tag is %q", r.Tag)
		}
		return sortedJSON(t, string(r.Record))
	}},
	{"graypy", "gelf_client.py", "gelf", func(t *testing.T, line string) string {
		var doc map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatal(err)
		}
		message := "no message"
		if text, ok := doc["message"]; ok {
			message = unquoted(t, text)
			delete(doc, "message")
		}
		rest, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return message + sortedJSON(t, string(rest))
	}, func(t *testing.T, r record) string {
		var event struct {
			Short    string `json:"short_message"`
			Full     string `json:"full_message"`
			Document string `json:"_document"`
		}
		if err := json.Unmarshal(r.Record, &event); err != nil {
			t.Fatal(err)
		}
		if event.Full != "" {
			event.Short = event.Full
		}
		return event.Short + sortedJSON(t, event.Document)
	}},
	{"datadog-api-client", "datadog_client.py", "", func(_ *testing.T, line string) string { return line }, func(t *testing.T, r record) string {
		var event struct{ Message json.RawMessage }
		if err := json.Unmarshal(r.Record, &event); err != nil {
			t.Fatal(err)
		}
		return unquoted(t, event.Message)
	}},
}

func unquoted(t *testing.T, text []byte) string {
	t.Helper()
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return s
}

// TestStoreClients lets clients of several backends send documents to the store, over
// HTTP and to listeners.
func TestStoreClients(t *testing.T) {
	for _, c := range storeClients {
		t.Run(c.name, func(t *testing.T) {
			ps := logPlants()
			file := writeDocuments(t, ps)
			h, target := &hop{ps: ps, seen: tally{}}, ""
			if c.protocol == "" {
				h = logHop(t, ps)
				target = "http://" + h.addr + "/store"
			} else {
				h.redactd = startRedactd(t, listenerConfig(c.protocol, "store"))
				target = h.listening(t, "here")
			}
			out := run(t, func(ctx context.Context) *exec.Cmd {
				cmd := exec.CommandContext(ctx, useKit(t, "python").path("bin", "python"), "clients/"+c.script, target, file)
				cmd.Env, cmd.Stdin = environment(), strings.NewReader(ps.value("own password")+"\n")
				return cmd
			})
			if want := fmt.Sprintf(`{"sent":%d}`, documents); sortedJSON(t, out) != want {
				t.Errorf("the client says %s, want %s", out, want)
			}
			h.documentsInStore(t, file, c.document, c.record)
			h.finish(t, ps, h.seen)
		})
	}
}

// documentsInStore holds the records in the store to the documents of a file.
func (h *hop) documentsInStore(t *testing.T, file string, document func(*testing.T, string) string, text func(*testing.T, record) string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for len(h.records(t)) < documents && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	sent, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	records := h.records(t)
	if len(records) != documents {
		t.Fatalf("%d records in the store, want %d", len(records), documents)
	}
	found := tally{}
	for i, line := range slices.Collect(strings.Lines(string(sent))) {
		want := document(t, strings.TrimSuffix(line, "\n"))
		found.add(h.ps.compare(t, fmt.Sprintf("record %d", i), []byte(want), []byte(text(t, records[i]))))
	}
	if len(found) == 0 {
		t.Error("nothing was found")
	}
	h.seen.add(found)
}
