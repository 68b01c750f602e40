package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/redactd/redactd/internal/seglog"
)

// maxGap bounds, in records, what the tree counts as missing at once.
const maxGap = 1 << 22

// grower follows the records on disk and adds them to the tree. It reads what
// was written, behind the writer's back: recording pays nothing for the tree,
// nothing queues for it, and after a crash it goes on from what it finds. The
// tree is on disk up to the beginning of the segment at which the grower is, so
// that this is where it begins again.
type grower struct {
	dir string

	mu   sync.Mutex
	tree *tree // nil after close
	seg  seglog.Segment
	at   int64 // in the segment: behind the last record read

	broken bool // something failed: what is in memory may not be in the file
}

func openGrower(dir string) (*grower, error) {
	t, err := openTree(dir)
	if err != nil {
		return nil, err
	}
	g := &grower{dir: dir, tree: t}
	if err := g.rewind(); err != nil {
		_ = t.close()
		return nil, err
	}
	return g, nil
}

// rewind finds the segment at which the tree ends, and takes leaves off that a
// crash of the machine has left half-written: the tree is on disk up to that
// segment's first record. It does not compare it with the records, so that what
// the tree knows of lost ones stays.
func (g *grower) rewind() error {
	segs, err := seglog.List(g.dir, prefix)
	if err != nil {
		return err
	}
	for i := len(segs) - 1; i >= 0; i-- {
		rec, ok, err := firstRecord(segs[i].Path)
		if err != nil {
			return err
		}
		if !ok || int64(rec.seq) > g.tree.n+1 && i > 0 {
			continue
		}
		g.seg, g.at = segs[i], 0
		if int64(rec.seq) <= g.tree.n {
			return g.tree.trim(int64(rec.seq) - 1)
		}
		return nil
	}
	return nil
}

// size is the number of records in the tree.
func (g *grower) size() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tree == nil {
		return 0
	}
	return uint64(g.tree.n)
}

// grow adds the records up to number seq, which are on disk.
func (g *grower) grow(seq uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.growLocked(seq)
}

func (g *grower) growLocked(seq uint64) error {
	if g.tree == nil {
		return errors.New("tree is closed")
	}
	if g.broken {
		if err := g.reopen(); err != nil {
			return err
		}
	}
	g.broken = true // until it is known to be whole
	for uint64(g.tree.n) < seq {
		if err := g.read(seq); err != nil {
			return err
		}
		if uint64(g.tree.n) >= seq {
			break
		}
		more, err := g.next()
		if err != nil {
			return err
		}
		if !more {
			return fmt.Errorf("record %d is not there", g.tree.n+1)
		}
	}
	if err := g.tree.w.Flush(); err != nil {
		return err
	}
	g.broken = false
	return nil
}

// reopen begins again after a failure.
func (g *grower) reopen() error {
	t, err := openTree(g.dir)
	if err != nil {
		return err
	}
	_ = g.tree.f.Close()
	g.tree = t
	return g.rewind()
}

// next goes on to the next segment, with all before it on disk.
func (g *grower) next() (bool, error) {
	segs, err := seglog.List(g.dir, prefix)
	if err != nil {
		return false, err
	}
	for _, s := range segs {
		if s.Number > g.seg.Number {
			if err := g.tree.sync(); err != nil {
				return false, err
			}
			g.seg, g.at = s, 0
			return true, nil
		}
	}
	return false, nil
}

// read adds the records of the segment, up to number seq.
func (g *grower) read(seq uint64) error {
	if g.seg.Path == "" {
		return nil
	}
	f, err := os.Open(g.seg.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // retention removed it, once all of it was in the tree
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(g.at, io.SeekStart); err != nil {
		return err
	}
	start := g.at
	lines := seglog.NewLines(f, maxLine)
	for uint64(g.tree.n) < seq {
		line, complete, err := lines.Next()
		if err == io.EOF || err == nil && !complete {
			return nil
		}
		if err != nil && err != seglog.ErrLineTooLong {
			return err
		}
		if err == nil {
			if err := g.line(line); err != nil {
				return err
			}
		}
		g.at = start + lines.Offset()
	}
	return nil
}

// line adds a record. What is no record, or not in its place, is left to Verify.
func (g *grower) line(line []byte) error {
	seq, _, ok := parseLink(line)
	if !ok || int64(seq) <= g.tree.n {
		return nil
	}
	if int64(seq)-g.tree.n > maxGap {
		return fmt.Errorf("records %d to %d are missing", g.tree.n+1, seq-1)
	}
	for int64(seq) > g.tree.n+1 {
		if err := g.tree.append(missingLeaf); err != nil {
			return err
		}
	}
	return g.tree.append(leafOf(line))
}

// secure puts the tree on disk with all records up to seq, which may be removed
// then.
func (g *grower) secure(seq uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.growLocked(seq); err != nil {
		return err
	}
	return g.tree.sync()
}

func (g *grower) close() error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	err := g.tree.close()
	g.tree = nil
	return err
}
