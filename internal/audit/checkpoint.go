package audit

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	checkpointDir    = "checkpoints"
	checkpointSuffix = ".txt"
	maxCheckpoint    = 16 << 10 // bytes
)

// Checkpoint says what the trail was at a time: how many records it had, and the
// root of the tree over them. Its text is that of https://c2sp.org/tlog-checkpoint,
// with two further lines, signed as https://c2sp.org/signed-note says.
type Checkpoint struct {
	Origin string    // which trail: the name of the key
	Size   uint64    // records
	Root   tlog.Hash // of the tree over them
	Time   time.Time // when it was made, UTC; zero where the text does not say
	// Previous is the size of the checkpoint before, so that a missing one is
	// seen; 0 for the first.
	Previous uint64
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\ntime %s\nprevious %d\n", c.Origin, c.Size, c.Root, c.Time.UTC().Format(time.RFC3339), c.Previous)
}

var errCheckpoint = errors.New("is not a checkpoint")

// parseCheckpoint reads the text of a checkpoint. Lines behind the root that it
// does not know are left alone, as the format has it.
func parseCheckpoint(text string) (c Checkpoint, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" || lines[0] == "" {
		return c, errCheckpoint
	}
	c.Origin = lines[0]
	c.Size, err = strconv.ParseUint(lines[1], 10, 63)
	if err != nil || strconv.FormatUint(c.Size, 10) != lines[1] {
		return c, errCheckpoint
	}
	if c.Root, err = tlog.ParseHash(lines[2]); err != nil || c.Root.String() != lines[2] {
		return c, errCheckpoint
	}
	for _, line := range lines[3 : len(lines)-1] {
		name, value, _ := strings.Cut(line, " ")
		switch name {
		case "":
			return c, errCheckpoint
		case "time":
			c.Time, err = time.Parse(time.RFC3339, value)
		case "previous":
			c.Previous, err = strconv.ParseUint(value, 10, 63)
		}
		if err != nil {
			return c, errCheckpoint
		}
	}
	return c, nil
}

// ErrSignature says that none of the keys has signed a checkpoint.
var ErrSignature = errors.New("is not signed by the key")

// openCheckpoint reads a signed checkpoint. With v, one of them must have signed
// it, and its name must be the origin.
func openCheckpoint(msg []byte, v ...note.Verifier) (Checkpoint, error) {
	n, err := note.Open(msg, note.VerifierList(v...))
	var unverified *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unverified) && len(v) == 0:
		n = unverified.Note
	case errors.As(err, &unverified):
		return Checkpoint{}, ErrSignature
	case err != nil:
		var invalid *note.InvalidSignatureError
		if errors.As(err, &invalid) {
			return Checkpoint{}, ErrSignature
		}
		return Checkpoint{}, errCheckpoint
	}
	c, err := parseCheckpoint(n.Text)
	if err == nil && len(v) > 0 && !slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Name == c.Origin }) {
		return c, ErrSignature
	}
	return c, err
}

// OpenCheckpoint reads a signed checkpoint and returns its origin, size and
// time. publicKey is as NewCheckpointKey returns it.
func OpenCheckpoint(msg []byte, publicKey string) (Checkpoint, error) {
	v, err := note.NewVerifier(publicKey)
	if err != nil {
		return Checkpoint{}, err
	}
	return openCheckpoint(msg, v)
}

// NewCheckpointKey makes an Ed25519 key to sign the checkpoints of the trail of
// that name, written as https://c2sp.org/signed-note says. The name may have no
// blank and no plus sign.
func NewCheckpointKey(name string) (secret, public string, err error) {
	if name == "" || strings.ContainsAny(name, "+ \t\r\n") || len(name) > 200 {
		return "", "", errors.New("the name of a key has no blanks and no plus sign (example.com/redactd/audit)")
	}
	return note.GenerateKey(rand.Reader, name)
}

// PublicKey checks that text is a public key as NewCheckpointKey returns it, and
// returns its name.
func PublicKey(text string) (name string, err error) {
	v, err := note.NewVerifier(text)
	if err != nil {
		return "", errors.New("is no public key (what redactd audit key prints)")
	}
	return v.Name(), nil
}

// CheckpointKey reads the file of a secret key and returns its public one.
func CheckpointKey(file string) (secret, public string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", "", err
	}
	secret = strings.TrimSpace(string(text))
	if public, err = publicOf(secret); err != nil {
		return "", "", fmt.Errorf("%s: %w", file, err)
	}
	return secret, public, nil
}

// WriteCheckpointKey makes a key and writes its secret part to a new file with
// mode 0600.
func WriteCheckpointKey(file, name string) (public string, err error) {
	secret, public, err := NewCheckpointKey(name)
	if err != nil {
		return "", err
	}
	if err := writeOnce(file, []byte(secret+"\n")); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("%s is there already; a key is not overwritten", file)
		}
		return "", err
	}
	return public, nil
}

// checkpointFile is a checkpoint as it lies in the trail's directory.
type checkpointFile struct {
	size uint64 // by its name
	path string
}

// name is how reports call the file.
func (f checkpointFile) name() string { return checkpointDir + "/" + filepath.Base(f.path) }

func checkpointPath(dir string, size uint64) string {
	return filepath.Join(dir, checkpointDir, fmt.Sprintf("%012d%s", size, checkpointSuffix))
}

// listCheckpoints returns those of a trail, smallest first.
func listCheckpoints(dir string) ([]checkpointFile, error) {
	entries, err := os.ReadDir(filepath.Join(dir, checkpointDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []checkpointFile
	for _, e := range entries {
		num, ok := strings.CutSuffix(e.Name(), checkpointSuffix)
		size, err := strconv.ParseUint(num, 10, 63)
		if ok && err == nil && checkpointPath(dir, size) == filepath.Join(dir, checkpointDir, e.Name()) {
			files = append(files, checkpointFile{size, filepath.Join(dir, checkpointDir, e.Name())})
		}
	}
	slices.SortFunc(files, func(a, b checkpointFile) int {
		if a.size < b.size {
			return -1
		}
		return 1
	})
	return files, nil
}

// read reads the signed text.
func (f checkpointFile) read() ([]byte, error) {
	p, err := os.ReadFile(f.path)
	if err == nil && len(p) > maxCheckpoint {
		return nil, errCheckpoint
	}
	return p, err
}
