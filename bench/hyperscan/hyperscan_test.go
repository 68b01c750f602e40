package hyperscan_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/redactd/redactd/bench/debian"
	"github.com/redactd/redactd/bench/hyperscan"
)

func touch(t *testing.T, file string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLibraries(t *testing.T) {
	dir := t.TempDir()
	touch(t, filepath.Join(dir, "libvectorscan-dev/usr/include/hs/hs.h"))
	touch(t, filepath.Join(dir, "libvectorscan-dev/usr/lib/some-arch/libhs.a"))
	touch(t, filepath.Join(dir, "libhyperscan-dev/usr/include/hs/hs.h")) // without its archive
	there, missing := hyperscan.Libraries(debian.Cache(dir))
	if len(there) != 1 || there[0].Name != "Vectorscan" || len(missing) != 1 || missing[0].Package != "libhyperscan-dev" {
		t.Errorf("there: %v, missing: %v", there, missing)
	}
	for _, l := range append(there, missing...) {
		if debian.Packages[l.Package] == "" {
			t.Errorf("%s is not among the packages that are fetched", l.Package)
		}
	}
}
