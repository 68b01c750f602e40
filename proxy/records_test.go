package proxy

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/records"
)

func withLeaks(t *testing.T, cfg *config.Config) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "records.db")
	cfg.Audit.Dir = t.TempDir()
	cfg.Records.DSN = "sqlite:" + file
	cfg.Leaks = config.Leaks{Store: true, Keep: config.Duration(1 << 60), Max: 10}
	return file
}

// Findings become leaks, across restarts, and no value is in the database.
func TestLeaks(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Token.Keys = []config.Secret{config.Secret(strings.Repeat("k", 32))}
	file := withLeaks(t, cfg)
	const lines = `{"msg":"` + realSecret + `"}` + "\n" + `{"msg":"` + realSecret + `","password":"hunter2hunter2"}` + "\n"
	for round := range 2 {
		h := start(t, cfg, real)
		h.do("POST", "/x", lines, "Content-Type", "application/x-ndjson")
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		if n := h.metric("redactd_leaks_found_total"); n != float64(2-2*round) {
			t.Errorf("round %d: %v new leaks", round, n)
		}
		if h.metric("redactd_trail_unread") != 0 || h.metric("redactd_trail_read_total") == 0 {
			t.Errorf("round %d: the trail is not read to its end", round)
		}
	}
	db, err := records.Open(records.Options{DSN: cfg.Records.DSN, Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	leaks, err := db.Leaks(t.Context(), records.LeakFilter{Rule: "test-token"})
	if err != nil || len(leaks) != 1 || leaks[0].Count != 4 || len(leaks[0].Places) != 1 || leaks[0].Places[0].Path != "msg" {
		t.Errorf("%+v, %v", leaks, err)
	}
	for _, f := range []string{file, file + "-wal"} {
		data, err := os.ReadFile(f)
		if err == nil && (bytes.Contains(data, []byte(realSecret)) || bytes.Contains(data, []byte("hunter2"))) {
			t.Errorf("a value is in %s", f)
		}
	}
}

// A receiver that could never be told is refused, with what is wrong and not with its URL.
func TestNotifyRefused(t *testing.T) {
	good := config.Notify{Kind: "webhook", URL: "https://example.com/planted", MinSeverity: "low"}
	for key, edit := range map[string]func(c *config.Config, n *config.Notify){
		"":                 func(*config.Config, *config.Notify) {},
		"notify.x: there":  func(_ *config.Config, n *config.Notify) { n.Kind = "pigeon" },
		"notify.x: no":     func(_ *config.Config, n *config.Notify) { n.MinSeverity = "worst" },
		"notify.x.url":     func(_ *config.Config, n *config.Notify) { n.URL = "planted" },
		"notify.x: is":     func(c *config.Config, _ *config.Notify) { c.Leaks.Store = false },
		"notify.x: is not": func(c *config.Config, _ *config.Notify) { c.Records.DSN = "" },
	} {
		cfg := settings("http://127.0.0.1:1")
		withLeaks(t, cfg)
		n := good
		edit(cfg, &n)
		cfg.Notify = map[string]*config.Notify{"x": &n}
		err := Check(cfg, nil, nil)
		key, _, _ = strings.Cut(key, ": ")
		if key == "" && err != nil || key != "" && (err == nil || !strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "planted")) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// A database that does not answer holds up neither payloads nor the end.
func TestRecordsAway(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	withLeaks(t, cfg)
	cfg.Records.DSN = "postgres://redactd@" + ln.Addr().String() + "/redactd?sslmode=disable"
	h := start(t, cfg, real)
	if r := h.do("POST", "/x", `{"msg":"`+realSecret+`"}`, "Content-Type", "application/json"); r.StatusCode != 200 {
		t.Errorf("status %d", r.StatusCode)
	}
	if err := h.stop(); err != nil {
		t.Error(err)
	}
	if h.metric("redactd_trail_unread") == 0 {
		t.Error("the trail is said to be read")
	}
}
