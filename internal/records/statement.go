package records

// Statement is what the statements of one kind in a batch of a trail amount to. There is
// one file for each kind, statement_x.go.
type Statement interface {
	// put adds it to its tables. It writes rows in one order for all, so that two
	// replicas do not wait for each other.
	put(tx *Tx) error
}
