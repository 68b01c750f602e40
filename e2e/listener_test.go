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

// TestForward lets a client of Fluentd's forward protocol send documents to the store.
func TestForward(t *testing.T) {
	ps := logPlants()
	file := writeDocuments(t, ps)
	r := startRedactd(t, listenerConfig("forward", "store"))
	h := &hop{redactd: r, ps: ps, seen: tally{}}
	out := run(t, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, useKit(t, "python").path("bin", "python"), "clients/forward_client.py", r.listening(t, "here"), file)
		cmd.Env = environment()
		return cmd
	})
	if want := fmt.Sprintf(`{"sent":%d}`, documents); sortedJSON(t, out) != want {
		t.Errorf("the client says %s, want %s", out, want)
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(h.records(t)) < documents && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	sent, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Collect(strings.Lines(string(sent)))
	records := h.records(t)
	if len(records) != len(want) {
		t.Fatalf("%d records in the store, want %d", len(records), len(want))
	}
	found := tally{}
	for i, rec := range records {
		if rec.Tag != "shop.worker" {
			t.Errorf("record %d has the tag %q", i, rec.Tag)
		}
		found.add(ps.compare(t, fmt.Sprintf("record %d", i), []byte(sortedJSON(t, want[i])), []byte(sortedJSON(t, string(rec.Record)))))
	}
	if len(found) == 0 {
		t.Error("nothing was found")
	}
	h.seen.add(found)
	h.finish(t, ps, h.seen)
}
