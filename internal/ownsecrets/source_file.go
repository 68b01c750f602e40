package ownsecrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/redactd/redactd/internal/config"
)

func init() {
	register("file", func(s *config.Secrets, _ *Options) source { return &fileSource{s} })
	register("dir", func(s *config.Secrets, _ *Options) source { return &dirSource{s} })
}

// fileSource is one file.
type fileSource struct{ cfg *config.Secrets }

func (f *fileSource) read(_ context.Context, yield func(string, []byte)) error {
	return readFile(f.cfg.File, f.cfg, filepath.Base(f.cfg.File), yield)
}

func (f *fileSource) files() []string { return []string{f.cfg.File} }
func (f *fileSource) remote() bool    { return false }

// dirSource is a directory with a file for each secret.
type dirSource struct{ cfg *config.Secrets }

func (d *dirSource) read(_ context.Context, yield func(string, []byte)) error {
	files, err := entries(d.cfg.Dir)
	if err != nil {
		return plain(err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(f), plain(err))
		}
		if !info.Mode().IsRegular() {
			continue
		}
		if err := readFile(f, d.cfg, filepath.Base(f), yield); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(f), err)
		}
	}
	return nil
}

func (d *dirSource) files() []string {
	files, _ := entries(d.cfg.Dir)
	return append(files, d.cfg.Dir)
}

func (d *dirSource) remote() bool { return false }

// maxFile bounds, in bytes, what is read of a file; maxAnswer what is read of a
// command's output and of an answer.
const (
	maxFile   = 1 << 30
	maxAnswer = 256 << 20
)

// readFile reads the values of a file in its format. A file of one value is that of
// the name given.
func readFile(path string, cfg *config.Secrets, name string, yield func(string, []byte)) error {
	// To open a pipe would wait for somebody who writes to it.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return errors.New("is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return plain(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return plain(err)
	case !info.Mode().IsRegular():
		return errors.New("is not a regular file")
	case info.Size() > maxFile:
		return errors.New("is too large")
	}
	// One buffer of the right size, so that no copy of it is left behind.
	data := make([]byte, info.Size()+1)
	defer func() { clear(data) }()
	n, err := io.ReadFull(f, data)
	if err == nil {
		return errors.New("was written to while it was read")
	}
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return plain(err)
	}
	format := cfg.Format
	if format == "" {
		format = config.FormatWhole
	}
	return formats[format](data[:n], name, cfg, yield)
}

// plain is what an error of the file system says without naming the file.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
