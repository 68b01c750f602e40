package adminui

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/redactd/redactd/internal/gate"
)

const (
	// eventStep is the time between two events while somebody listens.
	eventStep = 5 * time.Second
	// maxListeners bounds how many streams of events there are.
	maxListeners = 64
	// padding is how many bytes of nothing a stream begins with: proxies that gather what
	// they pass on let the first events through then.
	padding = 4 << 10
	// stalled is how long a listener may take to take an event.
	stalled = 10 * time.Second
)

// event is what a page is told of how things are now.
type event struct {
	At    time.Time `json:"at"`
	Tiles []Tile    `json:"tiles"`
	// Points are the newest of the live plots, one for each of their series.
	Points map[string][]*Value `json:"points,omitempty"`
}

// stream gives each event to all who listen. It is safe for concurrent use.
type stream struct {
	mu        sync.Mutex
	listeners map[chan []byte]bool
	closed    bool
}

// listen returns a channel that gets events, nil where there are too many listeners or it
// is over. The channel is closed in the end; leave takes it back.
func (s *stream) listen() chan []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.listeners) >= maxListeners {
		return nil
	}
	if s.listeners == nil {
		s.listeners = map[chan []byte]bool{}
	}
	ch := make(chan []byte, 2)
	s.listeners[ch] = true
	return ch
}

func (s *stream) leave(ch chan []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, ch)
}

// busy reports whether anybody listens.
func (s *stream) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.listeners) > 0
}

// tell gives an event to all. Who has not taken the last two misses it.
func (s *stream) tell(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ch := range s.listeners {
		select {
		case ch <- data:
		default:
		}
	}
}

// close ends all streams, now and later.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for ch := range s.listeners {
		close(ch)
		delete(s.listeners, ch)
	}
}

// Run keeps the figures of the last hours and tells pages of them until ctx ends; then no
// stream of events is left open. It is called once.
func (c *Console) Run(ctx context.Context) {
	defer c.events.close()
	c.ring.add(c.s.read(time.Now()))
	tick := time.NewTicker(eventStep)
	defer tick.Stop()
	for kept := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			keep := now.Sub(kept) >= ringStep-eventStep/2
			if !keep && !c.events.busy() {
				continue
			}
			f := c.s.read(now)
			if c.events.busy() {
				c.events.tell(c.event(f))
			}
			if keep {
				c.ring.add(f)
				kept = now
			}
		}
	}
}

// event writes how things are.
func (c *Console) event(now *figures) []byte {
	e := event{At: now.at, Tiles: c.tiles(now)}
	if before := c.ring.ago(now.at, ringStep); before != nil && now.at.After(before.at) {
		e.Points = map[string][]*Value{}
		for _, l := range livePlots {
			for _, line := range l.lines {
				e.Points[l.id] = append(e.Points[l.id], known(line.of(before, now)))
			}
		}
	}
	data, err := json.Marshal(e)
	if err != nil {
		return []byte("{}") // there is nothing in it that can't be written
	}
	return data
}

// serveEvents streams events. With "once" it answers with one and ends, for browsers
// behind what lets no stream through.
func (c *Console) serveEvents(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("once") {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(c.event(c.s.read(time.Now())))
		return
	}
	ctx, cancel := c.gate.Ends(r)
	defer cancel()
	ch := c.events.listen()
	if ch == nil {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "There are too many streams of events.", http.StatusServiceUnavailable)
		return
	}
	defer c.events.leave(ch)
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store, no-transform")
	head.Set("X-Accel-Buffering", "no") // nginx and others that know it
	control := http.NewResponseController(w)
	// The server's own limit for reading a request would end the stream.
	_ = control.SetReadDeadline(time.Time{})
	send := func(format string, args ...any) bool {
		_ = control.SetWriteDeadline(time.Now().Add(stalled))
		if _, err := fmt.Fprintf(w, format, args...); err != nil {
			return false
		}
		return control.Flush() == nil
	}
	if !send(":%*s\nretry: 5000\ndata: %s\n\n", padding, "", c.event(c.s.read(time.Now()))) {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case data, more := <-ch:
			if !more || !c.gate.Still(r, gate.View) || !send("data: %s\n\n", data) {
				return
			}
		}
	}
}
