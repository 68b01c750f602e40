package debian_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redactd/redactd/bench/debian"
)

// standIn puts a program that does script on an otherwise empty PATH.
func standIn(t *testing.T, dir, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestFetch(t *testing.T) {
	bin, cache := t.TempDir(), debian.Cache(filepath.Join(t.TempDir(), "cache"))
	t.Setenv("PATH", bin+":/bin:/usr/bin")
	standIn(t, bin, "apt-get", `echo package > "$3_1.0_all.deb"`)
	standIn(t, bin, "dpkg-deb", `mkdir -p "$3/usr/lib/here" && cp "$2" "$3/usr/lib/here/file.a"`)
	if got := cache.File("tool", "usr/lib/*/file.a"); got != "" {
		t.Errorf("%s is there before it is fetched", got)
	}
	if err := cache.Fetch(t.Context(), "tool"); err != nil {
		t.Fatal(err)
	}
	if got := cache.File("tool", "usr/lib/*/file.a"); !strings.HasSuffix(got, "tool/usr/lib/here/file.a") || !filepath.IsAbs(got) {
		t.Errorf("the file is at %q", got)
	}
	standIn(t, bin, "apt-get", "exit 1")
	if err := cache.Fetch(t.Context(), "tool"); err != nil {
		t.Errorf("what is there is fetched again: %v", err)
	}
	if err := cache.Fetch(t.Context(), "other"); err == nil || !strings.Contains(err.Error(), "apt-get") {
		t.Errorf("a download that fails gives %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(string(cache), "fetch-*")); len(left) > 0 {
		t.Errorf("%v are left over", left)
	}
}

func TestAdviceNamesThePackage(t *testing.T) {
	for name := range debian.Packages {
		if !strings.Contains(debian.Advice(name), name) {
			t.Errorf("the advice for %s does not name it", name)
		}
	}
}
