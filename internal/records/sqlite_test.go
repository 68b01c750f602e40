package records_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

func TestDSN(t *testing.T) {
	for dsn, ok := range map[string]bool{
		"sqlite:data/records.db": true, "sqlite:/x/y.db": true, "sqlite:C:/x.db": true,
		"postgres://u:p@h:5432/d?sslmode=disable": true, "postgresql:///d": true,
		"": false, "sqlite:": false, "sqlite:///x": false, "sqlite::memory:": false, "records.db": false,
		"mysql://u:planted@h/d": false, "postgres://u:planted@h/d?sslmode=planted": false, "postgres://u:planted@h:x/d": false,
	} {
		err := records.CheckDSN(dsn)
		if (err == nil) != ok || err != nil && (records.KindOf(err) != records.Invalid || strings.Contains(err.Error(), "planted")) {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

// A server that does not answer: the error says so, may pass, and tells no password.
func TestUnreachable(t *testing.T) {
	db, err := records.Open(records.Options{DSN: "postgres://u:planted@127.0.0.1:1/d?sslmode=disable"})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Ready(t.Context())
	if e, ok := err.(*records.Error); !ok || e.Kind != records.Unreachable || !e.Temporary() || strings.Contains(err.Error(), "planted") {
		t.Errorf("got %v", err)
	}
	if err := db.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func openFile(t *testing.T, o records.Options) (*records.DB, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "new", "records.db")
	o.DSN = "sqlite:" + file
	db, err := records.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	if err := db.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, file
}

// fill adds n errors of size bytes that can't be compressed.
func fill(t *testing.T, db *records.DB, n, size int) {
	t.Helper()
	const id = "aaaaaaaaaaaa"
	now := time.Unix(1e9, 0)
	b := records.ErrorBatch{Groups: []records.ErrorGroup{{ID: id, FirstSeen: now, LastSeen: now, Count: int64(n)}}}
	for i := range n {
		b.Occurrences = append(b.Occurrences, records.ErrorOccurrence{
			Group: id, Reference: fmt.Sprint(i), Time: now, Original: records.Original{Data: make([]byte, size)},
		})
	}
	if _, err := db.AddErrors(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
}

// Nobody else may read what is in the database, while it is in use too.
func TestRights(t *testing.T) {
	db, file := openFile(t, records.Options{})
	fill(t, db, 1, 10)
	files, err := filepath.Glob(file + "*")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the directory: %v, %v", info.Mode(), err)
	}
}

// What is pruned is given back: the file does not stay as large as it once was.
func TestShrinks(t *testing.T) {
	db, file := openFile(t, records.Options{MaxSize: 1 << 20})
	fill(t, db, 1500, 8<<10)
	for range 4 {
		if _, err := db.Prune(t.Context(), time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Size() > 3<<20 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
}

// What is no file says so.
func TestDenied(t *testing.T) {
	dir := t.TempDir()
	db, err := records.Open(records.Options{DSN: "sqlite:" + dir})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	if err := db.Ready(t.Context()); records.KindOf(err) != records.Denied || !strings.Contains(err.Error(), dir) {
		t.Errorf("a directory: %v", err)
	}
}

func TestUnpack(t *testing.T) {
	o := records.Pack([]byte(strings.Repeat("x", 1000)), "", 1000)
	if o.Coding == "" || len(o.Data) > 100 {
		t.Fatalf("%d bytes in %q", len(o.Data), o.Coding)
	}
	o.Data = o.Data[:len(o.Data)-3]
	if _, err := o.Unpack(); records.KindOf(err) != records.Corrupt {
		t.Errorf("cut: %v", err)
	}
	o.Coding = "later"
	if _, err := o.Unpack(); records.KindOf(err) != records.Schema {
		t.Errorf("unknown: %v", err)
	}
	small := records.Pack([]byte("abc"), "t", 2)
	if text, err := small.Unpack(); err != nil || string(text) != "ab" || !small.Truncated || small.Size != 3 {
		t.Errorf("%+v: %v", small, err)
	}
}
