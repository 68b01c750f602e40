//go:build !unix

package main

// noCoreDumps does nothing: this system writes no core files by itself.
func noCoreDumps() error { return nil }
