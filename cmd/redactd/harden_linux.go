package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// noCoreDumps keeps the memory of the process, which holds secrets, out of core
// files and away from debuggers of the same user (prctl(2), PR_SET_DUMPABLE).
func noCoreDumps() error {
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0),
	)
}
