package records

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"modernc.org/sqlite"
)

func init() { registerEngine("sqlite", openSQLite) }

// busyTimeout is how long SQLite waits for a lock of another process.
const busyTimeout = 2 * time.Second

// readers is how many questions are answered at once.
const readers = 4

type sqliteEngine struct{ file string }

func openSQLite(dsn string) (engine, error) {
	file, _ := SQLiteFile(dsn)
	switch {
	case file == "":
		return nil, errors.New("it names no file (sqlite:FILE)")
	case strings.HasPrefix(file, "//"):
		return nil, errors.New("a file is named without // (sqlite:data/records.db, sqlite:/var/lib/redactd/records.db)")
	case strings.HasPrefix(file, ":"):
		return nil, errors.New("a database in memory would be lost (sqlite:FILE)")
	}
	return &sqliteEngine{file: file}, nil
}

func (e *sqliteEngine) name() string { return "sqlite" }

// open returns a single connection for writing, since SQLite knows one writer at a time
// and its own queue is a busy loop.
func (e *sqliteEngine) open(o *Options) (write, read *sql.DB, err error) {
	if err := e.touch(o.Existing); err != nil {
		return nil, nil, err
	}
	pragmas := []string{
		fmt.Sprintf("busy_timeout(%d)", cmp.Or(o.LockTimeout, busyTimeout).Milliseconds()),
		"auto_vacuum(INCREMENTAL)", // before anything is written
		"journal_mode(WAL)",
		// With WAL, what was committed survives the end of the process, and a loss of
		// power leaves a database without the last transactions, never a damaged one.
		"synchronous(NORMAL)",
		"foreign_keys(1)",
		"journal_size_limit(16777216)",
	}
	if write, err = e.pool(pragmas, 1); err != nil {
		return nil, nil, err
	}
	if read, err = e.pool([]string{pragmas[0], "query_only(1)"}, readers); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	return write, read, nil
}

// touch makes the file, which only its owner may read: SQLite gives the files beside it
// the same rights.
func (e *sqliteEngine) touch(existing bool) error {
	flags := os.O_RDWR
	if !existing {
		if err := os.MkdirAll(filepath.Dir(e.file), 0o700); err != nil {
			return err
		}
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(e.file, flags, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (e *sqliteEngine) pool(pragmas []string, connections int) (*sql.DB, error) {
	query := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	if connections > 1 {
		query.Del("_txlock")
	}
	path := (&url.URL{Path: filepath.ToSlash(e.file)}).EscapedPath()
	c, err := sqlite.NewConnector("file:" + path + "?" + query.Encode())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

var sqliteIdentity = regexp.MustCompile(`\bIDENTITY\b`)

func (e *sqliteEngine) ddl(statement string) string {
	return sqliteIdentity.ReplaceAllString(statement, "INTEGER PRIMARY KEY")
}

// lock has nothing to do: a transaction to write is alone from its beginning.
func (e *sqliteEngine) lock(*Tx) error { return nil }

// shrink returns free pages. The file itself gets shorter when the log is next written
// back.
func (e *sqliteEngine) shrink(ctx context.Context, write *sql.DB) error {
	rows, err := write.QueryContext(ctx, "PRAGMA incremental_vacuum(4096)")
	if err != nil {
		return err
	}
	for rows.Next() { // each step returns one page
	}
	return errors.Join(rows.Err(), rows.Close())
}

// The result codes of https://www.sqlite.org/rescode.html, without their extension.
var sqliteKinds = map[int]struct {
	kind Kind
	text string
}{
	3:  {Denied, "no right to use the file"},
	5:  {Busy, "another process has the database locked"},
	6:  {Busy, "another connection has a table locked"},
	8:  {Denied, "the database can't be written to"},
	10: {IO, "reading or writing the file failed"},
	11: {Corrupt, "the database is damaged (restore it from a copy, or move it away to start anew)"},
	13: {Full, "there is no room left on the disk"},
	14: {Denied, "the file can't be opened"},
	26: {Corrupt, "the file is no SQLite database (restore it from a copy, or move it away to start anew)"},
}

func (e *sqliteEngine) kind(err error) (Kind, string) {
	var se *sqlite.Error
	if errors.As(err, &se) {
		if k, ok := sqliteKinds[se.Code()&0xff]; ok {
			return k.kind, fmt.Sprintf("%s: %s (SQLite %d)", e.file, k.text, se.Code())
		}
		return Other, fmt.Sprintf("%s: SQLite %d: %s", e.file, se.Code(), sqlite.ErrorCodeString[se.Code()&0xff])
	}
	var pe *os.PathError
	if errors.As(err, &pe) {
		if errors.Is(err, os.ErrNotExist) {
			return Missing, pe.Path + ": there is no such file"
		}
		return Denied, pe.Error()
	}
	return "", ""
}
