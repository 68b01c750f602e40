// Package hyperscan builds and starts vectorscand with the libraries of the
// Hyperscan interface that are on this machine.
package hyperscan

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/redactd/redactd/bench/debian"
	"github.com/redactd/redactd/bench/worker"
)

// Library is one of the libraries.
type Library struct {
	Name string
	// Package is the Debian package that holds it.
	Package string
	// header and archive are where it was found; empty for that of the system.
	header, archive string
}

// libraries are those known.
var libraries = []Library{
	{Name: "Vectorscan", Package: "libvectorscan-dev"},
	{Name: "Hyperscan", Package: "libhyperscan-dev"},
}

// systemHeader is there where either is installed in the system.
const systemHeader = "/usr/include/hs/hs.h"

// Libraries returns the libraries that are there: those fetched into the cache,
// else the one of the system. The others are missing.
func Libraries(cache debian.Cache) (there, missing []Library) {
	for _, l := range libraries {
		l.header = cache.File(l.Package, "usr/include/hs/hs.h")
		l.archive = cache.File(l.Package, "usr/lib/*/libhs.a")
		if l.header != "" && l.archive != "" {
			there = append(there, l)
		} else {
			missing = append(missing, l)
		}
	}
	if _, err := os.Stat(systemHeader); err == nil && len(there) == 0 {
		return []Library{{Name: "the system's libhs"}}, missing
	}
	return there, missing
}

// Build builds vectorscand with l into dir and returns its path. It needs the go
// command, a C compiler, and the bench module's directory as the working
// directory.
func (l Library) Build(ctx context.Context, dir string) (program string, err error) {
	program = filepath.Join(dir, "vectorscand-"+l.Package)
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "vectorscan", "-o", program, "./vectorscand")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if l.archive != "" {
		include := filepath.Dir(filepath.Dir(l.header))
		cmd.Env = append(cmd.Env, "CGO_CFLAGS=-O2 -I"+include, "CGO_LDFLAGS=-L"+filepath.Dir(l.archive))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building vectorscand with %s: %w\n%s", l.Name, err, out)
	}
	return program, nil
}

// Options are what a worker searches.
type Options struct {
	Size, Block int // of the logs and of a block, in bytes
	// Pack is the pack of rules, "" for those that are on by default.
	Pack string
	// Starts asks for the start of each match, not only its end.
	Starts bool
}

// Start starts what Build built. Its contenders are named "blocks" and "lines".
// Compiling the rules takes the library a minute.
func Start(ctx context.Context, program string, o Options) (*worker.Process, error) {
	return worker.Start(ctx, exec.Command(program, fmt.Sprintf("-size=%d", o.Size), fmt.Sprintf("-block=%d", o.Block),
		"-pack="+o.Pack, fmt.Sprintf("-starts=%v", o.Starts)))
}
