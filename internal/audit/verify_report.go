package audit

import (
	"fmt"
	"io"
	"time"
)

// Fault says what is wrong with a record.
type Fault string

// The faults.
const (
	Edited     Fault = "edited"
	Deleted    Fault = "deleted"
	Reordered  Fault = "reordered"
	Duplicated Fault = "duplicated"
	Truncated  Fault = "truncated"   // the end of the trail is missing
	Replaced   Fault = "replaced"    // a checkpoint is another one
	RolledBack Fault = "rolled back" // a checkpoint kept elsewhere knows more
)

// Break is the first place where the chain does not hold.
type Break struct {
	File   string `json:"file"`           // name within the directory
	Line   int    `json:"line,omitempty"` // counts from 1; 0 for the head file
	Seq    uint64 `json:"seq"`            // number of the record at fault
	Fault  Fault  `json:"fault"`
	Detail string `json:"detail"`
}

// Marker is a record that the trail wrote about itself.
type Marker struct {
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	Note string    `json:"note"`
	// Count is the number of findings that the marker speaks of.
	Count uint64 `json:"count,omitempty"`
}

func marker(e *Event) Marker { return Marker{Seq: e.Seq, Time: e.Time, Note: e.Note, Count: e.Count} }

func (m Marker) text() string {
	if m.Count > 0 {
		return fmt.Sprintf("%d %s", m.Count, m.Note)
	}
	return m.Note
}

// Report is what Verify found.
type Report struct {
	// OK says that every record from First to Last is as it was written.
	OK      bool   `json:"ok"`
	Files   int    `json:"files"`
	Records uint64 `json:"records"` // that were read, up to the break
	First   uint64 `json:"first"`   // above 1 where retention has removed older records
	Last    uint64 `json:"last"`
	// Hash is that of the last record. Kept elsewhere, it proves later that
	// the trail up to here is still the same.
	Hash string `json:"hash,omitempty"`
	// Torn is the number of bytes of an incomplete record at the end, which
	// was being written or was left by a crash, and never acknowledged.
	Torn int         `json:"torn,omitempty"`
	Tree *TreeReport `json:"tree,omitempty"`
	// Archive is set where an archive was read.
	Archive *ArchiveReport `json:"archive,omitempty"`
	Markers []Marker       `json:"markers,omitempty"`
	// Policies is how often a configuration came into force.
	Policies int `json:"policies,omitempty"`
	// Statements is how many records are of what redactd says of its own work.
	Statements uint64 `json:"statements,omitempty"`
	Break      *Break `json:"break,omitempty"`
}

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	var err error
	printf := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format, args...)
		}
	}
	switch {
	case !r.OK && r.Break != nil:
		b := r.Break
		printf("BROKEN at %s", b.File)
		if b.Line > 0 {
			printf(":%d", b.Line)
		}
		printf(", record %d: %s: %s\n", b.Seq, b.Fault, b.Detail)
		if r.Records > 0 {
			printf("records read before it: %d (from %d to %d)\n", r.Records, r.First, r.Last)
		}
	case r.Records == 0:
		printf("OK: the trail is empty\n")
	default:
		printf("OK: %d records in %d files, from %d to %d, are as they were written\n", r.Records, r.Files, r.First, r.Last)
		if r.First > 1 {
			printf("records before %d were removed by retention; verified from %d on\n", r.First, r.First)
		}
		printf("last record: %d %s\n", r.Last, r.Hash)
		r.Tree.write(printf)
	}
	if r.OK {
		r.Archive.write(printf)
	}
	if r.Torn > 0 {
		printf("note: %d bytes of an incomplete record at the end, not yet acknowledged\n", r.Torn)
	}
	for _, m := range r.Markers {
		printf("note: record %d, %s: %s\n", m.Seq, m.Time.Format(time.RFC3339), m.text())
	}
	return err
}

// write tells of the tree.
func (t *TreeReport) write(printf func(string, ...any)) {
	if t == nil {
		return
	}
	printf("root of the tree: %d %s\n", t.Size, t.Root)
	switch {
	case t.Checkpoints == 0:
		printf("no checkpoint was signed\n")
	case t.Signed < t.Checkpoints:
		printf("%d checkpoints fit, the last of %d records%s; their signatures were not checked (--key)\n", t.Checkpoints, t.Last.Size, onDate(t.Last))
	default:
		printf("%d checkpoints fit and are signed by %s, the last of %d records%s\n", t.Checkpoints, t.Last.Origin, t.Last.Size, onDate(t.Last))
	}
	if t.Checkpoints > 0 && t.Newer > 0 {
		printf("%d records are newer than the last checkpoint\n", t.Newer)
	}
}
