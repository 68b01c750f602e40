package main

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

// env is what a command line has around it. Tests put their own in its place.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	lookup         func(name string) (string, bool) // environment variables
	// systemConfig is the configuration file that commands find by themselves.
	systemConfig string
	// isTerminal says whether a stream is one that a person looks at.
	isTerminal func(stream any) bool
	// progressFrom is the size, in bytes of all files, from which progress is
	// shown.
	progressFrom int64
	// signals begins to deliver the signals that steer serve; stop ends it.
	signals func() (c <-chan os.Signal, stop func())
	// now is the clock, for what expires.
	now func() time.Time
	// harden keeps the memory of the process out of core dumps.
	harden func() error

	// ran is set once the command line was understood.
	ran bool
}

func systemEnv() *env {
	return &env{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		lookup:       os.LookupEnv,
		systemConfig: "/etc/redactd/config.toml",
		isTerminal: func(stream any) bool {
			f, ok := stream.(*os.File)
			return ok && term.IsTerminal(int(f.Fd()))
		},
		progressFrom: 8 << 20,
		signals: func() (<-chan os.Signal, func()) {
			c := make(chan os.Signal, 4)
			signal.Notify(c, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
			return c, func() { signal.Stop(c) }
		},
		now:    time.Now,
		harden: noCoreDumps,
	}
}
