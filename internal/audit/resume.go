package audit

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/redactd/redactd/internal/seglog"
)

// resume finds the end of the chain and writes markers about what it met.
//
// A crash can leave a torn line, or lines of a commit that was never
// acknowledged, behind the record that the head names: those are cut off. It
// cannot change records up to the head. Where they differ from the head,
// someone did that, and the chain goes on from the head, not from what is
// there: so the break stays in the trail for Verify to find.
func (t *Trail) resume(dir string, rep seglog.Repair) error {
	segs, err := seglog.List(dir, prefix)
	if err != nil {
		return err
	}
	h, headErr := readHead(dir)
	if headErr != nil && !isNoHead(headErr) {
		return headErr
	}
	if t.head, err = openHead(dir); err != nil {
		return err
	}
	end := tail{last: link{hash: genesis}}
	if len(segs) > 0 {
		if end, err = findTail(segs, h.last.seq); err != nil {
			return err
		}
	}
	var notes []string
	cut := rep.Cut
	if end.cut > 0 {
		_, size := t.segs.Current()
		if err := t.segs.CutTo(size - end.cut); err != nil {
			return err
		}
		cut += end.cut
	}
	if cut > 0 {
		notes = append(notes, fmt.Sprintf("trail repaired: %d bytes of an incomplete record cut off after record %d", cut, end.last.seq))
	}
	t.last, t.head.first = end.last, 1
	if headErr == nil {
		t.head.first = h.first
		notes = append(notes, t.compare(h, end)...)
	} else if len(segs) > 0 {
		notes = append(notes, fmt.Sprintf("head file was missing or damaged: records after %d may have been cut off before this one", end.last.seq))
		if rec, ok, err := firstRecord(segs[0].Path); err == nil && ok {
			t.head.first = rec.seq
		}
	} else if errors.Is(headErr, errHeadDamaged) {
		notes = append(notes, "trail begun anew: the head file was damaged and there were no records")
	}
	known, err := knownSize(dir)
	if err != nil {
		return err
	}
	if known > t.last.seq {
		notes = append(notes, fmt.Sprintf("records %d to %d are missing from the end of the trail, as its tree or checkpoints say", t.last.seq+1, known))
		t.last = link{seq: known, hash: noHash}
	}
	t.seq.Store(t.last.seq)
	if err := t.head.write(t.last, true); err != nil {
		return err
	}
	return t.mark(notes)
}

// noHash stands for that of a record of which only the number is known.
var noHash = func() (h hash) {
	for i := range h {
		h[i] = '0'
	}
	return h
}()

// knownSize is the number of records that the tree or a checkpoint knows.
func knownSize(dir string) (uint64, error) {
	f, n, err := openHashes(dir)
	if err != nil {
		return 0, err
	}
	if f != nil {
		_ = f.Close()
	}
	last, err := lastCheckpoint(dir)
	if err != nil {
		return uint64(n), nil // Verify says what is wrong with it
	}
	return max(uint64(n), last.Size), nil
}

// compare holds the end of the trail against its head. Where they differ the
// trail goes on from the head.
func (t *Trail) compare(h head, end tail) []string {
	switch {
	case end.last.seq < h.last.seq:
		t.last = h.last
		return []string{fmt.Sprintf("records %d to %d are missing from the end of the trail", end.last.seq+1, h.last.seq)}
	case end.last.seq == h.last.seq && end.last.hash != h.last.hash:
		t.last = h.last
		return []string{fmt.Sprintf("record %d is not the one that the head file names", h.last.seq)}
	}
	return nil
}

// mark writes one marker for each note.
func (t *Trail) mark(notes []string) error {
	var events []Event
	for _, n := range notes {
		events = append(events, Event{Time: t.now(), Note: n})
	}
	if len(events) == 0 {
		return nil
	}
	b, err := newBatch(events)
	if err != nil {
		return err
	}
	return t.commit([]batch{b})
}

// tail is the end of a trail as it lies on disk.
type tail struct {
	last link
	cut  int64 // bytes at the end of the newest segment that are no records
}

// findTail reads the newest segment that has records. Lines behind record
// acked that are no records are to be cut off, with all that follows them.
func findTail(segs []seglog.Segment, acked uint64) (tail, error) {
	end := tail{last: link{hash: genesis}}
	for i := len(segs) - 1; i >= 0; i-- {
		found, last, cut, err := scanSegment(segs[i].Path, acked)
		if err != nil {
			return tail{}, err
		}
		if i == len(segs)-1 {
			end.cut = cut
		}
		if found {
			end.last = last
			return end, nil
		}
	}
	return end, nil
}

func scanSegment(path string, acked uint64) (found bool, last link, cut int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, last, 0, err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return false, last, 0, err
	}
	lines := seglog.NewLines(f, maxLine)
	for {
		at := lines.Offset()
		line, _, err := lines.Next()
		if err == io.EOF {
			return found, last, 0, nil
		}
		if err != nil && err != seglog.ErrLineTooLong {
			return false, last, 0, err
		}
		rec, ok := parseRecord(line)
		switch {
		case ok:
			found, last = true, rec.link
		case found && last.seq >= acked:
			return found, last, st.Size() - at, nil
		}
	}
}
