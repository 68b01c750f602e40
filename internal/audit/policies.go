package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
)

// policyDir holds a copy of each configuration that was in force, as redactd
// shows it, by digest. A marker carries the SHA-256 of the copy.
const policyDir = "policies"

// notePolicy is the note of a marker that says which configuration is in force
// from then on.
const notePolicy = "policy in force"

var digestForm = regexp.MustCompile(`^[0-9a-zA-Z-]{1,128}$`)

func policyPath(dir, digest, sum string) string {
	// Replicas with the same digest may show paths differently, and so may one
	// that was moved.
	return filepath.Join(dir, policyDir, digest+"-"+sum[:16]+".toml")
}

// InForce notes that the configuration of that digest is in force from now on,
// and keeps a copy of its text, which must hold no secret.
func (t *Trail) InForce(digest string, text []byte) error {
	if !digestForm.MatchString(digest) {
		return errors.New("audit: digest cannot be a file name")
	}
	h := sha256.Sum256(text)
	sum := hex.EncodeToString(h[:])
	if err := writeOnce(policyPath(t.dir, digest, sum), text); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("audit: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := t.put(ctx, []Event{{Time: t.now(), ConfigDigest: digest, Note: notePolicy, Sum: sum}}, t.required)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	t.digest.Store(&digest)
	return nil
}

// policyName is the file of the copy that a marker speaks of; ok is false where it
// is not such a marker.
func policyName(e *Event) (name string, ok bool) {
	if e.Note != notePolicy || !digestForm.MatchString(e.ConfigDigest) || len(e.Sum) != 2*sha256.Size {
		return "", false
	}
	return policyDir + "/" + filepath.Base(policyPath("", e.ConfigDigest, e.Sum)), true
}

// checkPolicy says what is wrong with the copy that a marker names.
func (v *verifier) checkPolicy(e *Event) *Break {
	name, ok := policyName(e)
	if !ok {
		return nil
	}
	text, err := v.policy(name)
	if err != nil {
		return &Break{File: name, Seq: e.Seq, Fault: Deleted, Detail: "the copy of a configuration that was in force is missing"}
	}
	if h := sha256.Sum256(text); hex.EncodeToString(h[:]) != e.Sum {
		return &Break{File: name, Seq: e.Seq, Fault: Edited, Detail: "the copy of a configuration is not the one that was in force"}
	}
	return nil
}

// marker keeps what the trail says about itself.
func (v *verifier) marker(e *Event) error {
	switch {
	case e.Statement() != "":
		v.rep.Statements++
		return nil
	case e.Note != notePolicy:
		v.rep.Markers = append(v.rep.Markers, marker(e))
		return nil
	}
	v.rep.Policies++
	if v.policyFault == nil {
		v.policyFault = v.checkPolicy(e)
	}
	return nil
}
