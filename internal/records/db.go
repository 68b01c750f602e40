package records

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Options say which database it is and what it keeps.
type Options struct {
	// DSN is sqlite:FILE or postgres://...
	DSN string
	// Existing makes no database and leaves its schema alone: for those who only look.
	Existing bool
	// Keep is how long errors are kept, MaxSize how many bytes of them; 0 is no limit.
	Keep    time.Duration
	MaxSize int64
	// KeepLeaks is how long leaks are kept after they were seen last, MaxLeaks how many;
	// 0 is no limit.
	KeepLeaks time.Duration
	MaxLeaks  int64
	// LockTimeout is how long SQLite waits for another process; default 2s.
	LockTimeout time.Duration
	// Program is the version of redactd, which a migration notes.
	Program string
}

// DB is a database. It is safe for concurrent use.
type DB struct {
	o      Options
	engine engine

	mu          sync.Mutex // of becoming ready
	ready       atomic.Bool
	closed      atomic.Bool
	write, read *sql.DB
}

// Open reads the options. It connects to nothing: that is left to Ready, or to the first
// use, and tried again at each until it goes well.
func Open(o Options) (*DB, error) {
	e, err := openEngine(o.DSN)
	if err != nil {
		return nil, err
	}
	return &DB{o: o, engine: e}, nil
}

// Engine returns what kind of database it is: "sqlite" or "postgres".
func (db *DB) Engine() string { return db.engine.name() }

// Used reports whether the database was connected to, and may be asked without making one.
func (db *DB) Used() bool { return db.ready.Load() }

// Ready connects and brings the schema up to date. Where it has done that already it
// returns at once. An Error that is Temporary may be gone with the next try.
func (db *DB) Ready(ctx context.Context) error {
	if db.ready.Load() && !db.closed.Load() {
		return nil
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	switch {
	case db.closed.Load():
		return &Error{Op: "open", Kind: Closed, Err: errors.New("it is closed")}
	case db.ready.Load():
		return nil
	}
	var err error
	if db.write == nil {
		if db.write, db.read, err = db.engine.open(&db.o); err != nil {
			db.write, db.read = nil, nil
			return db.wrap("open", err)
		}
	}
	if err := db.migrate(ctx); err != nil {
		return db.wrap("open", err)
	}
	db.ready.Store(true)
	return nil
}

// Close ends all connections. It waits for transactions that are under way until ctx ends.
func (db *DB) Close(ctx context.Context) error {
	db.closed.Store(true)
	db.mu.Lock()
	write, read := db.write, db.read
	db.write, db.read = nil, nil
	db.mu.Unlock()
	if write == nil {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		err := write.Close()
		if read != write {
			err = errors.Join(read.Close(), err)
		}
		done <- err
	}()
	select {
	case err := <-done:
		return db.wrap("close", err)
	case <-ctx.Done():
		return db.wrap("close", ctx.Err())
	}
}

// Tx is a transaction. Its errors are those of the driver; Update and View give them
// their kind.
type Tx struct {
	ctx context.Context
	tx  *sql.Tx
	// prepared are the statements that were run before, by their text; nil where that is
	// the driver's business. A value is nil after the first time.
	prepared map[string]*sql.Stmt
}

// Exec runs a statement.
func (tx *Tx) Exec(statement string, args ...any) error {
	_, err := tx.exec(statement, args)
	return err
}

// Changed runs a statement and returns how many rows it changed.
func (tx *Tx) Changed(statement string, args ...any) (int64, error) {
	res, err := tx.exec(statement, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (tx *Tx) exec(statement string, args []any) (sql.Result, error) {
	if s := tx.again(statement); s != nil {
		return s.ExecContext(tx.ctx, args...)
	}
	return tx.tx.ExecContext(tx.ctx, statement, args...)
}

// Row asks for one row; its Scan returns sql.ErrNoRows where there is none.
func (tx *Tx) Row(query string, args ...any) *sql.Row {
	if s := tx.again(query); s != nil {
		return s.QueryRowContext(tx.ctx, args...)
	}
	return tx.tx.QueryRowContext(tx.ctx, query, args...)
}

// again returns a statement prepared, nil the first time that the transaction has it. The
// end of the transaction closes it.
func (tx *Tx) again(statement string) *sql.Stmt {
	if tx.prepared == nil {
		return nil
	}
	s, seen := tx.prepared[statement]
	if seen && s == nil {
		var err error
		if s, err = tx.tx.PrepareContext(tx.ctx, statement); err != nil {
			return nil // it tells again
		}
	}
	tx.prepared[statement] = s
	return s
}

// Each asks for rows and calls f with the Scan of each.
func (tx *Tx) Each(f func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := tx.tx.QueryContext(tx.ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// conflicts is how often a transaction is tried that conflicts with others.
const conflicts = 4

// Update runs f in a transaction that may write; op says what for. Where f returns an
// error, nothing of it holds. f is called again where the transaction conflicts with
// another, so it changes nothing outside that a second call would not set right.
func (db *DB) Update(ctx context.Context, op string, f func(*Tx) error) error {
	var err error
	for range conflicts {
		err = db.run(ctx, op, true, f)
		if err == nil || KindOf(err) != Conflict {
			return err
		}
	}
	return err
}

// View runs f in a transaction that only reads.
func (db *DB) View(ctx context.Context, op string, f func(*Tx) error) error {
	return db.run(ctx, op, false, f)
}

func (db *DB) run(ctx context.Context, op string, writes bool, f func(*Tx) error) error {
	if err := db.Ready(ctx); err != nil {
		return err
	}
	pool, err := db.pool(op, writes)
	if err != nil {
		return err
	}
	// SQLite is told by query_only instead.
	o := &sql.TxOptions{ReadOnly: !writes && db.engine.name() != "sqlite"}
	return db.wrap(op, db.transact(ctx, pool, o, f))
}

// pool returns the connections to write or to read with.
func (db *DB) pool(op string, writes bool) (*sql.DB, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	switch {
	case db.closed.Load() || db.write == nil:
		return nil, &Error{Op: op, Kind: Closed, Err: errors.New("it is closed")}
	case writes:
		return db.write, nil
	}
	return db.read, nil
}

func (db *DB) transact(ctx context.Context, pool *sql.DB, o *sql.TxOptions, f func(*Tx) error) error {
	tx, err := pool.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	t := &Tx{ctx: ctx, tx: tx}
	if db.engine.name() == "sqlite" { // PostgreSQL's driver keeps prepared statements itself
		t.prepared = map[string]*sql.Stmt{}
	}
	if err := f(t); err != nil {
		_ = tx.Rollback() // err says more
		return err
	}
	return tx.Commit()
}
