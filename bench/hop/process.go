package hop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redactd/redactd/bench/measure"
)

// Process is a server in a process of its own, with the processes it starts.
type Process struct {
	Name, Addr string
	cmd        *exec.Cmd
	out        bytes.Buffer
	done       chan error
}

// FreeAddr returns an address of the loopback interface that nobody listens at.
func FreeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// startTime is how long a server may take to listen, stopTime to end.
const (
	startTime = 30 * time.Second
	stopTime  = 10 * time.Second
)

// Start runs a program with GOMAXPROCS=1 and waits until it listens at addr.
func Start(ctx context.Context, name, addr, program string, args ...string) (*Process, error) {
	p := &Process{Name: name, Addr: addr, cmd: exec.Command(program, args...), done: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		if conn, err := net.Dial("tcp", addr); err == nil {
			return p, conn.Close()
		}
		select {
		case err := <-p.done:
			return nil, fmt.Errorf("%s ended at its start: %v\n%s", name, err, p.out.String())
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("%s does not listen: %w", name, ctx.Err()), p.Stop())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the process, by force where it does not end by itself.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return nil // it has ended
	}
	select {
	case <-p.done:
	case <-time.After(stopTime):
		if err := p.cmd.Process.Kill(); err != nil {
			return err
		}
		<-p.done
	}
	return nil
}

// pids returns the process and its children.
func (p *Process) pids() []int {
	pids := []int{p.cmd.Process.Pid}
	for i := 0; i < len(pids); i++ {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pids[i], pids[i]))
		if err != nil {
			continue
		}
		for child := range strings.FieldsSeq(string(data)) {
			if pid, err := strconv.Atoi(child); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// ProcessorTime returns the processor time that p has used; 0 where that can't be
// had.
func (p *Process) ProcessorTime() (sum time.Duration) {
	for _, pid := range p.pids() {
		sum += measure.Process(pid)
	}
	return sum
}

// PeakMemory returns the most resident memory that p had, in bytes; 0 where
// there is no /proc.
func (p *Process) PeakMemory() (sum int64) {
	for _, pid := range p.pids() {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
				n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 10, 64)
				sum += n << 10
			}
		}
	}
	return sum
}
