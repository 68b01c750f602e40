// Package projector reads the audit trail into the records: which values leaked where
// (leaks), how many findings there were in each hour, and what redactd states of its own
// work.
//
// The trail is what it goes by, and where events wait: a database that can't be reached
// costs no memory. How far a trail was read stands in the database and moves with what was
// read, in one transaction, so that each record counts once, whoever reads it and whatever
// is killed when. Each replica reads its own trail; what they find adds up.
//
// Terminology:
//
//   - source: a trail, by the name of its position in the records
//   - loss: what of a trail can't be counted, because it is gone or was never written
package projector
