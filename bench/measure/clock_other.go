//go:build !linux

package measure

import "time"

// Clock says what Alternate measures by.
const Clock = "wall time"

var epoch = time.Now()

func now() time.Duration { return time.Since(epoch) }
