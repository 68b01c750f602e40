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

	"golang.org/x/mod/sumdb/note"

	"github.com/redactd/redactd/internal/seglog"
)

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
	own := len(points) > 0
	for _, name := range slices.Sorted(maps.Keys(external)) {
		points = append(points, externalPoint(name, external[name]))
	}
	v := verifier{
		head: h, hasHead: headErr == nil, tree: newTreeCheck(keys, points),
		open:   func(s seglog.Segment) (io.ReadCloser, error) { return os.Open(s.Path) },
		policy: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) },
	}
	v.tree.own = own
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
