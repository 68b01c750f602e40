package adminui

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

const hostile = `<script>alert("x")</script>`

// fill returns a database with one error whose every text is hostile.
func fill(t *testing.T) *records.DB {
	t.Helper()
	db, err := records.Open(records.Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "records.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	id := strings.Repeat("ab12", 16)
	_, err = db.AddErrors(context.Background(), &records.ErrorBatch{
		Groups: []records.ErrorGroup{{
			ID: id, Route: hostile, Upstream: hostile, Framework: "django", Exception: "Refused" + hostile, Status: 500, StatusClass: "5xx",
			Frames: []records.Frame{{Function: "charge" + hostile, File: "/srv/app/ledger.py", Line: "7"}}, FirstSeen: at, LastSeen: at.Add(time.Hour), Count: 42,
		}},
		Occurrences: []records.ErrorOccurrence{
			{Group: id, Reference: "ref-1" + hostile, Time: at, Status: 500, Method: "GET", Path: "/pay" + hostile,
				Original: records.Pack([]byte("Traceback of "+hostile+" \xff"), "text/plain", 1<<20)},
			{Group: id, Reference: "ref-2", Time: at.Add(time.Hour), Status: 500, Method: "GET", Path: "/pay"}, // its original was not kept
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func get(t *testing.T, h http.Handler, target, host string) (int, http.Header, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, w.Header(), string(body)
}

func TestPages(t *testing.T) {
	h := New(Options{Errors: fill(t)})
	for target, want := range map[string][]string{
		"/errors":                 {"Refused&lt;script", "42", "charge&lt;script", "2026-03-01 13:00:00", `href="/errors/ab12ab12ab12"`},
		"/errors?state=open":      {"Refused"},
		"/errors?framework=rails": {"No errors are recorded that fit the filter."},
		"/errors/ab12ab12ab12":    {"ref-1&lt;script", "ref-2", "/srv/app/ledger.py:7", "Traceback of &lt;script", "django", "GET /pay"},
	} {
		status, head, body := get(t, h, target, "")
		if status != http.StatusOK || head.Get("Content-Type") != "text/html; charset=utf-8" || head.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", target, status, head)
		}
		if !strings.Contains(head.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(body, "<script") || strings.Contains(body, "\xff") {
			t.Errorf("%s: what the database holds is not written as text", target)
		}
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s does not say %q", target, text)
			}
		}
	}
	for target, want := range map[string]int{
		"/errors/ffffffffffff": 404, "/errors/x": 404, "/errors/page.css": 200, "/errors/../metrics": 307, "/other": 404,
	} {
		if status, _, _ := get(t, h, target, ""); status != want {
			t.Errorf("%s: %d, want %d", target, status, want)
		}
	}
}

// A page of elsewhere can have a browser send requests here, but not under a name of this
// machine.
func TestOnlyLocal(t *testing.T) {
	h := New(Options{Errors: fill(t), Local: true})
	for host, want := range map[string]int{
		"localhost:9090": 200, "LOCALHOST": 200, "127.0.0.1:9090": 200, "127.9.9.9": 200, "[::1]:9090": 200, "[::1]": 200,
		"evil.example:9090": 403, "127.0.0.1.evil.example": 403, "10.0.0.1": 403, "localhost.evil.example": 403,
	} {
		if status, _, body := get(t, h, "/errors", host); status != want || want == 403 && strings.Contains(body, "Refused") {
			t.Errorf("%s: %d, want %d", host, status, want)
		}
	}
}

// What a database says of itself stays out of the answer. One that is not there yet holds
// no errors.
func TestUnreadable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret-name")
	if err := os.WriteFile(file, []byte("no database, whatever its name says"), 0o600); err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]struct {
		status int
		text   string
	}{
		"sqlite:" + file:           {http.StatusServiceUnavailable, "The records can't be read at the moment.\n"},
		"sqlite:" + file + "-none": {http.StatusOK, "No errors are recorded."},
	} {
		db, err := records.Open(records.Options{DSN: dsn, Existing: true})
		if err != nil {
			t.Fatal(err)
		}
		status, _, body := get(t, New(Options{Errors: db}), "/errors", "")
		if status != want.status || !strings.Contains(body, want.text) || strings.Contains(body, "secret-name") {
			t.Errorf("%s: %d %q", dsn, status, body)
		}
	}
}
