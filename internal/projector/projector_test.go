package projector

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/records"
)

const crashDir = "REDACTD_PROJECTOR_CRASH_DIR"

// TestMain turns the test binary into a reader to be killed, on demand.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashReader(dir)
	}
	os.Exit(m.Run())
}

func crashReader(dir string) {
	db, err := records.Open(records.Options{DSN: dsn(dir)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	p := New(Options{DB: db, Dir: dir})
	fmt.Println("reading")
	for {
		_, _ = p.Sync(context.Background())
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// event is a finding of value n, in the i-th second after noon.
func event(n, i int) audit.Event {
	return audit.Event{
		Time: noon.Add(time.Duration(i) * time.Second), Route: "logs", Direction: "request", Rule: "aws-access-key-id", Severity: "critical",
		Action: "mask", Path: "msg", Length: 20, Fingerprint: fmt.Sprintf("e1-%026d", n), RequestID: "r", ConfigDigest: "d",
		Origin: audit.Origin{Service: "api", Version: fmt.Sprintf("1.8.%d", n), Destination: "loki"},
	}
}

func dsn(dir string) string { return "sqlite:" + filepath.Join(dir, "records.db") }

func openTrail(t *testing.T, o audit.Options) *audit.Trail {
	t.Helper()
	o.Required = true
	tr, err := audit.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

func openDB(t *testing.T, dir string) *records.DB {
	t.Helper()
	db, err := records.Open(records.Options{DSN: dsn(dir), LockTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

func put(t *testing.T, tr *audit.Trail, events ...audit.Event) {
	t.Helper()
	if err := tr.Record(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// readUp reads until all is read, trying again what fails for a while.
func readUp(t *testing.T, p *Projector) (n uint64) {
	t.Helper()
	for {
		read, err := p.Sync(t.Context())
		n += read
		if err == nil {
			return n
		}
		var e *records.Error
		if !errors.As(err, &e) || !e.Temporary() {
			t.Fatal(err)
		}
	}
}

func find(t *testing.T, db *records.DB, n int) records.Leak {
	t.Helper()
	l, err := db.Leak(t.Context(), event(n, 0).Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// told is an Observer that remembers.
type told struct {
	Nobody
	mu   sync.Mutex
	read uint64
	lost map[string]int64
	fail map[string]int
	news []string
}

func (o *told) Read(n uint64) { o.mu.Lock(); defer o.mu.Unlock(); o.read += n }

func (o *told) Lost(reason string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lost == nil {
		o.lost = map[string]int64{}
	}
	o.lost[reason] += n
}

func (o *told) Failed(kind string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail == nil {
		o.fail = map[string]int{}
	}
	o.fail[kind]++
}

func (o *told) Leak(l *records.Leak, again bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.news = append(o.news, fmt.Sprint(l.Fingerprint, again))
}

func TestProjects(t *testing.T) {
	dir := t.TempDir()
	seen := &told{}
	db := openDB(t, dir)
	p := New(Options{DB: db, Dir: dir, Observer: seen})
	if n := readUp(t, p); n != 0 {
		t.Errorf("read %d of no trail", n)
	}
	if _, err := os.Stat(filepath.Join(dir, "records.db")); err == nil {
		t.Error("a database was made before there was anything to keep")
	}
	tr := openTrail(t, audit.Options{Dir: dir, MaxSize: 2000})
	merged := event(1, 10)
	merged.Count, merged.Until = 5, noon.Add(20*time.Second)
	shadow := event(1, 30)
	shadow.Shadow = true
	bare := event(0, 5)
	bare.Fingerprint = ""
	later := event(1, 3700)
	later.Service = "worker"
	put(t, tr, event(1, 0), merged, shadow)
	put(t, tr, bare)
	if n := readUp(t, p); n != 4 {
		t.Errorf("read %d", n)
	}
	put(t, tr, later, event(2, 1))
	if behind := p.Behind(); behind != 2 {
		t.Errorf("%d behind", behind)
	}
	readUp(t, p)
	if behind := p.Behind(); behind != 0 {
		t.Errorf("%d behind", behind)
	}
	l := find(t, db, 1)
	if l.Count != 8 || l.Shadow != 1 || !l.FirstSeen.Equal(noon) || !l.LastSeen.Equal(noon.Add(3700*time.Second)) || l.Rule != "aws-access-key-id" {
		t.Errorf("%+v", l)
	}
	if len(l.Places) != 2 || l.Places[0].Count != 7 || l.Places[0].Version != "1.8.1" || l.Places[1].Service != "worker" ||
		!l.Places[0].LastSeen.Equal(noon.Add(30*time.Second)) {
		t.Errorf("%+v", l.Places)
	}
	counts, err := db.FindingCounts(t.Context(), time.Time{}, time.Time{})
	if err != nil || len(counts) != 3 || counts[0].Count != 8 || counts[1].Action != records.ActionShadow || counts[2].Count != 1 {
		t.Errorf("%+v: %v", counts, err)
	}
	if seen.read != 6 || len(seen.news) != 2 || seen.lost != nil || seen.fail != nil {
		t.Errorf("told %+v", seen)
	}
	if n := readUp(t, New(Options{DB: db, Dir: dir})); n != 0 || find(t, db, 1).Count != 8 {
		t.Errorf("read %d again", n)
	}
}

func TestLeaksOfEvents(t *testing.T) {
	older := event(1, -60)
	older.Rule = "former"
	leaks := Leaks([]audit.Event{event(1, 0), older, {Note: "a marker"}, {Rule: "no fingerprint"}})
	if len(leaks) != 1 || leaks[0].Count != 2 || leaks[0].Rule == "former" || len(leaks[0].Places) != 1 {
		t.Errorf("%+v", leaks)
	}
}

// What retention removes before it is read is counted and told.
func TestLosses(t *testing.T) {
	dir := t.TempDir()
	db := openDB(t, dir)
	seen := &told{}
	p := New(Options{DB: db, Dir: dir, Observer: seen})
	tr := openTrail(t, audit.Options{Dir: dir, MaxSize: 1000, MaxFiles: 2})
	put(t, tr, event(1, 0))
	readUp(t, p)
	for i := range 20 {
		put(t, tr, event(1, i))
	}
	readUp(t, p)
	gone := seen.lost[records.LossRemoved]
	if l := find(t, db, 1); gone == 0 || l.Count != 21-gone {
		t.Errorf("counted %d, %d are gone", l.Count, gone)
	}
	losses, err := db.TrailLosses(t.Context())
	if err != nil || len(losses) != 1 || losses[0].Count != gone || losses[0].Seq != 21 {
		t.Errorf("%+v: %v", losses, err)
	}
	if number(1<<63) <= 0 {
		t.Error("a number has a sign")
	}
}

// While another process holds the database, events wait in the trail.
func TestStalledDatabase(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, audit.Options{Dir: dir})
	put(t, tr, event(1, 0))
	other := openDB(t, dir)
	db := openDB(t, dir)
	seen := &told{}
	p := New(Options{DB: db, Dir: dir, Observer: seen, Poll: time.Millisecond})
	readUp(t, p)
	held, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- other.Update(context.Background(), "hold", func(tx *records.Tx) error {
			_, err := tx.Advance("held", 1, noon)
			close(held)
			<-release
			return err
		})
	}()
	<-held
	for i := range 2000 {
		put(t, tr, event(i%7, i))
	}
	if _, err := p.Sync(t.Context()); records.KindOf(err) != records.Busy {
		t.Errorf("got %v", err)
	}
	if p.Behind() != 2000 || seen.fail[string(records.Busy)] == 0 {
		t.Errorf("%d behind, %+v", p.Behind(), seen)
	}
	p.Start()
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.Behind() != 0 || seen.read != 2001 {
		t.Errorf("%d behind, read %d", p.Behind(), seen.read)
	}
	total := int64(0)
	for n := range 7 {
		total += find(t, db, n).Count
	}
	if total != 2001 {
		t.Errorf("counted %d", total)
	}
}

// Several readers of one trail count each record once.
func TestReadersTogether(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, audit.Options{Dir: dir, MaxSize: 50_000})
	var wg sync.WaitGroup
	for range 3 {
		p := New(Options{DB: openDB(t, dir), Dir: dir})
		wg.Go(func() {
			for p.seq.Load() < 3000 {
				_, _ = p.Sync(t.Context())
			}
		})
	}
	for i := range 300 {
		var events []audit.Event
		for k := range 10 {
			events = append(events, event(k%3, i))
		}
		put(t, tr, events...)
	}
	wg.Wait()
	db := openDB(t, dir)
	if a, b, c := find(t, db, 0), find(t, db, 1), find(t, db, 2); a.Count != 1200 || b.Count != 900 || c.Count != 900 {
		t.Errorf("counted %d, %d, %d", a.Count, b.Count, c.Count)
	}
}

// A reader that is killed at any point leaves nothing out and counts nothing twice.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, audit.Options{Dir: dir, MaxSize: 100_000})
	total := 0
	for round := range 6 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			_, err = out.Read(make([]byte, 1)) // it has begun
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 * (round + 1) {
			var events []audit.Event
			for range 20 {
				events = append(events, event(1, i))
			}
			put(t, tr, events...)
			total += 20
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	db := openDB(t, dir)
	readUp(t, New(Options{DB: db, Dir: dir}))
	if l := find(t, db, 1); l.Count != int64(total) || l.Places[0].Count != l.Count {
		t.Errorf("counted %d of %d", l.Count, total)
	}
}

// A trail that ends before what was read of it was cut off, or is another one.
func TestBehind(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, audit.Options{Dir: dir})
	put(t, tr, event(1, 0))
	db := openDB(t, dir)
	seen := &told{}
	p := New(Options{DB: db, Dir: dir, Observer: seen})
	readUp(t, p)
	err := db.Update(t.Context(), "spoil", func(tx *records.Tx) error {
		_, err := tx.Advance(p.source, 9, noon)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{DB: db, Dir: dir, Observer: seen}).Sync(t.Context()); !errors.Is(err, audit.ErrBehind) || seen.fail[failedBehind] != 1 {
		t.Errorf("got %v, %+v", err, seen)
	}
}
