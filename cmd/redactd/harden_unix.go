//go:build unix && !linux

package main

import "golang.org/x/sys/unix"

// noCoreDumps keeps the memory of the process, which holds secrets, out of core
// files.
func noCoreDumps() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
