package records

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// engines opens the engine of a DSN, by its scheme. What is opened has not been connected
// to.
var engines = map[string]func(dsn string) (engine, error){}

func registerEngine(scheme string, open func(dsn string) (engine, error)) {
	if _, ok := engines[scheme]; ok {
		panic("records: scheme " + scheme + " registered twice")
	}
	engines[scheme] = open
}

// Schemes returns what a DSN may begin with before its colon, sorted.
func Schemes() []string { return slices.Sorted(maps.Keys(engines)) }

// openEngine reads a DSN. Its error quotes nothing of it, since it may hold a password.
func openEngine(dsn string) (engine, error) {
	scheme, _, ok := strings.Cut(dsn, ":")
	open := engines[scheme]
	if !ok || open == nil {
		return nil, &Error{Op: "open", Kind: Invalid, Err: fmt.Errorf("it is no DSN (sqlite:FILE or postgres://USER@HOST/DATABASE)")}
	}
	e, err := open(dsn)
	if err != nil {
		return nil, &Error{Op: "open", Kind: Invalid, Err: err}
	}
	return e, nil
}

// CheckDSN says what is wrong with a DSN without connecting to anything. It quotes
// nothing of it.
func CheckDSN(dsn string) error {
	_, err := openEngine(dsn)
	return err
}

// SQLiteFile returns the file of a DSN of SQLite, and whether it is one.
func SQLiteFile(dsn string) (string, bool) { return strings.CutPrefix(dsn, "sqlite:") }
