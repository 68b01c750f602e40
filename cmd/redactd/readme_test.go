package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestREADME runs the README: the first set-up command, every console block in
// order, and the configuration it shows.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const serve, tests = "go run ./cmd/redactd serve --config config.toml", "go test ./..."
	if !strings.Contains(string(readme), "\n"+serve+"\n") || !strings.Contains(string(readme), "\n"+tests+"\n") {
		t.Fatalf("the set-up commands are not %q and %q", serve, tests)
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "bin", "redactd"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ports := strings.NewReplacer("127.0.0.1:8080", freeAddr(t), "127.0.0.1:9090", freeAddr(t))
	config, err := os.ReadFile("../../config.toml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(ports.Replace(string(config))), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	startServer(t, dir, env, ports.Replace("http://127.0.0.1:9090/-/ready"))
	runSteps(t, dir, env, ports, string(readme))
	for i, block := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		checkSnippet(t, dir, env, fmt.Sprintf("snippet%d.toml", i), block[1])
	}
}

// TestTuning runs the page on tuning in the same way, with the configuration that it
// begins with.
func TestTuning(t *testing.T) {
	page, err := os.ReadFile("../../docs/TUNING.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "bin", "redactd"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		t.Fatal("the page shows no configuration")
	}
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(blocks[0][1]), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	runSteps(t, dir, env, strings.NewReplacer(), string(page))
	for i, block := range blocks {
		checkSnippet(t, dir, env, fmt.Sprintf("snippet%d.toml", i), block[1])
	}
}

// runSteps runs the console blocks of a page in order and compares what they print.
func runSteps(t *testing.T, dir string, env []string, ports *strings.Replacer, page string) {
	t.Helper()
	for _, step := range consoleSteps(page) {
		cmd := exec.Command("bash", "-c", ports.Replace(step.command))
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", step.command, err)
		}
		if !outputFits(step.output, string(out)) {
			t.Errorf("$ %s\nprints\n%s\nthe page says\n%s", step.command, out, step.output)
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func startServer(t *testing.T, dir string, env []string, ready string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(dir, "bin", "redactd"), "serve", "--config", "config.toml")
	var log bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve ended with %v\n%s", err, log.String())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get(ready); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatalf("redactd is not ready\n%s", log.String())
}

type consoleStep struct{ command, output string }

func consoleSteps(text string) (steps []consoleStep) {
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for _, line := range strings.SplitAfter(block[1], "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, consoleStep{command: strings.TrimSuffix(command, "\n")})
			} else if len(steps) > 0 {
				steps[len(steps)-1].output += line
			}
		}
	}
	return steps
}

// outputFits compares; "…" in what is wanted stands for anything in a line.
func outputFits(want, got string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(want, "\n")), "…", "[^\n]*")
	return regexp.MustCompile(`\A` + pattern + `\n?\z`).MatchString(got)
}

// checkSnippet asks check about a piece of configuration; one without a route
// gets one.
func checkSnippet(t *testing.T, dir string, env []string, name, text string) {
	t.Helper()
	if !strings.Contains(text, "[route.") {
		text += "\n[route.x]\nupstream = \"store\"\nrequest = \"all\"\n"
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "--config", name}, {"rules", "test", name}} {
		cmd := exec.Command("redactd", args...)
		cmd.Path = filepath.Join(dir, "bin", "redactd")
		cmd.Dir, cmd.Env = dir, append(env, "REDACTD_TOKEN_KEY=0123456789abcdef0123456789abcdef")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("redactd %s: %v\n%s\n%s", strings.Join(args, " "), err, out, text)
		}
	}
}
