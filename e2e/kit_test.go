//go:build e2e

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A kit is a directory under kits/ with everything that installs some of the
// programs that the suite puts around redactd: its script "install" is run in
// it with the directory to install to as its argument. A kit is installed when a
// test first asks for it, and anew when one of its files changes.
type kit string

var kits sync.Map // of *installed, by name

type installed struct {
	once sync.Once
	dir  string
	err  error
	log  string
}

// useKit returns the kit of that name, after installing it if need be.
func useKit(t *testing.T, name string) kit {
	t.Helper()
	v, _ := kits.LoadOrStore(name, &installed{})
	k := v.(*installed)
	k.once.Do(func() { k.install(t, name) })
	if k.err != nil {
		t.Fatalf("the kit %q cannot be installed: %v\n%s", name, k.err, k.log)
	}
	return kit(k.dir)
}

// path returns the path of a file of the kit.
func (k kit) path(elem ...string) string {
	return filepath.Join(append([]string{string(k)}, elem...)...)
}

func (k *installed) install(t *testing.T, name string) {
	source, err := filepath.Abs(filepath.Join("kits", name))
	if err != nil {
		k.err = err
		return
	}
	digest, err := digestOf(source)
	if err != nil {
		k.err = err
		return
	}
	k.dir = filepath.Join(program(t, "E2E_CACHE"), name+"-"+digest)
	complete := filepath.Join(k.dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return
	}
	if k.err = os.RemoveAll(k.dir); k.err != nil {
		return
	}
	if k.err = os.MkdirAll(k.dir, 0o755); k.err != nil {
		return
	}
	t.Logf("installing the kit %q", name)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "./install", k.dir)
	cmd.Dir = source
	var output syncBuffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if k.err = cmd.Start(); k.err == nil {
		forget := note(t, cmd.Process.Pid)
		k.err = cmd.Wait()
		forget()
	}
	if k.log = output.String(); k.err == nil {
		k.err = os.WriteFile(complete, nil, 0o644)
	}
}

// digestOf returns a digest over the names and contents of all files under dir
// and the platform.
func digestOf(dir string) (string, error) {
	h := sha256.New()
	_, _ = h.Write([]byte(runtime.GOOS + runtime.GOARCH + runtime.Version()))
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		_, _ = h.Write(append([]byte(path+"\x00"), data...))
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:16], err
}
