package audit

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxSubmission is the length in bytes of a request to a Witness at most.
const MaxSubmission = 64 << 10

// witnessDir holds what a Witness keeps, below the trail's directory.
const witnessDir = "witnessed"

// Witness keeps the checkpoints of other trails: those that are signed by a key
// it knows, and proved to continue the last one. It is safe for concurrent use.
// Requests and answers are those of https://c2sp.org/tlog-witness, without a
// cosignature.
type Witness struct {
	dir  string
	keys map[string][]note.Verifier // by origin

	mu sync.Mutex
}

// NewWitness returns one that keeps checkpoints below dir, the directory of a
// trail. keys are public ones as NewCheckpointKey returns them.
func NewWitness(dir string, keys []string) (*Witness, error) {
	w := &Witness{dir: dir, keys: map[string][]note.Verifier{}}
	for _, key := range keys {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, errors.New("a key to accept checkpoints of is not as redactd audit key prints it")
		}
		w.keys[v.Name()] = append(w.keys[v.Name()], v)
	}
	return w, nil
}

// Submit takes a request's body and returns the status of the answer and its
// text. With 409 that is the number of records of the last checkpoint kept.
func (w *Witness) Submit(body []byte) (status int, text string) {
	old, proof, msg, ok := parseSubmission(body)
	if !ok {
		return http.StatusBadRequest, "a line with \"old\" and a number, a proof, an empty line and a checkpoint are wanted\n"
	}
	plain, err := openCheckpoint(msg)
	if err != nil {
		return http.StatusBadRequest, "this is no checkpoint\n"
	}
	keys := w.keys[plain.Origin]
	if keys == nil {
		return http.StatusNotFound, "no key is known for this origin\n"
	}
	c, err := openCheckpoint(msg, keys...)
	if err != nil {
		return http.StatusForbidden, "the signature does not hold\n"
	}
	if old > c.Size {
		return http.StatusBadRequest, "the old size is larger than that of the checkpoint\n"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keep(c, old, proof, msg)
}

func (w *Witness) keep(c Checkpoint, old uint64, proof tlog.TreeProof, msg []byte) (int, string) {
	dir := filepath.Join(w.dir, witnessDir, originName(c.Origin))
	last, err := lastCheckpoint(dir)
	if err != nil {
		return http.StatusInternalServerError, "the last checkpoint cannot be read\n"
	}
	switch {
	case old != last.Size, c.Size == last.Size && c.Root != last.Root && c.Size > 0:
		return http.StatusConflict, strconv.FormatUint(last.Size, 10) + "\n"
	case c.Size == last.Size:
		return http.StatusOK, ""
	case last.Size > 0 && tlog.CheckTree(proof, int64(c.Size), c.Root, int64(last.Size), last.Root) != nil,
		last.Size == 0 && len(proof) > 0:
		return http.StatusUnprocessableEntity, "the proof does not hold: this is not the trail that was seen before\n"
	}
	if err := writeOnce(checkpointPath(dir, c.Size), msg); err != nil {
		return http.StatusInternalServerError, "the checkpoint cannot be written\n"
	}
	return http.StatusOK, ""
}

// lastCheckpoint reads the newest one of a directory, whose signature was
// checked when it came.
func lastCheckpoint(dir string) (c Checkpoint, err error) {
	files, err := listCheckpoints(dir)
	if err != nil || len(files) == 0 {
		return c, err
	}
	msg, err := files[len(files)-1].read()
	if err != nil {
		return c, err
	}
	return openCheckpoint(msg)
}

// Kept returns the size of the newest checkpoint kept of each origin.
func (w *Witness) Kept() map[string]uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := map[string]uint64{}
	for origin := range w.keys {
		if c, err := lastCheckpoint(filepath.Join(w.dir, witnessDir, originName(origin))); err == nil {
			kept[origin] = c.Size
		}
	}
	return kept
}

func parseSubmission(body []byte) (old uint64, proof tlog.TreeProof, msg []byte, ok bool) {
	head, rest, ok := strings.Cut(string(body), "\n\n")
	if !ok || len(body) > MaxSubmission {
		return 0, nil, nil, false
	}
	lines := strings.Split(head, "\n")
	num, ok := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseUint(num, 10, 63)
	if !ok || err != nil || fmt.Sprint(old) != num || len(lines) > 64 {
		return 0, nil, nil, false
	}
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, nil, false
		}
		proof = append(proof, h)
	}
	return old, proof, []byte(rest), true
}
