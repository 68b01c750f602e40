package audit

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// treeName is the file that holds the hashes of the Merkle tree over all records
// (RFC 6962, section 2.1), record 1 being leaf 0: the hash of each node that is
// complete, in the order in which they become so (tlog.StoredHashIndex), 32
// bytes each. It is only appended to, two hashes a record, and made anew from
// the records where it is short.
const treeName = "TREE"

// shortLine bounds, in bytes, a line whose leaf is computed on the stack, as those of
// nearly all records are.
const shortLine = 1 << 10

// leafOf is the leaf of a record, given its line: tlog.RecordHash, which makes two objects.
func leafOf(line []byte) tlog.Hash {
	if len(line) >= shortLine {
		return tlog.RecordHash(line)
	}
	var b [shortLine]byte // 0 first, RFC 6962, section 2.1
	return sha256.Sum256(b[:1+copy(b[1:], line)])
}

// nodeOf is the node over two: tlog.NodeHash without an object.
func nodeOf(left, right tlog.Hash) tlog.Hash {
	b := [1 + 2*tlog.HashSize]byte{1}
	copy(b[1:], left[:])
	copy(b[1+tlog.HashSize:], right[:])
	return sha256.Sum256(b[:])
}

// missingLeaf stands for a record that was not there when the tree came to it.
// No record has it, since no line is empty.
var missingLeaf = tlog.RecordHash(nil)

// frontier is the complete subtrees that make up a tree: of 2^l leaves at l,
// where n has that bit.
type frontier struct {
	n    int64
	node [64]tlog.Hash
}

// add adds a leaf and returns the hashes that are complete with it, the leaf
// first. They are valid until the next call of anything.
func (t *frontier) add(leaf tlog.Hash, buf []tlog.Hash) []tlog.Hash {
	buf = append(buf[:0], leaf)
	l := 0
	for ; t.n>>l&1 == 1; l++ {
		leaf = nodeOf(t.node[l], leaf)
		buf = append(buf, leaf)
	}
	t.node[l] = leaf
	t.n++
	return buf
}

// emptyRoot is the root of a tree without leaves: SHA-256 of nothing.
var emptyRoot, _ = tlog.TreeHash(0, nil)

// root is the hash of the tree.
func (t *frontier) root() tlog.Hash {
	if t.n == 0 {
		return emptyRoot
	}
	l := bits.TrailingZeros64(uint64(t.n))
	h := t.node[l]
	for l++; l < 63; l++ {
		if t.n>>l&1 == 1 {
			h = nodeOf(t.node[l], h)
		}
	}
	return h
}

// restore reads the frontier of the first n leaves.
func (t *frontier) restore(n int64, r tlog.HashReader) error {
	*t = frontier{n: n}
	for l := range 63 {
		if n>>l&1 == 0 {
			continue
		}
		h, err := r.ReadHashes([]int64{tlog.StoredHashIndex(l, n>>l-1)})
		if err != nil {
			return err
		}
		t.node[l] = h[0]
	}
	return nil
}

// hashFile reads stored hashes. It is a tlog.HashReader.
type hashFile struct{ r io.ReaderAt }

func (f hashFile) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if _, err := f.r.ReadAt(hashes[i][:], at*tlog.HashSize); err != nil {
			return nil, fmt.Errorf("%s: hash %d: %w", treeName, at, err)
		}
	}
	return hashes, nil
}

// leaves is the number of leaves whose hashes are in a file of that size.
func leaves(size int64) int64 {
	count := size / tlog.HashSize
	n := count/2 + 1 // StoredHashCount(n) is 2n less the number of bits in n
	for tlog.StoredHashCount(n) > count {
		n--
	}
	for tlog.StoredHashCount(n+1) <= count {
		n++
	}
	return n
}

// whole is the number of leaves of a file, less the end that a crash of the
// machine may have left as zeros.
func whole(f *os.File) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	n := leaves(st.Size())
	for r := (hashFile{f}); n > 0; n-- {
		h, err := r.ReadHashes([]int64{tlog.StoredHashIndex(0, n-1)})
		if err != nil {
			return 0, err
		}
		if h[0] != (tlog.Hash{}) {
			break
		}
	}
	return n, nil
}

// tree is the file open for appending. It is used by one goroutine at a time.
type tree struct {
	frontier
	f   *os.File
	w   *bufio.Writer
	buf []tlog.Hash
}

func openTree(dir string) (*tree, error) {
	f, err := os.OpenFile(filepath.Join(dir, treeName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	t := &tree{f: f, w: bufio.NewWriterSize(nil, 64<<10)}
	n, err := whole(f)
	if err == nil {
		err = t.cut(n)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return t, nil
}

// cut leaves the first n leaves.
func (t *tree) cut(n int64) error {
	size := tlog.StoredHashCount(n) * tlog.HashSize
	if err := t.f.Truncate(size); err != nil {
		return err
	}
	if _, err := t.f.Seek(size, io.SeekStart); err != nil {
		return err
	}
	t.w.Reset(t.f)
	return t.restore(n, hashFile{t.f})
}

// trim cuts the file at the first leaf from number n on whose hashes do not fit.
func (t *tree) trim(n int64) error {
	var good frontier
	r := hashFile{t.f}
	if err := good.restore(n, r); err != nil {
		return err
	}
	for ; good.n < t.n; n++ {
		stored, err := r.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		if err != nil {
			return err
		}
		if stored[0] == (tlog.Hash{}) {
			break
		}
		t.buf = good.add(stored[0], t.buf)
		for l := 1; l < len(t.buf); l++ {
			if stored, err = r.ReadHashes([]int64{tlog.StoredHashIndex(l, n>>l)}); err != nil {
				return err
			}
			if stored[0] != t.buf[l] {
				return t.cut(n)
			}
		}
	}
	return t.cut(n)
}

// append adds a leaf. It is in the file after flush.
func (t *tree) append(leaf tlog.Hash) error {
	t.buf = t.add(leaf, t.buf)
	for i := range t.buf {
		if _, err := t.w.Write(t.buf[i][:]); err != nil {
			return err
		}
	}
	return nil
}

// sync puts all leaves on disk.
func (t *tree) sync() error {
	if err := t.w.Flush(); err != nil {
		return err
	}
	return t.f.Sync()
}

func (t *tree) close() error {
	if t == nil {
		return nil
	}
	return errors.Join(t.w.Flush(), t.f.Close())
}

// openHashes opens the file to read it; n is the number of its leaves. Without
// a file, f is nil.
func openHashes(dir string) (f *os.File, n int64, err error) {
	f, err = os.Open(filepath.Join(dir, treeName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	if n, err = whole(f); err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, n, nil
}
