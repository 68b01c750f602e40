package seglog

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

// sinkhole commits into memory, held up by gate and failing on demand.
type sinkhole struct {
	mu      sync.Mutex
	got     []int
	batches int
	fail    error
	gate    chan struct{}
	entered chan struct{}
}

func (s *sinkhole) commit(batch []int) error {
	if s.gate != nil {
		s.entered <- struct{}{}
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches++
	if s.fail != nil {
		return s.fail
	}
	s.got = append(s.got, batch...)
	return nil
}

func (s *sinkhole) setFail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func newCommitter(s *sinkhole, queue int, maxBatch int64) *Committer[int] {
	return NewCommitter(CommitterOptions[int]{
		Commit: s.commit, Weight: func(int) int64 { return 1 }, Queue: queue, MaxBatch: maxBatch,
	})
}

func TestCommitterLifecycle(t *testing.T) {
	ctx := t.Context()
	c := newCommitter(&sinkhole{}, 4, 10)
	if err := c.Put(ctx, 1, false); !errors.Is(err, ErrStopped) {
		t.Fatalf("put before start: %v", err)
	}
	for range 2 {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := c.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Start(); !errors.Is(err, ErrStopped) {
		t.Fatalf("start after stop: %v", err)
	}
	if err := c.Put(ctx, 1, true); !errors.Is(err, ErrStopped) {
		t.Fatalf("put after stop: %v", err)
	}
	unstarted := newCommitter(&sinkhole{}, 4, 10)
	if err := unstarted.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if st := c.Stats(); st.Refused != 2 || st.Accepted != 0 || st.Queued != 0 {
		t.Fatalf("stats %+v", st)
	}
}

func TestCommitterSharesCommits(t *testing.T) {
	s := &sinkhole{gate: make(chan struct{}), entered: make(chan struct{})}
	c := newCommitter(s, 100, 40)
	_ = c.Start()
	var wg sync.WaitGroup
	wg.Go(func() { _ = c.Put(t.Context(), 0, true) })
	<-s.entered
	for i := 1; i <= 50; i++ {
		if err := c.Put(t.Context(), i, false); err != nil {
			t.Fatal(err)
		}
	}
	s.gate <- struct{}{} // the first item, alone
	<-s.entered
	s.gate <- struct{}{} // 40 items, the limit of a batch
	<-s.entered
	s.gate <- struct{}{} // the other 10
	wg.Wait()
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.batches != 3 || len(s.got) != 51 || !slices.IsSorted(s.got) {
		t.Fatalf("%d batches, items %v", s.batches, s.got)
	}
}

func TestCommitterFullQueue(t *testing.T) {
	s := &sinkhole{gate: make(chan struct{}), entered: make(chan struct{}, 10)}
	c := newCommitter(s, 2, 10)
	_ = c.Start()
	for i := range 2 {
		if err := c.Put(t.Context(), i, false); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	res := make(chan error)
	go func() { res <- c.Put(ctx, 2, false) }()
	cancel()
	if err := <-res; !errors.Is(err, context.Canceled) {
		t.Fatalf("full queue: %v", err)
	}
	go func() { res <- c.Put(t.Context(), 3, false) }()
	<-s.entered
	stopCtx, cancelStop := context.WithCancel(t.Context())
	cancelStop()
	if err := c.Stop(stopCtx); !errors.Is(err, context.Canceled) {
		t.Fatalf("stop with a stalled disk: %v", err)
	}
	if err := <-res; !errors.Is(err, ErrStopped) {
		t.Fatalf("blocked put at stop: %v", err)
	}
	close(s.gate)
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := c.Stats(); st.Written != 2 || st.Refused != 2 || st.Queued != 0 {
		t.Fatalf("stats %+v", st)
	}
}

func TestCommitterKeepsUnwaitedItems(t *testing.T) {
	bad := errors.New("disk full")
	s := &sinkhole{fail: bad}
	c := newCommitter(s, 10, 10)
	_ = c.Start()
	for i := range 3 {
		if err := c.Put(t.Context(), i, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Put(t.Context(), 3, true); !errors.Is(err, bad) {
		t.Fatalf("waiting put: %v", err)
	}
	s.setFail(nil)
	if err := c.Put(t.Context(), 4, true); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.got, []int{0, 1, 2, 4}) {
		t.Fatalf("items %v", s.got)
	}
	if st := c.Stats(); st.Written != 4 || st.Failed != 1 || st.Lost != 0 {
		t.Fatalf("stats %+v", st)
	}
}

func TestCommitterStopCountsLost(t *testing.T) {
	s := &sinkhole{fail: errors.New("disk full")}
	c := newCommitter(s, 10, 10)
	_ = c.Start()
	for i := range 3 {
		if err := c.Put(t.Context(), i, false); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := c.Stop(t.Context()); err == nil {
			t.Fatal("stop hides lost items")
		}
	}
	if st := c.Stats(); st.Lost != 3 || st.Queued != 0 {
		t.Fatalf("stats %+v", st)
	}
}

func TestCommitterUnconfirmed(t *testing.T) {
	s := &sinkhole{gate: make(chan struct{}), entered: make(chan struct{}, 1)}
	c := newCommitter(s, 1, 10)
	_ = c.Start()
	ctx, cancel := context.WithCancel(t.Context())
	res := make(chan error)
	go func() { res <- c.Put(ctx, 1, true) }()
	<-s.entered
	cancel()
	if err := <-res; !errors.Is(err, ErrUnconfirmed) || !errors.Is(err, context.Canceled) {
		t.Fatalf("put: %v", err)
	}
	close(s.gate)
	if err := c.Stop(t.Context()); err != nil || len(s.got) != 1 {
		t.Fatalf("%v, items %v", err, s.got)
	}
}
