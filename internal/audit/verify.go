package audit

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/redactd/redactd/internal/seglog"
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
	Policies int    `json:"policies,omitempty"`
	Break    *Break `json:"break,omitempty"`
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

// VerifyOptions say what a trail is held against beside itself.
type VerifyOptions struct {
	// Keys are public keys of checkpoints; without any, signatures are not
	// checked.
	Keys []string
	// Checkpoints are signed checkpoints that were kept elsewhere, by name.
	Checkpoints map[string][]byte
}

func (o VerifyOptions) verifiers() ([]note.Verifier, error) {
	var vs []note.Verifier
	for _, key := range o.Keys {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, errors.New("audit: the key is no public key (what redactd audit key prints)")
		}
		vs = append(vs, v)
	}
	return vs, nil
}

// Verify is VerifyWith without options.
func Verify(dir string) (Report, error) { return VerifyWith(dir, VerifyOptions{}) }

// VerifyWith reads the trail in dir and proves its chain, its tree and its
// checkpoints whole, or names the first place at which they are not. It may run
// while the trail is written. The error is for files that could not be read.
func VerifyWith(dir string, o VerifyOptions) (Report, error) {
	keys, err := o.verifiers()
	if err != nil {
		return Report{}, err
	}

	if _, err := os.Stat(dir); err != nil {
		return Report{}, fmt.Errorf("audit: %w", err)
	}
	for try := 0; ; try++ {
		// The head comes first: records may be added behind it meanwhile.
		h, headErr := readHead(dir)
		if headErr != nil && !isNoHead(headErr) {
			return Report{}, fmt.Errorf("audit: %w", headErr)
		}
		r, err := verify(dir, h, headErr, keys, o.Checkpoints)
		if err == nil && r.OK {
			return r, nil
		}
		// Retention may have removed files meanwhile. It moves the head's
		// first record, before it does.
		if now, _ := readHead(dir); now.first != h.first && try < maxTries {
			continue
		}
		if err != nil {
			err = fmt.Errorf("audit: %w", err)
		}
		return r, err
	}
}

// maxTries bounds how often retention may get in the way of one Verify.
const maxTries = 100

func verify(dir string, h head, headErr error, keys []note.Verifier, external map[string][]byte) (Report, error) {
	points, err := directoryPoints(dir)
	if err != nil {
		return Report{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(external)) {
		points = append(points, externalPoint(name, external[name]))
	}
	v := verifier{
		head: h, hasHead: headErr == nil, tree: newTreeCheck(keys, points),
		open:   func(s seglog.Segment) (io.ReadCloser, error) { return os.Open(s.Path) },
		policy: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) },
	}
	stored, err := v.tree.openStored(dir)
	if err != nil {
		return Report{}, err
	}
	if stored != nil {
		defer func() { _ = stored.Close() }()
	}
	if v.segs, err = seglog.List(dir, prefix); err != nil {
		return Report{}, err
	}
	return v.run(headErr)
}

// run reads all segments.
func (v *verifier) run(headErr error) (Report, error) {
	v.rep.Files = len(v.segs)
	for i := range v.segs {
		if err := v.file(i); err != nil {
			return Report{}, err
		}
		if v.rep.Break != nil {
			break
		}
	}
	v.finish(headErr)
	v.rep.Tree = &v.tree.rep
	v.rep.OK = v.rep.Break == nil
	return v.rep, nil
}

// verifier walks a trail. It holds two links of it at a time.
type verifier struct {
	open   func(seglog.Segment) (io.ReadCloser, error)
	policy func(name string) ([]byte, error) // the copy of a configuration

	tree    *treeCheck
	segs    []seglog.Segment
	head    head
	hasHead bool
	// prev is the hash that the first record must carry, where hasPrev is set.
	prev    hash
	hasPrev bool
	rep     Report
	// policyFault is the first copy of a policy that is not as it was written.
	policyFault *Break

	last   link
	lastAt place
	// doubt is a record whose number follows the last one and whose hash does
	// not: the record after it tells which of the two was edited.
	doubt   *record
	doubtAt place
}

type place struct {
	seg  int
	line int
}

func (v *verifier) file(i int) error {
	f, err := v.open(v.segs[i])
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines := seglog.NewLines(f, maxLine)
	for at := (place{i, 1}); v.rep.Break == nil; at.line++ {
		line, complete, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil && err != seglog.ErrLineTooLong {
			return err
		}
		if !complete {
			v.torn(at, len(line))
			return nil
		}
		if err := v.record(at, line); err != nil {
			return err
		}
	}
	return nil
}

// torn deals with a last line that has no line feed. At the end of the trail
// it is no fault by itself; finish sees whether a record is missing.
func (v *verifier) torn(at place, n int) {
	if at.seg < len(v.segs)-1 {
		v.fail(at, v.next(), Truncated, "the file ends within a record")
		return
	}
	v.rep.Torn = n
}

func (v *verifier) fail(at place, seq uint64, f Fault, detail string) {
	if v.rep.Break == nil {
		v.rep.Break = &Break{File: v.segs[at.seg].Name(), Line: at.line, Seq: seq, Fault: f, Detail: detail}
	}
}

// next is the number that the next record must have.
func (v *verifier) next() uint64 {
	switch {
	case v.doubt != nil:
		return v.doubt.seq + 1
	case v.rep.Records > 0:
		return v.last.seq + 1
	case v.hasHead:
		return v.head.first
	}
	return 1
}

func (v *verifier) record(at place, line []byte) error {
	rec, ok := parseRecord(line)
	if v.doubt != nil {
		v.settle(ok && rec.prev == v.doubt.hash)
		return nil
	}
	if !ok {
		v.fail(at, v.next(), Edited, "the line is not a record")
		return nil
	}
	if v.rep.Records == 0 {
		if err := v.begin(at, rec); err != nil || v.rep.Break != nil {
			return err
		}
	} else if rec.seq != v.last.seq+1 {
		return v.misplaced(at, rec)
	} else if rec.prev != v.last.hash {
		v.doubt, v.doubtAt = &rec, at
		return nil
	}
	if v.hasHead && rec.seq == v.head.last.seq && rec.hash != v.head.last.hash {
		v.fail(at, rec.seq, Edited, "the record is not the one that the head file names")
		return nil
	}
	v.rep.Records++
	v.rep.Last, v.rep.Hash = rec.seq, string(rec.hash[:])
	v.last, v.lastAt = rec.link, at
	if v.rep.Records == 1 {
		if err := v.tree.skip(rec.seq); err != nil {
			return err
		}
	}
	if err := v.tree.add(rec.seq, line, at, v.segs[at.seg].Name()); err != nil {
		return err
	}
	if e, ok := decodeMarker(line); ok {
		return v.marker(&e)
	}
	return nil
}

// begin checks the first record that is left of the trail.
func (v *verifier) begin(at place, rec record) error {
	if rec.prev == genesis && rec.seq != 1 {
		v.fail(at, 1, Edited, "the number of the record was changed")
		return nil
	}
	if v.hasHead && rec.seq > v.head.first {
		return v.gap(at, v.head.first, rec.seq)
	}
	if !v.hasHead && rec.seq > 1 {
		// Nothing says where the trail began; finish reports the missing head.
		v.rep.First = rec.seq
		return nil
	}
	if rec.seq == 1 && rec.prev != genesis {
		v.fail(at, 1, Edited, "the first record does not begin a chain")
	}
	if v.hasPrev && rec.prev != v.prev {
		v.fail(at, rec.seq, Edited, "it does not carry the hash of the record before")
	}
	v.rep.First = rec.seq
	return nil
}

// misplaced names the fault of a record whose number does not follow.
func (v *verifier) misplaced(at place, rec record) error {
	switch {
	case rec.prev == v.last.hash:
		v.fail(at, v.last.seq+1, Edited, "the number of the record was changed")
	case rec.seq <= v.last.seq:
		v.fail(at, rec.seq, Duplicated, "the number was there before")
	default:
		return v.gap(at, v.last.seq+1, rec.seq)
	}
	return nil
}

// gap tells deleted records from moved ones by looking for the missing one in
// the rest of the trail.
func (v *verifier) gap(at place, want, got uint64) error {
	found, err := v.find(at, want)
	if err != nil {
		return err
	}
	if found {
		v.fail(at, want, Reordered, fmt.Sprintf("record %d stands in its place", got))
	} else {
		v.fail(at, want, Deleted, fmt.Sprintf("records %d to %d are missing", want, got-1))
	}
	return nil
}

func (v *verifier) find(from place, seq uint64) (bool, error) {
	for _, s := range v.segs[from.seg:] {
		found, err := v.findIn(s, seq)
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

func (v *verifier) findIn(s seglog.Segment, seq uint64) (bool, error) {
	f, err := v.open(s)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	for lines := seglog.NewLines(f, maxLine); ; {
		line, _, err := lines.Next()
		switch {
		case err == io.EOF:
			return false, nil
		case err == seglog.ErrLineTooLong:
			continue
		case err != nil:
			return false, err
		}
		if rec, ok := parseRecord(line); ok && rec.seq == seq {
			return true, nil
		}
	}
}

// settle decides whether the record in doubt or the one before was edited.
func (v *verifier) settle(doubtIsWhole bool) {
	if doubtIsWhole {
		v.fail(v.lastAt, v.last.seq, Edited, "the record after it carries another hash")
		return
	}
	v.fail(v.doubtAt, v.doubt.seq, Edited, "it does not carry the hash of the record before")
}

// finish holds the end of the trail against its head.
func (v *verifier) finish(headErr error) {
	if v.doubt != nil && v.rep.Break == nil {
		v.settle(v.hasHead && v.doubt.link == v.head.last)
	}
	if v.rep.Break != nil || (len(v.segs) == 0 && errors.Is(headErr, fs.ErrNotExist)) {
		return
	}
	switch {
	case errors.Is(headErr, errHeadDamaged):
		v.rep.Break = &Break{File: headName, Seq: v.rep.Last, Fault: Edited, Detail: "the head file is not as it was written"}
	case !v.hasHead:
		v.rep.Break = &Break{File: headName, Seq: v.rep.Last, Fault: Deleted, Detail: "without the head file the end of the trail cannot be proved"}
	case v.rep.Last < v.head.last.seq:
		b := &Break{File: headName, Seq: max(v.next(), v.head.first), Fault: Truncated}
		b.Detail = fmt.Sprintf("records %d to %d are missing at the end", b.Seq, v.head.last.seq)
		if n := len(v.segs); n > 0 {
			b.File, b.Line = v.segs[n-1].Name(), 1
			if v.rep.Records > 0 && v.lastAt.seg == n-1 {
				b.Line = v.lastAt.line + 1
			}
		}
		v.rep.Break = b
	}
	if v.rep.Break == nil {
		end := Break{File: headName}
		if n := len(v.segs); n > 0 {
			end.File, end.Line = v.segs[n-1].Name(), 1
			if v.rep.Records > 0 && v.lastAt.seg == n-1 {
				end.Line = v.lastAt.line + 1
			}
		}
		v.tree.finish(v.rep.Last, end)
		v.rep.Break = cmp.Or(v.tree.fault, v.policyFault)
	}
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
