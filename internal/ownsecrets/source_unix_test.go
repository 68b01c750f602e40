//go:build unix

package ownsecrets

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Nobody may ever write to a pipe.
func TestPipeIsNoFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	s := store(t, dir, "[secret.f]\nfile = '"+pipe+"'\n", nil, nil)
	if err := s.Load(context.Background(), false); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("%v", err)
	}
}

// What a command leaves behind may hold its output open for ever.
func TestCommandLeavesAnotherBehind(t *testing.T) {
	dir := t.TempDir()
	pid := filepath.Join(dir, "pid")
	s := store(t, dir, "[secret.c]\ncommand = ['sh', '-c', 'sleep 600 & echo $! > "+pid+"; echo "+secret("c")+"']\ntimeout = '1s'\n", nil, nil)
	err := s.Load(context.Background(), false)
	text, readErr := os.ReadFile(pid)
	if readErr != nil {
		t.Fatal(readErr)
	}
	number, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	if kill := syscall.Kill(number, syscall.SIGKILL); kill != nil {
		t.Errorf("the other has ended: %v", kill)
	}
	if err == nil || !strings.Contains(err.Error(), "longer than its timeout") {
		t.Errorf("%v", err)
	}
}
