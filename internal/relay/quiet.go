package relay

import (
	"log/slog"
	"sync"
	"time"
)

// quietTime is how often at most the same is said.
const quietTime = time.Second

// Quiet says of what senders can make happen as often as they like that it happened:
// at once, and then once a second with the number of times. The zero value is ready. It
// is safe for concurrent use.
type Quiet struct {
	mu   sync.Mutex
	said map[string]*told
}

// told is what was said under a key.
type told struct {
	at   time.Time
	left int // times since then
}

// Warn logs msg with "times" n and args, or counts n towards the next time. key tells
// what is the same; there are few of them.
func (q *Quiet) Warn(log *slog.Logger, n int, key, msg string, args ...any) {
	if n = q.due(key, n, time.Now()); n > 0 {
		log.Warn(msg, append([]any{"times", n}, args...)...)
	}
}

// due returns how many messages are to be told of now, 0 for none.
func (q *Quiet) due(key string, n int, now time.Time) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.said[key]
	if t == nil {
		t = &told{}
		if q.said == nil {
			q.said = map[string]*told{}
		}
		q.said[key] = t
	}
	t.left += n
	if now.Sub(t.at) < quietTime {
		return 0
	}
	n, t.left, t.at = t.left, 0, now
	return n
}
