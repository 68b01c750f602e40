package worker_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/worker"
)

const variable = "BENCH_WORKER_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(variable) == "" {
		os.Exit(m.Run())
	}
	cs := []measure.Contender{
		{Name: "small", Bytes: 1, Run: func() { time.Sleep(time.Microsecond) }},
		{Name: "large", Bytes: 1e12, Run: func() { time.Sleep(time.Microsecond) }},
	}
	if os.Getenv(variable) == "broken" {
		fmt.Println("no JSON")
	}
	if err := worker.Serve(os.Stdin, os.Stdout, "test", "a note", cs); err != nil {
		os.Exit(1)
	}
}

func command(t *testing.T, how string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), variable+"="+how)
	return cmd
}

func TestContendersOfAWorkerAreMeasured(t *testing.T) {
	p, err := worker.Start(t.Context(), command(t, "good"))
	if err != nil {
		t.Fatal(err)
	}
	if p.About != "test" || p.Note != "a note" {
		t.Errorf("the worker is %q, %q", p.About, p.Note)
	}
	small, ok := p.Contender("small", "theirs, small")
	large, ok2 := p.Contender("large", "theirs, large")
	if _, other := p.Contender("other", "x"); !ok || !ok2 || other {
		t.Fatalf("contenders: %v %v %v", ok, ok2, other)
	}
	if small.Name != "theirs, small" || small.Bytes != 1 {
		t.Errorf("got %+v", small)
	}
	speeds := measure.Alternate([]measure.Contender{small, large}, 2, time.Millisecond)
	for round := range 2 {
		if s, l := speeds[0][round], speeds[1][round]; s <= 0 || l <= s {
			t.Errorf("round %d: small %v, large %v bytes per second", round, s, l)
		}
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if large.Elsewhere(time.Millisecond) != 0 || p.Err() == nil {
		t.Error("a worker that has ended has a speed")
	}
}

func TestNoWorker(t *testing.T) {
	if _, err := worker.Start(t.Context(), command(t, "broken")); err == nil {
		t.Error("a program that says something else is taken for a worker")
	}
}
