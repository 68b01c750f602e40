//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program returns the path that an environment variable of ./e2e/run names.
func program(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("$%s is not set: start the suite with ./e2e/run", variable)
	}
	return path
}

// environment is what every program is started with: nothing of the caller's
// that could be taken for a finding or change an outcome.
func environment(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "LANG=C.UTF-8", "TZ=UTC",
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1",
	}, more...)
}

// process is a program that runs until it is stopped, in a process group of
// its own.
type process struct {
	cmd    *exec.Cmd
	output syncBuffer // standard output and error
	exited chan struct{}
	err    error // of Wait, once exited is closed
}

// start starts a program and stops it, with all that it started, at the end of
// the test.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	forget := note(t, cmd.Process.Pid)
	go func() {
		p.err = cmd.Wait()
		forget()
		close(p.exited)
	}()
	t.Cleanup(func() { p.stop(10 * time.Second) })
	return p
}

// note tells ./e2e/run of a process group, until forget is called, so that it can
// be stopped should this program end before it can.
func note(t *testing.T, group int) (forget func()) {
	t.Helper()
	file := filepath.Join(program(t, "E2E_RUNNING"), strconv.Itoa(group))
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Error(err)
	}
	return func() { _ = os.Remove(file) }
}

// stop asks the process group to end, and after some time makes it.
func (p *process) stop(patience time.Duration) error {
	group := -p.cmd.Process.Pid
	select {
	case <-p.exited:
		return p.err
	default:
	}
	_ = syscall.Kill(group, syscall.SIGTERM)
	select {
	case <-p.exited:
		return p.err
	case <-time.After(patience):
		_ = syscall.Kill(group, syscall.SIGKILL)
		<-p.exited
		return fmt.Errorf("did not end within %v of SIGTERM", patience)
	}
}

// await waits until ready returns true, the process has exited or a minute has
// passed.
func (p *process) await(t *testing.T, what string, ready func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ready() {
		select {
		case <-p.exited:
			t.Fatalf("%s exited: %v\n%s", what, p.err, p.output.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not ready\n%s", what, p.output.String())
		}
	}
}

// run runs a program to its end and returns its standard output.
func run(t *testing.T, cmd func(context.Context) *exec.Cmd) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := cmd(ctx) // may install a kit, in its own time
	defer time.AfterFunc(2*time.Minute, cancel).Stop()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	err := c.Start()
	if err == nil {
		defer note(t, c.Process.Pid)()
		err = c.Wait()
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(c.Args, " "), err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// answers reports whether an HTTP server at addr answers at all.
func answers(addr string) bool {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + addr + "/")
	if err != nil {
		return false
	}
	return res.Body.Close() == nil
}

// freeAddress returns an address of the loopback interface at which nothing
// listens, for programs that can't choose one and tell.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// syncBuffer is a buffer that a process writes while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// exitCode returns the exit code that an error of Wait stands for.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}
