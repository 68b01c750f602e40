package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

type counts struct {
	mu                   sync.Mutex
	sent, failed, gaveUp int
}

func (c *counts) Sent(_ string, n int)   { c.mu.Lock(); defer c.mu.Unlock(); c.sent += n }
func (c *counts) Failed(string)          { c.mu.Lock(); defer c.mu.Unlock(); c.failed++ }
func (c *counts) GaveUp(_ string, n int) { c.mu.Lock(); defer c.mu.Unlock(); c.gaveUp += n }

// posted is a request that a receiver got.
type posted struct {
	path, signature, token string
	body                   []byte
}

// listen starts a receiver that answers with status.
func listen(t *testing.T, status func() int) (url string, got func() []posted) {
	t.Helper()
	var mu sync.Mutex
	var all []posted
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		all = append(all, posted{r.URL.Path, r.Header.Get(SignatureHeader), r.Header.Get("Authorization"), body})
		mu.Unlock()
		w.WriteHeader(status())
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []posted { mu.Lock(); defer mu.Unlock(); return append([]posted(nil), all...) }
}

func open(t *testing.T, receivers ...string) *records.DB {
	t.Helper()
	db, err := records.Open(records.Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "records.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	now := time.Now()
	place := records.LeakPlace{Route: "logs", Direction: "request", Service: "checkout", Version: "1.8.2", FirstSeen: now, LastSeen: now, Count: 3}
	b := records.TrailBatch{Source: "trail/x", Seq: 1, Receivers: func(*records.LeakEvent) []string { return receivers }}
	for n := range 3 {
		b.Leaks = append(b.Leaks, records.Leak{Fingerprint: fmt.Sprintf("e1-%d", n), Rule: "x-key", Severity: "high", FirstSeen: now, LastSeen: now, Count: 3,
			Places: []records.LeakPlace{place}})
	}
	if _, err := db.AddTrail(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return db
}

func ok() int { return http.StatusOK }

func TestWebhook(t *testing.T) {
	url, got := listen(t, ok)
	o := ReceiverOptions{Name: "a", Kind: "webhook", URL: url + "/hook", Secret: "planted-secret", Token: "planted-token", Timeout: time.Second}
	seen := &counts{}
	n := New(Options{DB: open(t, "a"), Receivers: []ReceiverOptions{o}, Observer: seen, Poll: time.Millisecond})
	n.Start()
	for len(got()) == 0 {
		time.Sleep(time.Millisecond)
	}
	n.Stop()
	all := got()
	if len(all) != 1 || all[0].path != "/hook" || all[0].token != "Bearer planted-token" {
		t.Fatalf("%+v", all)
	}
	var m Message
	if err := json.Unmarshal(all[0].body, &m); err != nil || len(m.Leaks) != 3 || m.Leaks[0].What != "new" || m.Leaks[0].Places[0].Version != "1.8.2" {
		t.Errorf("%s: %v", all[0].body, err)
	}
	var at int64
	var signature string
	if _, err := fmt.Sscanf(all[0].signature, "t=%d,v1=%s", &at, &signature); err != nil || signature != sign(o.Secret, time.Unix(at, 0), all[0].body) {
		t.Errorf("signature %q: %v", all[0].signature, err)
	}
}

func TestAlertmanager(t *testing.T) {
	url, got := listen(t, ok)
	o := ReceiverOptions{Name: "a", Kind: "alertmanager", URL: url + "/", Timeout: time.Second}
	n := New(Options{DB: open(t, "a"), Receivers: []ReceiverOptions{o}, Observer: &counts{}})
	if more, err := n.tell(t.Context(), &o, kinds[o.Kind](o)); more || err != nil {
		t.Fatal(more, err)
	}
	var alerts []alert
	all := got()
	if len(all) != 1 || all[0].path != "/api/v2/alerts" || json.Unmarshal(all[0].body, &alerts) != nil || len(alerts) != 3 {
		t.Fatalf("%+v", all)
	}
	a := alerts[0]
	if a.Labels["alertname"] != "RedactdNewLeak" || a.Labels["service"] != "checkout" || a.Labels["leak"] == "" || !a.EndsAt.After(a.StartsAt) {
		t.Errorf("%+v", a)
	}
	body, err := alertmanager{o}.request(t.Context(), []records.Notice{{What: records.NoticeAgain}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(body.Body); !strings.Contains(string(text), "RedactdStillLeaking") {
		t.Errorf("%s", text)
	}
}

// What fails is tried again, later and later, and given up after days.
func TestFailures(t *testing.T) {
	status := http.StatusServiceUnavailable
	url, got := listen(t, func() int { return status })
	o := ReceiverOptions{Name: "a", Kind: "webhook", URL: url + "/planted-path", Timeout: time.Second}
	seen := &counts{}
	now := time.Now().Add(time.Second)
	n := New(Options{DB: open(t, "a"), Receivers: []ReceiverOptions{o}, Observer: seen, now: func() time.Time { return now }})
	r := kinds[o.Kind](o)
	for i, step := range []struct {
		after time.Duration
		asked int
	}{{0, 1}, {time.Second, 1}, {time.Second, 2}, {3 * time.Second, 2}, {time.Second, 3}} {
		now = now.Add(step.after)
		_, err := n.tell(t.Context(), &o, r)
		if len(got()) != step.asked || err != nil && (strings.Contains(err.Error(), "planted") || !strings.Contains(err.Error(), "503")) {
			t.Errorf("step %d: asked %d times, %v", i, len(got()), err)
		}
	}
	now = now.Add(giveUp)
	if _, err := n.tell(t.Context(), &o, r); err != nil || seen.gaveUp != 3 || seen.failed != 4 || seen.sent != 0 {
		t.Errorf("%+v, %v", seen, err)
	}
	now = now.Add(giveUp)
	status = http.StatusOK
	if _, err := n.tell(t.Context(), &o, r); err != nil || len(got()) != 4 {
		t.Errorf("told of what was given up: %v", err)
	}
	gone := ReceiverOptions{Name: "b", Kind: "webhook", URL: "http://127.0.0.1:1/planted-path", Timeout: time.Second}
	n = New(Options{DB: open(t, "b"), Observer: seen})
	if _, err := n.tell(t.Context(), &gone, kinds[gone.Kind](gone)); err == nil || strings.Contains(err.Error(), "planted") {
		t.Errorf("got %v", err)
	}
}

func TestWants(t *testing.T) {
	all := []ReceiverOptions{{Name: "all"}, {Name: "low", MinSeverity: "low"}, {Name: "worst", MinSeverity: "critical"}}
	for severity, want := range map[string]string{"critical": "[all low worst]", "high": "[all low]", "low": "[all low]", "info": "[all]", "odd": "[all]"} {
		if got := fmt.Sprint(Wants(all, severity)); got != want {
			t.Errorf("%s: %s, want %s", severity, got, want)
		}
	}
	for _, o := range []ReceiverOptions{{Kind: "pigeon"}, {Kind: "webhook", MinSeverity: "worst"}} {
		if Check(o) == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
