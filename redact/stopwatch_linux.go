package redact

import (
	"runtime"
	"syscall"
	"time"
)

// rusageThread asks for what the calling thread used, see getrusage(2).
const rusageThread = 1

// stopwatch measures how long a goroutine works: on Linux by the time of its thread,
// which it keeps until stop. What others do meanwhile does not count.
type stopwatch struct{ start time.Duration }

func startStopwatch() stopwatch {
	runtime.LockOSThread()
	return stopwatch{threadTime()}
}

func (w stopwatch) elapsed() time.Duration { return threadTime() - w.start }

func (w stopwatch) stop() { runtime.UnlockOSThread() }

func threadTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(rusageThread, &u) // fails for no address and flag that are valid
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
