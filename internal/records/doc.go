// Package records keeps what operators ask about in a database, SQLite in one file or
// PostgreSQL: which errors there were, with what they said, and which secrets leaked where. One schema and one code serve
// both; what differs between them is in engine_*.go.
//
// It answers questions and is no proof: the audit trail is the record of events. What comes
// from there is put in with the number of the event that it comes from (Tx.Advance), in the
// same transaction, so that it is in once, whatever is killed when.
//
// Terminology:
//
//   - engine: a kind of database, told by the scheme of a DSN
//   - error group: equal errors, counted; see package errlog for what makes them equal
//   - occurrence: one error response
//   - reference: the id under which a client was told of it; clients choose request ids, so
//     it may stand for several occurrences
//   - original: the body of an error response as the upstream wrote it, without secrets
//   - sealed original: the same with them, encrypted to keys that redactd does not have
//   - leak: all findings of one value, by its keyed fingerprint; place: where it was found
//   - position: up to where a source was read
//
// Times are whole microseconds since 1970 in UTC. Text is UTF-8 without NUL, which
// PostgreSQL can't keep.
package records
