package records

import "time"

// Advance notes that the events of source up to number seq are taken in by this
// transaction. It returns false where they were before: then the transaction has nothing
// to do. A source is named by what makes its numbers unique, as "errors/" with an id of
// the process, or "trail/" with the replica and the trail.
func (tx *Tx) Advance(source string, seq uint64, now time.Time) (fresh bool, err error) {
	n, err := tx.Changed(`INSERT INTO positions (source, seq, updated) VALUES ($1, $2, $3)
		ON CONFLICT (source) DO UPDATE SET seq = excluded.seq, updated = excluded.updated
		WHERE positions.seq < excluded.seq`, clean(source, maxName), int64(seq), Micros(now))
	return n > 0, err
}

// Position returns up to which number the events of source were taken in, 0 for none.
func (tx *Tx) Position(source string) (uint64, error) {
	var seq int64
	err := tx.Row(`SELECT COALESCE(MAX(seq), 0) FROM positions WHERE source = $1`, clean(source, maxName)).Scan(&seq)
	return uint64(seq), err
}
