package seglog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const (
	filePerm = 0o600
	dirPerm  = 0o700
	lockName = "LOCK"
)

var (
	// ErrLocked says that another process, or another opener in this one, owns
	// the directory.
	ErrLocked = errors.New("directory is in use by another redactd")
	// ErrClosed says that Segments was closed.
	ErrClosed = errors.New("seglog: closed")
)

// File is what Segments needs of an open segment. Writes append.
type File interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
	Close() error
}

// Options say where segments lie and when they rotate.
type Options struct {
	Dir    string
	Prefix string // of the file names: "audit" gives audit-00000001-20060102T150405Z.ndjson
	// MaxSize is the size in bytes that a segment has at most, unless one
	// commit alone is larger; 0 means no limit.
	MaxSize int64
	// MaxAge is how long a segment is appended to; 0 means no limit.
	MaxAge time.Duration
	// MaxFiles is how many segments are kept; 0 means all.
	MaxFiles int
	// BeforeRemove is called before old segments are removed, with the oldest
	// one that stays. An error keeps them until the next rotation.
	BeforeRemove func(oldest Segment) error

	// Now and OpenFile stand in for the clock and the file system in tests;
	// nil means the real ones.
	Now      func() time.Time
	OpenFile func(name string) (File, error)
}

// Repair says what Open found at the end of the newest segment.
type Repair struct {
	Segment Segment
	Cut     int64 // bytes of a torn tail that were cut off; 0 for none
}

// Segments appends commits to the newest file of a directory that it has
// locked. It is not safe for concurrent use.
type Segments struct {
	opt  Options
	lock *os.File
	file File // nil until the first commit where the directory was empty
	cur  Segment
	size int64 // of what is committed in cur
	// dirty is set while cur may hold bytes past size.
	dirty  bool
	closed bool
}

// Open locks dir, creating it if need be, and cuts off a torn tail.
func Open(o Options) (*Segments, Repair, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OpenFile == nil {
		o.OpenFile = openFile
	}
	if o.Dir == "" || o.Prefix == "" {
		return nil, Repair{}, errors.New("seglog: no directory or prefix")
	}
	if err := os.MkdirAll(o.Dir, dirPerm); err != nil {
		return nil, Repair{}, err
	}
	l, err := lock(filepath.Join(o.Dir, lockName))
	if err != nil {
		return nil, Repair{}, fmt.Errorf("%s: %w", o.Dir, err)
	}
	s := &Segments{opt: o, lock: l}
	rep, err := s.resume()
	if err != nil {
		_ = s.Close()
		return nil, Repair{}, err
	}
	return s, rep, nil
}

func openFile(name string) (File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, filePerm)
}

func (s *Segments) resume() (Repair, error) {
	segs, err := List(s.opt.Dir, s.opt.Prefix)
	if err != nil || len(segs) == 0 {
		return Repair{}, err
	}
	s.cur = segs[len(segs)-1]
	whole, size, err := wholeLines(s.cur.Path)
	if err != nil {
		return Repair{}, err
	}
	if s.file, err = s.opt.OpenFile(s.cur.Path); err != nil {
		return Repair{}, err
	}
	s.size = whole
	rep := Repair{Segment: s.cur, Cut: size - whole}
	if rep.Cut == 0 {
		return rep, nil
	}
	return rep, s.rewind()
}

// wholeLines returns the length of the file up to and with its last line feed,
// and its size.
func wholeLines(path string) (whole, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	size = st.Size()
	buf := make([]byte, 64<<10)
	for end := size; end > 0; {
		start := max(0, end-int64(len(buf)))
		part := buf[:end-start]
		if _, err := f.ReadAt(part, start); err != nil {
			return 0, 0, err
		}
		for i := len(part) - 1; i >= 0; i-- {
			if part[i] == '\n' {
				return start + int64(i) + 1, size, nil
			}
		}
		end = start
	}
	return 0, size, nil
}

// Current returns the segment that is appended to, and the bytes committed in it.
func (s *Segments) Current() (Segment, int64) { return s.cur, s.size }

// CutTo shortens the newest segment to size, which must be the end of a line.
func (s *Segments) CutTo(size int64) error {
	if s.closed {
		return ErrClosed
	}
	if s.file == nil || size > s.size {
		return errors.New("seglog: nothing to cut")
	}
	s.size = size
	return s.rewind()
}

// rewind removes what lies past the committed size.
func (s *Segments) rewind() error {
	s.dirty = true
	if err := s.file.Truncate(s.size); err != nil {
		return err
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.dirty = false
	return nil
}

// Commit appends the chunks, each one or more whole lines, and returns when
// they are on disk. On error none of them is there: what was written is cut
// off again, at the latest before the next commit or by the next Open. A
// chunk is not kept or changed.
func (s *Segments) Commit(chunks ...[]byte) error {
	if s.closed {
		return ErrClosed
	}
	var total int64
	for _, c := range chunks {
		if len(c) > 0 && c[len(c)-1] != '\n' {
			return errors.New("seglog: chunk does not end a line")
		}
		total += int64(len(c))
	}
	if total == 0 {
		return nil
	}
	// A segment whose end is uncertain is never left behind as complete.
	if s.dirty {
		if err := s.rewind(); err != nil {
			return err
		}
	}
	if s.full(total) {
		if err := s.rotate(); err != nil {
			return err
		}
	}
	if err := s.write(chunks); err != nil {
		return errors.Join(err, s.rewind())
	}
	s.size += total
	return nil
}

func (s *Segments) write(chunks [][]byte) error {
	s.dirty = true
	for _, c := range chunks {
		n, err := s.file.Write(c)
		if err == nil && n < len(c) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.dirty = false
	return nil
}

func (s *Segments) full(more int64) bool {
	switch {
	case s.file == nil:
		return true
	case s.size == 0:
		return false
	case s.opt.MaxSize > 0 && s.size+more > s.opt.MaxSize:
		return true
	}
	return s.opt.MaxAge > 0 && s.opt.Now().Sub(s.cur.Created) >= s.opt.MaxAge
}

// rotate begins the next segment. The one before is whole and synced.
func (s *Segments) rotate() error {
	now := s.opt.Now().UTC()
	next := Segment{Number: s.cur.Number + 1, Created: now.Truncate(time.Second)}
	next.Path = filepath.Join(s.opt.Dir, segmentName(s.opt.Prefix, next.Number, now))
	f, err := s.opt.OpenFile(next.Path)
	if err != nil {
		return err
	}
	if err := syncDir(s.opt.Dir); err != nil {
		_ = f.Close()
		_ = os.Remove(next.Path)
		return err
	}
	if s.file != nil {
		_ = s.file.Close() // synced: nothing is left to fail
	}
	s.file, s.cur, s.size, s.dirty = f, next, 0, false
	s.prune()
	return nil
}

// prune removes old segments. A failure leaves more files than wanted and is
// tried again at the next rotation; it must not stop the writing.
func (s *Segments) prune() {
	if s.opt.MaxFiles <= 0 {
		return
	}
	segs, err := List(s.opt.Dir, s.opt.Prefix)
	if err != nil || len(segs) <= s.opt.MaxFiles {
		return
	}
	drop := len(segs) - s.opt.MaxFiles
	if s.opt.BeforeRemove != nil && s.opt.BeforeRemove(segs[drop]) != nil {
		return
	}
	for _, old := range segs[:drop] {
		if os.Remove(old.Path) != nil {
			return // oldest first, so that no gap arises
		}
	}
	_ = syncDir(s.opt.Dir)
}

// Close gives the directory free. It may be called twice.
func (s *Segments) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.file != nil {
		if s.dirty {
			err = s.rewind()
		}
		err = errors.Join(err, s.file.Close())
	}
	return errors.Join(err, s.lock.Close())
}
