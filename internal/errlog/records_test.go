package errlog

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/records"
)

// What this program does in place of the tests where this variable says so.
const roleVariable = "ERRLOG_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case "write":
		writeForever(os.Args[1])
	case "lock":
		holdLock(os.Args[1])
	}
}

// other starts this program in another role on a database and returns its output.
func other(t *testing.T, role, file string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, file)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

// printer prints how many reports were written.
type printer struct{ Nobody }

func (printer) Written(_ string, n int64) { fmt.Println(n) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// writeForever reports errors until it is killed.
func writeForever(file string) {
	db, err := records.Open(records.Options{DSN: "sqlite:" + file})
	must(err)
	log, err := New(Options{DB: db, Errors: config.ErrorLog{Store: true, MaxOriginal: 1 << 20}, Observer: printer{}})
	must(err)
	for i := 0; ; i++ {
		// None is to be counted only, which the test would take for a lost one.
		for w := log.Waiting(); w[""].Reports+w["records"].Reports > 300; w = log.Waiting() {
			time.Sleep(time.Millisecond)
		}
		log.Report(report(i))
	}
}

// holdLock keeps everybody else from writing until its input ends.
func holdLock(file string) {
	db, err := sql.Open("sqlite", file)
	must(err)
	c, err := db.Conn(context.Background())
	must(err)
	_, err = c.ExecContext(context.Background(), "BEGIN IMMEDIATE")
	must(err)
	fmt.Println("locked")
	select {}
}

func open(t *testing.T, file string) *records.DB {
	t.Helper()
	db, err := records.Open(records.Options{DSN: "sqlite:" + file, LockTimeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}

func stored(t *testing.T, db *records.DB) (counted, kept int64) {
	t.Helper()
	err := db.View(t.Context(), "count", func(tx *records.Tx) error {
		var ok string
		return errors.Join(
			tx.Row("PRAGMA integrity_check").Scan(&ok),
			tx.Row("SELECT COALESCE(SUM(count), 0) FROM error_groups").Scan(&counted),
			tx.Row("SELECT COUNT(*) FROM error_occurrences").Scan(&kept),
			map[bool]error{false: errors.New(ok)}[ok == "ok"],
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return counted, kept
}

// A process is killed again and again while it writes: the database is whole, what was
// written is there, and counts are those of the errors that are.
func TestKilled(t *testing.T) {
	file := filepath.Join(t.TempDir(), "records.db")
	written := int64(0)
	for range 4 {
		cmd, out := other(t, "write", file)
		for n := 1 + rand.IntN(5); n > 0 && out.Scan(); n-- {
			more, err := strconv.ParseInt(out.Text(), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			written += more
		}
		time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for out.Scan() { // what it said before it ended
			more, _ := strconv.ParseInt(out.Text(), 10, 64)
			written += more
		}
		_ = cmd.Wait()
		counted, kept := stored(t, open(t, file))
		if counted != kept || counted < written {
			t.Fatalf("%d are counted and %d kept of %d that were written", counted, kept, written)
		}
	}
}

// Another process holds the lock of the database.
func TestLocked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "records.db")
	db := open(t, file)
	if err := db.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	cmd, out := other(t, "lock", file)
	if !out.Scan() {
		t.Fatal("no lock")
	}
	seen := newTally()
	log, err := New(Options{DB: db, Errors: config.ErrorLog{Store: true, MaxOriginal: 1 << 20}, Observer: seen, Queue: 50, QueueBytes: 100 << 10})
	if err != nil {
		t.Fatal(err)
	}
	const n = 2000
	for i := range n {
		log.Report(report(i))
		if i == 0 {
			wait(t, func() bool { return seen.get("failed records busy") > 0 })
		}
		if b := log.Waiting()["records"]; b.Reports > 50 || b.Bytes > 200<<10 {
			t.Fatalf("%+v", b)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	counted, kept := stored(t, db)
	if counted != n || kept == 0 || kept > 200 || seen.get("group false") != 3 {
		t.Errorf("%d are counted, %d kept", counted, kept)
	}
}

// The disk is full for a while.
func TestFull(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "records.db"))
	pages := func(limit int) {
		t.Helper()
		err := db.Update(t.Context(), "limit", func(tx *records.Tx) error {
			return tx.Exec(fmt.Sprint("PRAGMA max_page_count = ", limit))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	pages(1) // as many as there are
	seen := newTally()
	log, err := New(Options{DB: db, Errors: config.ErrorLog{Store: true, MaxOriginal: 1 << 20}, Observer: seen})
	if err != nil {
		t.Fatal(err)
	}
	const n = 100
	for i := range n {
		r := report(i)
		r.Original = make([]byte, 8<<10)
		for j := range r.Original {
			r.Original[j] = byte(rand.Uint32())
		}
		log.Report(r)
	}
	wait(t, func() bool { return seen.get("failed records full") > 0 })
	pages(1 << 20)
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if counted, kept := stored(t, db); counted != n || kept != n {
		t.Errorf("%d are counted, %d kept", counted, kept)
	}
}

// A file that is no database, and one that was damaged.
func TestCorrupt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "records.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	err := open(t, file).Ready(t.Context())
	if records.KindOf(err) != records.Corrupt || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "no SQLite database") {
		t.Errorf("got %v", err)
	}

	file = filepath.Join(t.TempDir(), "records.db")
	db := open(t, file)
	log, err := New(Options{DB: db, Errors: config.ErrorLog{Store: true, MaxOriginal: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		log.Report(report(i))
	}
	if err := errors.Join(log.Close(t.Context()), db.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(data); i++ {
		data[i] ^= 0x5a
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := open(t, file)
	seen := newTally()
	log, err = New(Options{DB: damaged, Errors: config.ErrorLog{Store: true, MaxOriginal: 1 << 20}, Observer: seen})
	if err != nil {
		t.Fatal(err)
	}
	log.Report(report(1))
	wait(t, func() bool { return seen.get("failed records corrupt") > 0 })
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := log.Close(ctx); err == nil || !strings.Contains(err.Error(), "1 reports are lost") {
		t.Errorf("got %v", err)
	}
}
