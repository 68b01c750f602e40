package audit

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyFile holds the key of fingerprints where none is configured.
const keyFile = "KEY"

// LocalKey returns the key for fingerprints that is kept beside the trail in
// dir, 32 random bytes, and makes it where there is none. Trails of several
// replicas need a key in common instead: with keys of their own the same value
// has another fingerprint in each.
func LocalKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeKey(dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("key of the audit trail: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("key of the audit trail: %s does not hold 64 hexadecimal digits", path)
	}
	return key, nil
}

// ReadKey is LocalKey where the key is there already; its error is fs.ErrNotExist if not.
func ReadKey(dir string) ([]byte, error) {
	if _, err := os.Stat(filepath.Join(dir, keyFile)); err != nil {
		return nil, err
	}
	return LocalKey(dir)
}

// makeKey writes a new key, so that either no file or a whole one is there.
func makeKey(dir, path string) (text []byte, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, err
	}
	text = []byte(hex.EncodeToString(key[:]) + "\n")
	f, err := os.CreateTemp(dir, keyFile+".*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return os.ReadFile(path) // another process was faster
	} else if err != nil {
		return text, os.Rename(f.Name(), path)
	}
	return text, nil
}
