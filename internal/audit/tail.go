package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/redactd/redactd/internal/seglog"
)

// Reader reads the records of a trail in order, while it is written. It sees a record
// once the head names it, when it is on disk for good: what a crash or a failed write
// takes back is never read. It is not safe for concurrent use.
type Reader struct {
	dir  string
	last uint64 // number of the record read last
	d    decoder

	// Where the record after last begins, once it was found.
	at     seglog.Segment
	offset int64
	found  bool
}

// Chunk is what a Reader returns at once.
type Chunk struct {
	Events []Event
	// First and Last are the numbers of the records that were read or found missing;
	// both 0 where there is nothing new.
	First, Last uint64
	// Missing is how many of these are gone: retention removed them before they were
	// read. Unreadable is how many lines are no records; Verify says what is wrong.
	Missing, Unreadable uint64
	// More says that there is more to read at once.
	More bool
}

// ErrBehind says that the trail ends before the record that was read last.
var ErrBehind = errors.New("audit: the trail ends before the record that was read last (it was cut off, or is another one)")

// NewReader returns a Reader of the records of the trail in dir after number after.
func NewReader(dir string, after uint64) *Reader { return &Reader{dir: dir, last: after} }

// Read returns up to limit records that follow those returned before. Where there are
// none yet, the chunk is empty.
func (r *Reader) Read(limit int) (Chunk, error) {
	for try := 0; ; try++ {
		c, err := r.read(limit)
		if errors.Is(err, fs.ErrNotExist) && try < maxTries {
			r.found = false // retention got in the way
			continue
		}
		if err != nil && !errors.Is(err, ErrBehind) {
			err = fmt.Errorf("audit: %w", err)
		}
		return c, err
	}
}

func (r *Reader) read(limit int) (Chunk, error) {
	h, err := readHead(r.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Chunk{}, nil // nothing was written yet
	case err != nil:
		return Chunk{}, err
	case h.last.seq < r.last:
		return Chunk{}, ErrBehind
	case h.last.seq == r.last:
		return Chunk{}, nil
	}
	segs, err := seglog.List(r.dir, prefix)
	if err != nil {
		return Chunk{}, err
	}
	c := Chunk{First: r.last + 1}
	if !r.found {
		if err := r.seek(segs); err != nil {
			return Chunk{}, err
		}
	}
	was, offset := r.at, r.offset
	last, err := r.gather(segs, h.last.seq, limit, &c)
	if err != nil {
		r.at, r.offset = was, offset
		return Chunk{}, err
	}
	if len(c.Events) < limit && last < h.last.seq {
		// No file has them: retention, or somebody, took them away.
		c.Missing += h.last.seq - last
		last = h.last.seq
	}
	r.last, c.Last, c.More = last, last, last < h.last.seq
	return c, nil
}

// seek finds the file in which the record after r.last stands: the last one that does not
// begin behind it.
func (r *Reader) seek(segs []seglog.Segment) error {
	r.found, r.at, r.offset = true, seglog.Segment{}, 0
	for i := len(segs) - 1; i >= 0; i-- {
		rec, ok, err := firstRecord(segs[i].Path)
		if err != nil {
			return err
		}
		if r.at = segs[i]; ok && rec.seq <= r.last+1 {
			return nil
		}
	}
	return nil
}

// gather reads records up to number end into c, from where r stands over all files, and
// returns the number of the last one.
func (r *Reader) gather(segs []seglog.Segment, end uint64, limit int, c *Chunk) (last uint64, err error) {
	last = r.last
	for _, seg := range segs {
		if seg.Number < r.at.Number {
			continue
		}
		if seg.Number > r.at.Number {
			r.at, r.offset = seg, 0
		}
		if last, err = r.file(last, end, limit, c); err != nil || last == end || len(c.Events) >= limit {
			return last, err
		}
	}
	return last, nil
}

// file reads on in the file at which r stands.
func (r *Reader) file(last, end uint64, limit int, c *Chunk) (uint64, error) {
	f, err := os.Open(r.at.Path)
	if err != nil {
		return last, err
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(r.offset, io.SeekStart); err != nil {
		return last, err
	}
	start := r.offset
	for lines := seglog.NewLines(f, maxLine); last < end && len(c.Events) < limit; r.offset = start + lines.Offset() {
		line, complete, err := lines.Next()
		switch {
		case err == io.EOF, err == nil && !complete:
			return last, nil
		case err == seglog.ErrLineTooLong:
			c.Unreadable++
			continue
		case err != nil:
			return last, err
		}
		var e Event
		if r.d.decode(line, &e) != nil || e.Seq == 0 || e.Seq > end {
			c.Unreadable++
			continue
		}
		if e.Seq <= last {
			continue
		}
		c.Missing += e.Seq - last - 1
		last = e.Seq
		c.Events = append(c.Events, e)
	}
	return last, nil
}

// Dropped is how many findings e says have no record, if it is the marker that tells so.
func (e *Event) Dropped() uint64 {
	if e.Note != noteDropped {
		return 0
	}
	return e.Count
}

// Written returns the number of the last record of the trail in dir, 0 where there is none.
func Written(dir string) (uint64, error) {
	h, err := readHead(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("audit: %w", err)
	}
	return h.last.seq, nil
}

const idName = "ID"

// ID returns what tells the trail in dir from all others, "" for one without records. It
// is the hash of record 1, and is noted in a file beside the records since retention
// removes that one.
func ID(dir string) (string, error) {
	segs, err := seglog.List(dir, prefix)
	if err != nil {
		return "", fmt.Errorf("audit: %w", err)
	}
	file := filepath.Join(dir, idName)
	noted, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("audit: %w", err)
	}
	id := strings.TrimSpace(string(noted))
	if len(segs) == 0 {
		return id, nil
	}
	rec, ok, err := firstRecord(segs[0].Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !ok:
		return id, nil
	case err != nil:
		return "", fmt.Errorf("audit: %w", err)
	case rec.seq != 1 && id != "":
		return id, nil
	}
	// Without a note, the first record that is left has to do.
	first := string(rec.hash[:32])
	if first == id {
		return id, nil
	}
	if err := os.WriteFile(file, []byte(first+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("audit: %w", err)
	}
	return first, nil
}
