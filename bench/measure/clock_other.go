//go:build !linux

package measure

import "time"

// Clock says what Alternate measures by.
const Clock = "wall time"

var epoch = time.Now()

// Now returns the time since the program began.
func Now() time.Duration { return time.Since(epoch) }

// Process returns 0: such times can't be had here.
func Process(int) time.Duration { return 0 }
