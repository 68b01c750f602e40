package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLocalKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	first, err := LocalKey(dir)
	if err != nil || len(first) != 32 {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	again, err := LocalKey(dir)
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("another key the second time (%v)", err)
	}
	info, err := os.Stat(filepath.Join(dir, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
	other, err := LocalKey(t.TempDir())
	if err != nil || bytes.Equal(first, other) {
		t.Errorf("the same key in another directory (%v)", err)
	}
	if err := os.WriteFile(filepath.Join(dir, keyFile), []byte("0123 not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LocalKey(dir); err == nil || strings.Contains(err.Error(), "0123") {
		t.Errorf("a broken key: %v", err)
	}
}
