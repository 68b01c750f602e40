package audit

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// TreeReport is what Verify found of the Merkle tree and its checkpoints.
type TreeReport struct {
	// Size and Root are those of the tree over the records read.
	Size uint64 `json:"size"`
	Root string `json:"root"`
	// Checkpoints is how many fit, the trail's own and those given; Signed, how
	// many of them are signed by a key that was given.
	Checkpoints int `json:"checkpoints"`
	Signed      int `json:"signed"`
	// Last is the largest of them.
	Last Checkpoint `json:"last,omitzero"`
	// Newer is the number of records that no checkpoint covers.
	Newer uint64 `json:"newer"`
}

// point is a checkpoint that the tree has to fit.
type point struct {
	name     string // as reports call it
	size     uint64 // by which it comes
	msg      []byte
	external bool // it was kept outside of the trail
	loose    bool // those before it need not be there
	err      error
}

// treeCheck grows a tree from the records as they are read, holds it against
// the stored hashes and every checkpoint, and keeps the first fault.
type treeCheck struct {
	keys   []note.Verifier
	points []point // by size; those not reached yet
	good   Checkpoint
	prev   uint64 // size of the last checkpoint of the directory
	own    bool   // there are checkpoints of the directory, which keeps all that are signed
	real   frontier
	buf    []tlog.Hash

	stored   *bufio.Reader // nil without the file
	storedN  int64
	doubtful bool // the stored hashes did not fit: they are left alone
	unrooted bool // what came before the first record is not known
	rep      TreeReport
	fault    *Break
}

func newTreeCheck(keys []note.Verifier, points []point) *treeCheck {
	// One of the directory comes before a copy of it.
	slices.SortStableFunc(points, func(a, b point) int { return cmp.Compare(a.size, b.size) })
	return &treeCheck{keys: keys, points: points}
}

// directoryPoints are the checkpoints of a trail.
func directoryPoints(dir string) ([]point, error) {
	files, err := listCheckpoints(dir)
	if err != nil {
		return nil, err
	}
	points := make([]point, 0, len(files))
	for _, f := range files {
		msg, err := f.read()
		points = append(points, point{name: f.name(), size: f.size, msg: msg, err: err})
	}
	return points, nil
}

// externalPoint is a checkpoint kept elsewhere.
func externalPoint(name string, msg []byte) point {
	p := point{name: name, msg: msg, external: true, loose: true}
	c, err := openCheckpoint(msg)
	p.size, p.err = c.Size, err
	return p
}

func (t *treeCheck) fail(b Break) {
	if t.fault == nil {
		t.fault = &b
	}
}

// skip goes over the records before number first, which retention has removed,
// by their stored hashes.
func (t *treeCheck) skip(first uint64) error {
	for uint64(t.real.n)+1 < first {
		if t.stored == nil || t.real.n >= t.storedN {
			t.unrooted = true
			return nil
		}
		leaf, err := t.next()
		if err != nil {
			return err
		}
		if err := t.grow(leaf, place{}, "", true); err != nil {
			return err
		}
	}
	return nil
}

func (t *treeCheck) next() (h tlog.Hash, err error) {
	_, err = io.ReadFull(t.stored, h[:])
	return h, err
}

// add adds the record of that number, which stands at line of file.
func (t *treeCheck) add(seq uint64, line []byte, at place, file string) error {
	if t.unrooted || t.fault != nil {
		return nil
	}
	if uint64(t.real.n)+1 != seq {
		t.unrooted = true
		return nil
	}
	leaf := leafOf(line)
	if t.real.n < t.storedN && !t.doubtful {
		stored, err := t.next()
		if err != nil {
			return err
		}
		if stored != leaf {
			t.doubtful = true
			t.fail(Break{File: file, Line: at.line, Seq: seq, Fault: Edited, Detail: "the tree has another hash for this record"})
		}
	}
	return t.grow(leaf, at, file, t.real.n < t.storedN && !t.doubtful)
}

// grow adds a leaf, compares the nodes that are complete with it, and looks at
// the checkpoints of that size.
func (t *treeCheck) grow(leaf tlog.Hash, at place, file string, compare bool) error {
	t.buf = t.real.add(leaf, t.buf)
	for l := 1; compare && l < len(t.buf); l++ {
		stored, err := t.next()
		if err != nil {
			return err
		}
		if stored != t.buf[l] {
			t.doubtful = true
			t.fail(Break{File: treeName, Seq: uint64(t.real.n), Fault: Edited, Detail: "the hashes of the tree do not fit together"})
			break
		}
	}
	t.reached()
	return nil
}

// reached looks at the checkpoints of the size that the tree has now.
func (t *treeCheck) reached() {
	for len(t.points) > 0 && t.points[0].size <= uint64(t.real.n) && t.fault == nil {
		p := t.points[0]
		t.points = t.points[1:]
		c, ok := t.open(p)
		if !ok {
			return
		}
		if c.Root != t.real.root() {
			t.mismatch(p)
			return
		}
		if p.external && c.Size > t.prev && t.own {
			t.fail(Break{File: checkpointPath("", c.Size), Seq: c.Size, Fault: Deleted, Detail: "the checkpoint is missing: " + p.name + " is a copy of it"})
			return
		}
		t.accept(c)
	}
}

// open reads a checkpoint and checks all of it but its root.
func (t *treeCheck) open(p point) (Checkpoint, bool) {
	bad := func(f Fault, detail string) (Checkpoint, bool) {
		t.fail(Break{File: p.name, Seq: p.size, Fault: f, Detail: detail})
		return Checkpoint{}, false
	}
	if p.err != nil {
		return bad(Edited, "it is no checkpoint")
	}
	c, err := openCheckpoint(p.msg, t.keys...)
	switch {
	case errors.Is(err, ErrSignature):
		return bad(Replaced, "it "+err.Error())
	case err != nil:
		return bad(Edited, "it is no checkpoint")
	case c.Size != p.size:
		return bad(Replaced, fmt.Sprintf("it is that of %d records", c.Size))
	case !p.loose && c.Previous != t.prev:
		if c.Previous < t.prev {
			return bad(Replaced, fmt.Sprintf("it does not follow the one of %d records", t.prev))
		}
		t.fail(Break{File: checkpointPath("", c.Previous), Seq: c.Previous, Fault: Deleted, Detail: "the checkpoint is missing: " + p.name + " names it"})
		return c, false
	case !c.Time.IsZero() && c.Time.Before(t.good.Time) && !p.external:
		return bad(Replaced, "it is older than the one before")
	}
	if !p.external {
		t.prev = c.Size
	}
	return c, true
}

func (t *treeCheck) accept(c Checkpoint) {
	t.rep.Checkpoints++
	if len(t.keys) > 0 {
		t.rep.Signed++
	}
	if c.Size >= t.good.Size {
		t.good = c
	}
}

// mismatch tells of a checkpoint with another root.
func (t *treeCheck) mismatch(p point) {
	which := fmt.Sprintf("records %d to %d", t.good.Size+1, p.size)
	b := Break{File: p.name, Seq: t.good.Size + 1, Fault: Edited, Detail: which + " are not those that were signed"}
	if len(t.keys) == 0 {
		b.Fault, b.Seq, b.Detail = Replaced, p.size, "it does not fit "+which+" (with --key it would be known which of the two was changed)"
	}
	t.fail(b)
}

// finish looks at what the tree did not come to. end is the place behind the
// last record.
func (t *treeCheck) finish(last uint64, end Break) {
	if t.fault == nil && t.unrooted {
		if len(t.points) > 0 || t.storedN > 0 {
			t.fail(Break{File: treeName, Seq: last, Fault: Deleted, Detail: "the tree does not reach back to the first record that is left"})
		}
	} else if t.fault == nil {
		t.tail(last, end)
	}
	t.rep.Size, t.rep.Root = uint64(t.real.n), t.real.root().String()
	t.rep.Last = t.good
	t.rep.Newer = last - min(last, t.good.Size)
}

func (t *treeCheck) tail(last uint64, end Break) {
	t.reached() // those of an empty trail
	if len(t.points) > 0 {
		t.beyond(t.points[0], last, end)
		return
	}
	if uint64(t.storedN) > last && !t.doubtful {
		end.Seq, end.Fault = last+1, Truncated
		end.Detail = fmt.Sprintf("the tree knows records %d to %d, which are missing at the end", last+1, t.storedN)
		t.fail(end)
	}
}

// beyond tells of a checkpoint that knows more records.
func (t *treeCheck) beyond(p point, last uint64, end Break) {
	c, ok := t.open(p)
	if !ok {
		return
	}
	end.Seq, end.Fault = last+1, Truncated
	end.Detail = fmt.Sprintf("%s says that there were %d records: %d to %d are missing at the end", p.name, c.Size, last+1, c.Size)
	if p.external {
		end.Fault = RolledBack
		end.Detail = fmt.Sprintf("%s says that there were %d records%s: the trail is an older one, or records %d to %d were removed",
			p.name, c.Size, onDate(c), last+1, c.Size)
	}
	t.fail(end)
}

func onDate(c Checkpoint) string {
	if c.Time.IsZero() {
		return ""
	}
	return " on " + stamp(c.Time)
}

// openStored has the tree held against the stored hashes of dir.
func (t *treeCheck) openStored(dir string) (*os.File, error) {
	f, n, err := openHashes(dir)
	if err == nil && f != nil {
		t.stored, t.storedN = bufio.NewReaderSize(f, 64<<10), n
	}
	return f, err
}
