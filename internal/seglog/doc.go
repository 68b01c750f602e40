// Package seglog appends lines to a directory of rotating files so that what
// was acknowledged is on disk, and what was not leaves no trace.
//
// Terminology:
//
//   - segment: one file of the directory; the newest one is appended to
//   - commit: lines that reach the disk together or not at all
//   - torn tail: a last line without its line feed, left by a crash
//
// [Segments] owns the files and is used by one goroutine. [Committer] is that
// goroutine: it collects what many callers hand in while the disk is busy, and
// makes one commit of it, so that concurrent callers share one fsync. Both the
// audit trail and the log store stand on the two.
package seglog
