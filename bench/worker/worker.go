// Package worker runs contenders in processes of their own, in turns with those of
// this process: the same program under another kernel, or one that is linked with
// a library.
//
// A worker says in a line of JSON what it has, and then answers each line, which
// names a contender and a time, with a line that holds its speed.
package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/redactd/redactd/bench/measure"
)

// Hello is what a worker says first.
type Hello struct {
	// About says what the worker is, Note what there is to know of it.
	About, Note string
	Names       []string
	Bytes       []int // by contender, see measure.Contender
}

type request struct {
	Contender int
	Slice     time.Duration
}

type answer struct{ Speed float64 }

// Serve introduces the contenders on w and runs those asked for on r, until r
// ends. It is what a worker's main does.
func Serve(r io.Reader, w io.Writer, about, note string, cs []measure.Contender) error {
	hello := Hello{About: about, Note: note}
	for i := range cs {
		hello.Names, hello.Bytes = append(hello.Names, cs[i].Name), append(hello.Bytes, cs[i].Bytes)
		cs[i].Run() // which does not count, see measure.Alternate
	}
	out, in := json.NewEncoder(w), json.NewDecoder(r)
	if err := out.Encode(hello); err != nil {
		return err
	}
	for {
		var q request
		if err := in.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if q.Contender < 0 || q.Contender >= len(cs) {
			return fmt.Errorf("contender %d of %d", q.Contender, len(cs))
		}
		if err := out.Encode(answer{measure.Speed(&cs[q.Contender], q.Slice)}); err != nil {
			return err
		}
	}
}

// Process is a worker as seen from outside. It is for one user at a time.
type Process struct {
	Hello
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
	err error
}

// Start starts a program that calls Serve, on one processor, and waits for what
// it says first. What it writes to its standard error goes to ours.
func Start(ctx context.Context, cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := p.receive(&p.Hello); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (p *Process) receive(v any) error {
	if !p.out.Scan() {
		return errors.Join(fmt.Errorf("%s: the worker ended", p.cmd.Path), p.out.Err())
	}
	return json.Unmarshal(p.out.Bytes(), v)
}

// Contender returns a contender of the worker under another name; ok says whether
// there is one of the name given. After an error its speeds are 0, see Err.
func (p *Process) Contender(name, as string) (c measure.Contender, ok bool) {
	for i := range p.Names {
		if p.Names[i] == name {
			return measure.Contender{Name: as, Bytes: p.Bytes[i], Run: func() {},
				Elsewhere: func(slice time.Duration) float64 { return p.speed(i, slice) }}, true
		}
	}
	return c, false
}

func (p *Process) speed(i int, slice time.Duration) float64 {
	if p.err != nil {
		return 0
	}
	var a answer
	if p.err = json.NewEncoder(p.in).Encode(request{i, slice}); p.err == nil {
		p.err = p.receive(&a)
	}
	return a.Speed
}

// Err returns the first error in talking to the worker.
func (p *Process) Err() error { return p.err }

// Stop ends the worker by ending its input, and waits for it.
func (p *Process) Stop() error { return errors.Join(p.in.Close(), p.cmd.Wait()) }
