// Package notify tells others of leaks that are new, or that were seen after they were
// rotated: what is to be told stands in the records, put there by the transaction that
// brought the leak, so that each receiver is told once however many replicas there are,
// and again after a failure. A value is never in it.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// ReceiverOptions say who is told, and how.
type ReceiverOptions struct {
	Name, Kind, URL string
	Secret          string // with which a webhook is signed; "" for none
	Token           string // sent as a bearer; "" for none
	MinSeverity     string // of leaks that are told; "" for all
	Timeout         time.Duration
}

// receiver is one kind of whom to tell.
type receiver interface {
	// request makes the request that tells of notices, at least one.
	request(ctx context.Context, notices []records.Notice, now time.Time) (*http.Request, error)
}

var kinds = map[string]func(ReceiverOptions) receiver{}

func register(kind string, open func(ReceiverOptions) receiver) {
	if _, ok := kinds[kind]; ok {
		panic("notify: kind " + kind + " registered twice")
	}
	kinds[kind] = open
}

// Kinds returns the kinds of receivers, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// Severities are those that leaks have, the least first.
var Severities = []string{"info", "low", "medium", "high", "critical"}

// Wants returns which of receivers are told of a leak of that severity.
func Wants(receivers []ReceiverOptions, severity string) (names []string) {
	for _, r := range receivers {
		if slices.Index(Severities, severity) >= slices.Index(Severities, r.MinSeverity) {
			names = append(names, r.Name)
		}
	}
	return names
}

// Observer is told what becomes of notices. Its methods must return soon.
type Observer interface {
	Sent(receiver string, n int)
	Failed(receiver string)
	// GaveUp says that a receiver will never be told of n leaks.
	GaveUp(receiver string, n int)
}

// Options say who is told. The zero value of a field is its default.
type Options struct {
	DB        *records.DB
	Receivers []ReceiverOptions
	Observer  Observer
	Logger    *slog.Logger
	Poll      time.Duration // default 2s

	now func() time.Time
}

const (
	batchSize = 50
	// giveUp is how long a receiver is tried.
	giveUp = 3 * 24 * time.Hour
	// firstDelay doubles with each try, up to maxDelay.
	firstDelay = 2 * time.Second
	maxDelay   = 10 * time.Minute
)

// Notifier tells receivers. It is safe for concurrent use.
type Notifier struct {
	o      Options
	client *http.Client
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// Check says what is wrong with a receiver.
func Check(o ReceiverOptions) error {
	if kinds[o.Kind] == nil {
		return fmt.Errorf("there is no kind %q (one of %s)", o.Kind, strings.Join(Kinds(), ", "))
	}
	if o.MinSeverity != "" && !slices.Contains(Severities, o.MinSeverity) {
		return fmt.Errorf("there is no severity %q (one of %s)", o.MinSeverity, strings.Join(Severities, ", "))
	}
	return nil
}

// New returns a Notifier, whose receivers Check has passed.
func New(o Options) *Notifier {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Poll <= 0 {
		o.Poll = 2 * time.Second
	}
	if o.now == nil {
		o.now = time.Now
	}
	// A redirect would take what is signed elsewhere.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Notifier{o: o, client: &http.Client{CheckRedirect: stay}}
}

// Start tells receivers until Stop.
func (n *Notifier) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel = cancel
	for _, r := range n.o.Receivers {
		n.wg.Go(func() { n.serve(ctx, r) })
	}
}

// Stop ends what Start began. What was not told is told by the next who starts.
func (n *Notifier) Stop() {
	if n.cancel != nil {
		n.cancel()
	}
	n.wg.Wait()
}

func (n *Notifier) serve(ctx context.Context, o ReceiverOptions) {
	r := kinds[o.Kind](o)
	for {
		more, err := n.tell(ctx, &o, r)
		if err != nil && ctx.Err() == nil {
			n.o.Logger.Warn("leaks are not told", "receiver", o.Name, "error", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(n.o.Poll):
		}
	}
}

// tell tells one batch of what is due; more says that there may be more.
func (n *Notifier) tell(ctx context.Context, o *ReceiverOptions, r receiver) (more bool, err error) {
	if !n.o.DB.Used() {
		return false, nil // nothing can have leaked
	}
	now := n.o.now()
	due, err := n.o.DB.ClaimNotices(ctx, o.Name, now, o.Timeout+time.Minute, batchSize)
	if err != nil || len(due) == 0 {
		return false, err
	}
	ids := make([]int64, len(due))
	for i := range due {
		ids[i] = due[i].ID
	}
	if err := n.send(ctx, o, r, due, now); err != nil {
		n.o.Observer.Failed(o.Name)
		if now.Sub(due[0].Time) > giveUp {
			n.o.Observer.GaveUp(o.Name, len(ids))
			n.o.Logger.Error("leaks are never told", "receiver", o.Name, "leaks", len(ids))
			return true, n.o.DB.DropNotices(ctx, ids)
		}
		delay := min(firstDelay<<min(due[0].Tries-1, 16), maxDelay)
		if delayed := n.o.DB.DelayNotices(ctx, ids, now.Add(delay)); delayed != nil {
			return false, delayed // due again after the lease
		}
		return false, err
	}
	n.o.Observer.Sent(o.Name, len(ids))
	return len(due) == batchSize, n.o.DB.DropNotices(ctx, ids)
}

// send makes a request. Its error quotes neither what was sent nor the URL, which may
// hold a password.
func (n *Notifier) send(ctx context.Context, o *ReceiverOptions, r receiver, due []records.Notice, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	req, err := r.request(ctx, due, now)
	if err != nil {
		return fmt.Errorf("no request can be made: %T", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "redactd")
	if o.Token != "" {
		req.Header.Set("Authorization", "Bearer "+o.Token)
	}
	resp, err := n.client.Do(req)
	if err != nil {
		return fmt.Errorf("it can't be reached, or does not answer in time")
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("it answers with status %d", resp.StatusCode)
	}
	return nil
}
