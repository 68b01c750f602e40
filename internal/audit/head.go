package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	headName = "HEAD"
	headSize = 256
)

// head is the content of the head file: the last record, so that a trail cut
// short is seen, and the oldest record that retention has left.
type head struct {
	last  link
	first uint64
}

var errHeadDamaged = errors.New("head file is damaged")

// encode gives a head its one spelling: a line of JSON with a checksum, of
// fixed length, so that it is overwritten in place by a single write.
func (h head) encode() []byte {
	p := fmt.Appendf(nil, `{"seq":%d,"hash":"%s","first":%d`, h.last.seq, h.last.hash[:], h.first)
	sum := hashLine(p)
	p = fmt.Appendf(p, `,"check":"%s"}`, sum[:16])
	p = append(p, bytes.Repeat([]byte(" "), headSize-1-len(p))...)
	return append(p, '\n')
}

func decodeHead(p []byte) (head, error) {
	var j struct {
		Seq   uint64
		Hash  string
		First uint64
	}
	if err := json.Unmarshal(p, &j); err != nil {
		return head{}, errHeadDamaged
	}
	h := head{last: link{seq: j.Seq}, first: j.First}
	copy(h.last.hash[:], j.Hash)
	if !bytes.Equal(h.encode(), p) {
		return head{}, errHeadDamaged
	}
	return h, nil
}

// readHead returns fs.ErrNotExist where there is none, errHeadDamaged where it
// is not as it was written.
func readHead(dir string) (head, error) {
	for try := 0; ; try++ {
		p, err := os.ReadFile(filepath.Join(dir, headName))
		if err != nil {
			return head{}, err
		}
		h, err := decodeHead(p)
		// The writer overwrites it in place: a reader may see half of each.
		if err == nil || try == 3 {
			return h, err
		}
	}
}

// headFile is the open head of a trail that is written.
type headFile struct {
	f     *os.File
	first uint64
}

func openHead(dir string) (*headFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, headName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &headFile{f: f, first: 1}, nil
}

// write puts the head in place. Without sync it survives the end of the
// process but maybe not that of the machine; a head that lags behind the
// records is no fault.
func (h *headFile) write(last link, sync bool) error {
	if _, err := h.f.WriteAt(head{last, h.first}.encode(), 0); err != nil {
		return err
	}
	if !sync {
		return nil
	}
	if err := h.f.Truncate(headSize); err != nil {
		return err
	}
	return h.f.Sync()
}

func (h *headFile) close() error {
	if h == nil {
		return nil
	}
	return h.f.Close()
}

// isNoHead reports whether err says that there is no usable head, as opposed
// to a failure to read it.
func isNoHead(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errHeadDamaged)
}
