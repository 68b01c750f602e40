package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

var errSecretKey = errors.New("is no key for checkpoints (made by redactd audit key)")

// publicOf returns the public part of a secret key, whose text is
// PRIVATE+KEY+name+hash+base64 of the algorithm (1) and the seed.
func publicOf(secret string) (string, error) {
	if _, err := note.NewSigner(secret); err != nil {
		return "", errSecretKey // whose text would quote the key
	}
	parts := strings.SplitN(secret, "+", 5)
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return "", errSecretKey
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], public)
}

// checkpointer signs the tree of a trail and keeps what it has signed.
type checkpointer struct {
	dir    string
	signer note.Signer
	last   Checkpoint
	msg    []byte // last as it was signed
}

var errNotContinued = errors.New("the tree does not continue the last checkpoint: nothing is signed (see redactd audit verify)")

// newCheckpointer reads the last checkpoint of dir.
func newCheckpointer(dir, secret string) (*checkpointer, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, errSecretKey
	}
	c := &checkpointer{dir: dir, signer: signer}
	files, err := listCheckpoints(dir)
	if err != nil || len(files) == 0 {
		return c, err
	}
	newest := files[len(files)-1]
	if c.msg, err = newest.read(); err != nil {
		return nil, err
	}
	if c.last, err = openCheckpoint(c.msg); err != nil {
		return nil, fmt.Errorf("%s %w", newest.name(), err)
	}
	return c, nil
}

// sign makes a checkpoint of the tree, whose last checkpoint must be one of the
// same tree, and puts it into the directory. Without new records it does
// nothing.
func (c *checkpointer) sign(g *grower, now time.Time) (made bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tree == nil || g.broken || g.tree.n == 0 || uint64(g.tree.n) == c.last.Size {
		return false, nil
	}
	if err := c.continues(g.tree); err != nil {
		return false, err
	}
	if err := g.tree.sync(); err != nil {
		return false, err
	}
	next := Checkpoint{
		Origin: c.signer.Name(), Size: uint64(g.tree.n), Root: g.tree.root(), Time: now.UTC().Truncate(time.Second), Previous: c.last.Size,
	}
	msg, err := note.Sign(&note.Note{Text: next.text()}, c.signer)
	if err != nil {
		return false, errors.New("checkpoint cannot be signed")
	}
	if err := writeOnce(checkpointPath(c.dir, next.Size), msg); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return false, fmt.Errorf("there is a checkpoint of %d records already", next.Size)
		}
		return false, err
	}
	c.last, c.msg = next, msg
	return true, nil
}

// continues holds the tree against the last checkpoint.
func (c *checkpointer) continues(t *tree) error {
	if c.last.Size == 0 {
		return nil
	}
	var then frontier
	if int64(c.last.Size) > t.n {
		return errNotContinued
	}
	if err := then.restore(int64(c.last.Size), hashFile{t.f}); err != nil {
		return err
	}
	if then.root() != c.last.Root {
		return errNotContinued
	}
	return nil
}
