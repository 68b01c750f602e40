package records

import (
	"context"
	"database/sql"
)

// An engine is what differs between databases. Statements use what all have in common:
// $1, ON CONFLICT, RETURNING, window functions, and CASE in place of functions.
type engine interface {
	name() string
	// open returns the connections to write and to read with, which may be the same. It
	// does not connect. With Options.Existing it makes no database.
	open(o *Options) (write, read *sql.DB, err error)
	// ddl writes a statement of a migration in the engine's types: IDENTITY is a key
	// that it counts up, BLOB are bytes.
	ddl(statement string) string
	// lock makes others who migrate or prune wait until tx ends.
	lock(tx *Tx) error
	// kind tells what an error of the driver means, with a text that quotes no data, "" if
	// it is none of the driver's.
	kind(err error) (Kind, string)
	// shrink gives room that is free back to the file system, as far as that is cheap.
	shrink(ctx context.Context, write *sql.DB) error
}
