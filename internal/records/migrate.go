package records

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The migrations are numbered from 1 without a gap: NNNN_name.sql. One that was released
// is never changed; a change is another one. A statement ends with a semicolon at the end
// of a line.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

type migration struct {
	name       string
	statements []string
}

// migrations returns them in order; the one at index i makes schema i+1.
func migrations() ([]migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var all []migration
	for i, entry := range entries { // sorted by name
		number, name, _ := strings.Cut(strings.TrimSuffix(entry.Name(), ".sql"), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("%s is not the migration number %d", entry.Name(), i+1)
		}
		text, err := migrationFiles.ReadFile(path.Join("migrations", entry.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, migration{name: name, statements: statements(string(text))})
	}
	return all, nil
}

// statements splits a migration, without its comments.
func statements(text string) []string {
	var out []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		code, _, _ := strings.Cut(line, "--")
		code = strings.TrimSpace(code)
		if code == "" {
			continue
		}
		b.WriteString(code + "\n")
		if strings.HasSuffix(code, ";") {
			out = append(out, b.String())
			b.Reset()
		}
	}
	return out
}

// schemaTable has a row for each migration that was made.
const schemaTable = `CREATE TABLE IF NOT EXISTS redactd_schema (
	version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied BIGINT NOT NULL, program TEXT NOT NULL)`

// migrate brings the schema to that of this program, all migrations that lack in one
// transaction, while others who would do so wait.
func (db *DB) migrate(ctx context.Context) error {
	all, err := migrations()
	if err != nil {
		return err
	}
	if done, err := db.upToDate(ctx, len(all)); done || err != nil {
		return err
	}
	return db.transact(ctx, db.write, &sql.TxOptions{}, func(tx *Tx) error {
		if err := db.engine.lock(tx); err != nil {
			return err
		}
		if err := tx.Exec(schemaTable); err != nil {
			return err
		}
		var version int
		if err := tx.Row(`SELECT COALESCE(MAX(version), 0) FROM redactd_schema`).Scan(&version); err != nil {
			return err
		}
		for i := version; i < len(all); i++ {
			for _, s := range all[i].statements {
				if err := tx.Exec(db.engine.ddl(s)); err != nil {
					return fmt.Errorf("migration %d (%s): %w", i+1, all[i].name, err)
				}
			}
			if err := tx.Exec(`INSERT INTO redactd_schema (version, name, applied, program) VALUES ($1, $2, $3, $4)`,
				i+1, all[i].name, Micros(time.Now()), clean(db.o.Program, maxName)); err != nil {
				return err
			}
		}
		return nil
	})
}

// upToDate reports whether there is nothing to migrate. It only reads, so that a program
// that looks takes no lock.
func (db *DB) upToDate(ctx context.Context, want int) (bool, error) {
	var version int
	err := db.transact(ctx, db.read, &sql.TxOptions{}, func(tx *Tx) error {
		exists, err := db.hasSchema(tx)
		if !exists || err != nil {
			return err
		}
		return tx.Row(`SELECT COALESCE(MAX(version), 0) FROM redactd_schema`).Scan(&version)
	})
	switch {
	case err != nil:
		return false, err
	case version > want:
		return false, &Error{Op: "open", Kind: Schema, Err: fmt.Errorf(
			"the database has schema %d, and this redactd knows none above %d (use a redactd that is no older than the one that made it)", version, want)}
	case version == want:
		return true, nil
	case db.o.Existing && version == 0:
		return false, &Error{Op: "open", Kind: Schema, Err: errors.New("redactd has kept nothing in this database")}
	case db.o.Existing:
		return false, &Error{Op: "open", Kind: Schema, Err: fmt.Errorf(
			"the database has schema %d, and this redactd wants %d (start its server once, which brings it up to date)", version, want)}
	}
	return false, nil
}

// hasSchema reports whether the table of migrations is there. To ask a table that is not
// would end a transaction of PostgreSQL.
func (db *DB) hasSchema(tx *Tx) (bool, error) {
	query := `SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'redactd_schema'`
	if db.engine.name() == "postgres" {
		query = `SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('redactd_schema')`
	}
	var n int
	err := tx.Row(query).Scan(&n)
	return n > 0, err
}

// Tables returns the names of the tables that migrations make, sorted.
func Tables() ([]string, error) {
	all, err := migrations()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range all {
		for _, s := range m.statements {
			if rest, ok := strings.CutPrefix(s, "CREATE TABLE "); ok {
				names = append(names, strings.Fields(rest)[0])
			}
		}
	}
	slices.Sort(names)
	return names, nil
}
