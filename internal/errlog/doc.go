// Package errlog takes reports of error responses off the way of the answers, and brings
// them to where developers look for them: the database of records, a collector of
// OpenTelemetry, Sentry.
//
// Terminology:
//
//   - report: what is told of one error response
//   - group: equal errors, by the fingerprint of Fingerprint
//   - sink: where reports go, one file each
//   - lane: the queue of a sink and the goroutine that empties it
//   - to strip a report is to drop its original, to count it is to keep nothing of it but
//     the count of its group
//
// What happens to a report:
//
//	Report ─► intake ─► prepare: seal, wipe, compress ─► lane of each sink ─► batch ─► sink
//
// No step waits for a later one. Intake and lanes are bounded: a report that does not fit
// is stripped, and where there is no room for that either it is counted, so that counts
// stay exact however long a sink is away.
package errlog
