package records

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Kind is what kind of thing went wrong, for metrics and for those who decide whether to
// try again.
type Kind string

// The kinds of errors.
const (
	Busy        Kind = "busy"        // locked by another; again later
	Conflict    Kind = "conflict"    // lost against another transaction; again at once
	Timeout     Kind = "timeout"     // took too long; again later
	Unreachable Kind = "unreachable" // no connection to the server; again later
	Full        Kind = "full"        // no room on the disk; again when there is
	IO          Kind = "io"          // the disk does not read or write
	Denied      Kind = "denied"      // no right to do that
	Corrupt     Kind = "corrupt"     // damaged, or no database at all
	Schema      Kind = "schema"      // made by another version of redactd
	Invalid     Kind = "invalid"     // the DSN is wrong
	Closed      Kind = "closed"      // after Close
	Missing     Kind = "missing"     // what was asked for is not there
	Other       Kind = "other"
)

// Error is what the methods of DB return. It quotes no data.
type Error struct {
	Op   string // what was to be done
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return "records: " + e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether it may go well later without anybody doing something to the
// database.
func (e *Error) Temporary() bool {
	return e.Kind == Busy || e.Kind == Conflict || e.Kind == Timeout || e.Kind == Unreachable
}

// KindOf returns the kind of an error of this package, Other of any else.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Other
}

// wrap gives err its kind.
func (db *DB) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	kind := Other
	switch k, text := db.engine.kind(err); {
	case k != "":
		kind, err = k, errors.New(text)
	case errors.Is(err, context.DeadlineExceeded):
		kind = Timeout
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone), strings.Contains(err.Error(), "database is closed"):
		kind = Closed
	case errors.Is(err, sql.ErrNoRows):
		kind, err = Missing, errors.New("there is none")
	}
	return &Error{Op: op, Kind: kind, Err: err}
}
