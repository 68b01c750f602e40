package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redactd/redactd/internal/codec"
)

// TestMain lets scripts run this very program as "redactd".
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"redactd": func() {
			e := systemEnv()
			e.systemConfig = "system.toml" // not that of the machine
			os.Exit(run(e, os.Args[1:]))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               plant,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    cmdExits,
			"fill":     cmdFill,
			"pack":     cmdPack,
			"unpack":   cmdUnpack,
			"grow":     cmdGrow,
			"noleak":   cmdNoLeak,
			"errorlog": cmdErrorLog,
			"groupid":  cmdGroupID,
			"freeport": cmdFreePort,
			"upstream": cmdUpstream,
			"http":     cmdHTTP,
			"edit":     cmdEdit,
			"serve":    cmdServe,
			"signal":   cmdSignal,
			"ended":    cmdEnded,
			"logged":   cmdLogged,
			"recorded": cmdRecorded,
		},
	})
}

// secretNames are the environment variables that hold what must never be seen.
var secretNames = []string{"TOKEN", "TOKEN2", "PASS"}

// plant makes secrets up, so that none stands in the repository.
func plant(env *testscript.Env) error {
	random := func(n int) string {
		const alnum = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
		b := make([]byte, n)
		for i := range b {
			b[i] = alnum[rand.IntN(len(alnum))]
		}
		return string(b)
	}
	env.Setenv("TOKEN", "ghp_"+random(36))
	env.Setenv("TOKEN2", "ghp_"+random(36))
	env.Setenv("PASS", random(20))
	env.Setenv("KEY", random(40))
	return nil
}

// exits CODE COMMAND ARG... runs a program that ends with that code.
func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		ts.Fatalf("no exit code but %v", err)
	}
	if got := strconv.Itoa(exit.ExitCode()); got != args[0] {
		ts.Fatalf("exit code %s", got)
	}
}

// fill FILE... puts environment variables in for @NAME@ in files.
func cmdFill(ts *testscript.TestScript, _ bool, args []string) {
	for _, file := range args {
		text := ts.ReadFile(file)
		for _, name := range append(secretNames, "KEY", "WORK", "UPSTREAM", "PORT", "PORT2") {
			text = strings.ReplaceAll(text, "@"+name+"@", ts.Getenv(name))
		}
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o600))
	}
}

// pack CODING FROM TO compresses a file.
func cmdPack(ts *testscript.TestScript, _ bool, args []string) {
	out, err := codec.Encode(nil, []byte(ts.ReadFile(args[1])), args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), out, 0o600))
}

// unpack CODING FROM TO undoes it; FROM may be stdout.
func cmdUnpack(ts *testscript.TestScript, _ bool, args []string) {
	out, err := codec.Decode(nil, []byte(ts.ReadFile(args[1])), args[0], 1<<20)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), out, 0o600))
}

// grow FILE SIZE makes the last line of a file longer, up to SIZE bytes in all.
func cmdGrow(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := strings.TrimSuffix(ts.ReadFile(args[0]), "\n")
	text += strings.Repeat("x", size-len(text)-1) + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// noleak [FILE|DIR...] says that no planted secret is in the last output, nor
// anywhere in files.
func cmdNoLeak(ts *testscript.TestScript, _ bool, args []string) {
	texts := map[string]string{"stdout": ts.ReadFile("stdout"), "stderr": ts.ReadFile("stderr")}
	for _, arg := range args {
		ts.Check(filepath.WalkDir(ts.MkAbs(arg), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				var text []byte
				text, err = os.ReadFile(path)
				texts[path] = string(text)
			}
			return err
		}))
	}
	for where, text := range texts {
		for _, name := range secretNames {
			if strings.Contains(text, ts.Getenv(name)) {
				ts.Fatalf("%s is in %s", name, where)
			}
		}
	}
}

// freeport NAME... sets variables to ports that nothing listens at.
func cmdFreePort(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		defer ln.Close()
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		ts.Setenv(name, port)
	}
}

// edit DIR changes a byte in the middle of the first file of DIR.
func cmdEdit(ts *testscript.TestScript, _ bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs(args[0]) + "/*.ndjson")
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("no file in %s", args[0])
	}
	text, err := os.ReadFile(files[0])
	ts.Check(err)
	i := bytes.Index(text, []byte(`"length":`)) + len(`"length":`)
	text[i] ^= 1 // another digit
	ts.Check(os.WriteFile(files[0], text, 0o600))
}

// upstream FILE starts an API, at $UPSTREAM, that answers with what is in FILE:
// status 500 below /fail, else 200. "wait" in a query holds the answer back
// until the file named go is there. The command "inflight" begins such a request
// and returns when it has arrived; "landed STATUS" waits for its end.
func cmdUpstream(ts *testscript.TestScript, _ bool, args []string) {
	body := ts.ReadFile(args[0])
	arrived := make(chan struct{}, 8)
	ts.SetCmd("inflight", func(ts *testscript.TestScript, _ bool, _ []string) {
		flight := make(chan string, 1)
		go func() {
			res, err := http.Get("http://" + ts.Getenv("API") + "/fine?wait")
			if err != nil {
				flight <- err.Error()
				return
			}
			_, err = io.Copy(io.Discard, res.Body)
			flight <- fmt.Sprint(res.StatusCode, errors.Join(err, res.Body.Close()))
		}()
		<-arrived
		ts.SetCmd("landed", func(ts *testscript.TestScript, _ bool, args []string) {
			if got := <-flight; got != args[0]+" <nil>" {
				ts.Fatalf("got %s", got)
			}
		})
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("wait") {
			arrived <- struct{}{}
			waitFor(func() bool { _, err := os.Stat(ts.MkAbs("go")); return err == nil })
		}
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(r.URL.Path, "/fail") {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = w.Write([]byte(body))
	}))
	ts.Defer(s.Close)
	ts.Setenv("UPSTREAM", s.URL)
}

// http METHOD URL [FILE [CONTENT-TYPE]] sends a request. The body is stdout, the
// status stderr.
func cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	body := []byte{}
	if len(args) > 2 {
		body = []byte(ts.ReadFile(args[2]))
	}
	req, err := http.NewRequest(args[0], args[1], bytes.NewReader(body))
	ts.Check(err)
	if len(args) > 3 {
		req.Header.Set("Content-Type", args[3])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if neg && err != nil {
		return
	}
	ts.Check(err)
	defer res.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(res.Body)
	ts.Check(err)
	_, _ = ts.Stdout().Write(text.Bytes())
	fmt.Fprintf(ts.Stderr(), "%d\n", res.StatusCode)
	if neg != (res.StatusCode >= 400) {
		ts.Fatalf("status %d", res.StatusCode)
	}
}
