package audit

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Anchor keeps checkpoints outside of the trail, where whoever may write to the
// trail may not.
type Anchor interface {
	// Keep keeps a checkpoint. It may be called again with the same one. The
	// error holds no secret.
	Keep(ctx context.Context, a Anchored) error
}

// Anchored is a checkpoint to be kept.
type Anchored struct {
	Checkpoint
	Signed []byte // its whole text, with the signature; not to be changed
	// Prove returns the hashes that prove the tree of old records to be the
	// beginning of this one (RFC 6962, section 2.1.2).
	Prove func(old uint64) ([]tlog.Hash, error)
}

// fileName is a name for the trail that no file system minds.
func (a Anchored) fileName() string { return originName(a.Origin) }

func originName(origin string) string {
	return strings.TrimLeft(url.PathEscape(origin), ".")
}

// AnchorOptions say where checkpoints are kept.
type AnchorOptions struct {
	Name, Kind string
	Path       string // of a directory
	URL        string
	Token      string        // shown to the URL; secret
	Timeout    time.Duration // of one attempt; default 30 s
}

var anchors = map[string]func(AnchorOptions) (Anchor, error){}

// RegisterAnchor adds a kind of anchor. A duplicate name panics.
func RegisterAnchor(kind string, open func(AnchorOptions) (Anchor, error)) {
	if _, ok := anchors[kind]; ok {
		panic("audit: anchor " + kind + " registered twice")
	}
	anchors[kind] = open
}

// AnchorKinds returns the kinds of anchors, sorted.
func AnchorKinds() []string {
	kinds := make([]string, 0, len(anchors))
	for kind := range anchors {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

func openAnchor(o AnchorOptions) (Anchor, error) {
	open, ok := anchors[o.Kind]
	if !ok {
		return nil, fmt.Errorf("unknown kind of anchor (one of %s)", strings.Join(AnchorKinds(), ", "))
	}
	return open(o)
}

// CheckAnchor says what is wrong with o.
func CheckAnchor(o AnchorOptions) error {
	_, err := openAnchor(o)
	return err
}

const (
	anchorTimeout    = 30 * time.Second
	firstAnchorRetry = time.Second
	lastAnchorRetry  = 5 * time.Minute
)

// AnchorStats are counters of an anchor.
type AnchorStats struct {
	Name     string `json:"name"`
	Kept     uint64 `json:"kept"`     // size of the last checkpoint kept
	Failures uint64 `json:"failures"` // attempts that failed
}

// anchoring brings the newest checkpoint to an anchor, again and again until it
// is kept or a newer one is there, which says all that the older one does.
type anchoring struct {
	opt    AnchorOptions
	anchor Anchor
	report func(error)
	wake   chan struct{}

	mu    sync.Mutex
	next  *Anchored
	stats AnchorStats
}

func newAnchoring(o AnchorOptions, report func(error)) (*anchoring, error) {
	a, err := openAnchor(o)
	if err != nil {
		return nil, fmt.Errorf("anchor %s: %w", o.Name, err)
	}
	if o.Timeout <= 0 {
		o.Timeout = anchorTimeout
	}
	return &anchoring{opt: o, anchor: a, report: report, wake: make(chan struct{}, 1), stats: AnchorStats{Name: o.Name}}, nil
}

// offer hands in a checkpoint. It does not block.
func (a *anchoring) offer(c Anchored) {
	a.mu.Lock()
	a.next = &c
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// run works until stop is closed. An attempt that is under way then goes on until
// ctx ends.
func (a *anchoring) run(ctx context.Context, stop <-chan struct{}) {
	delay := firstAnchorRetry
	retry := time.NewTimer(time.Hour)
	defer retry.Stop()
	for {
		if a.attempt(ctx) {
			delay = firstAnchorRetry
			retry.Stop()
		} else {
			retry.Reset(delay)
			delay = min(2*delay, lastAnchorRetry)
		}
		select {
		case <-stop:
			return
		case <-a.wake:
		case <-retry.C:
		}
	}
}

// attempt tries once. It says false where it has to be tried again.
func (a *anchoring) attempt(ctx context.Context) bool {
	a.mu.Lock()
	c := a.next
	a.mu.Unlock()
	if c == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, a.opt.Timeout)
	defer cancel()
	err := a.anchor.Keep(ctx, *c)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.stats.Failures++
		a.report(fmt.Errorf("anchor %s: %w", a.opt.Name, err))
		return false
	}
	a.stats.Kept = c.Size
	if a.next == c {
		a.next = nil
	}
	return true
}

func (a *anchoring) read() AnchorStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stats
}
