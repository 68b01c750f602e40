// Package debian fetches what is measured beside redactd from Debian's packages,
// into a directory of the user's: nothing is installed in the system, so no
// privileges are needed.
package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Cache is a directory with a directory for each package that was fetched.
type Cache string

// Packages are those that the bench program knows what to do with, and what each
// is measured as.
var Packages = map[string]string{
	"caddy":             "a reverse proxy",
	"libvectorscan-dev": "the same rules in Vectorscan (the package holds the static library)",
	"libhyperscan-dev":  "the same rules in Hyperscan, of which Vectorscan is a fork (Intel processors only)",
}

// Advice says how to get a package.
func Advice(name string) string {
	return fmt.Sprintf("not there: go run . -install unpacks the Debian package %s under .cache", name)
}

// File returns the path of the first file of a package that matches a pattern of
// filepath.Match, relative to the root of the package; "" where there is none.
func (c Cache) File(name, pattern string) string {
	found, err := filepath.Glob(filepath.Join(string(c), name, pattern))
	if err != nil || len(found) == 0 {
		return ""
	}
	path, err := filepath.Abs(found[0])
	if err != nil {
		return ""
	}
	return path
}

// Fetch downloads a package with apt-get, in the version that the system's
// sources offer, and unpacks it with dpkg-deb, unless it is there.
func (c Cache) Fetch(ctx context.Context, name string) (err error) {
	to := filepath.Join(string(c), name)
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	if err := os.MkdirAll(string(c), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(string(c), "fetch-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := run(ctx, tmp, "apt-get", "download", "--quiet", name); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(tmp, "*.deb"))
	if err != nil || len(debs) != 1 {
		return errors.Join(fmt.Errorf("%d packages came for %s", len(debs), name), err)
	}
	if err := run(ctx, tmp, "dpkg-deb", "--extract", filepath.Base(debs[0]), "root"); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, "root"), to)
}

func run(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return nil
}
