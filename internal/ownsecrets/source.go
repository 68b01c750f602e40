package ownsecrets

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/config"
)

// source is where values come from. Its methods are called by one goroutine at a
// time. Its errors quote no value.
type source interface {
	// read calls yield for each value with what it is called. yield wipes value.
	read(ctx context.Context, yield func(name string, value []byte)) error
	// files returns the files that a change of values shows at, nil for a source
	// that has to be asked. Those that are missing are left out.
	files() []string
	// remote says that reading it takes another program, on this machine or not.
	remote() bool
}

// kinds make a source, one for each key that names one in the configuration.
var kinds = map[string]func(s *config.Secrets, o *Options) source{}

// register makes a kind of source known. It is called from init only.
func register(key string, make func(s *config.Secrets, o *Options) source) {
	if kinds[key] != nil {
		panic("ownsecrets: " + key + " registered twice")
	}
	kinds[key] = make
}

// kindOf returns which key of a table names its source.
func kindOf(s *config.Secrets) string {
	switch {
	case len(s.Env) > 0:
		return "env"
	case s.File != "":
		return "file"
	case s.Dir != "":
		return "dir"
	case s.Vault != "":
		return "vault"
	}
	return "command"
}

// wanted reports whether a table takes the value of that name. name may be a path, of
// which the last segment counts as well.
func wanted(s *config.Secrets, name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	fits := func(glob string) bool { return match(glob, name) || match(glob, last) }
	return (len(s.Keys) == 0 || slices.ContainsFunc(s.Keys, fits)) && !slices.ContainsFunc(s.Except, fits)
}

func match(glob, name string) bool {
	ok, err := path.Match(glob, name)
	return ok && err == nil
}

// stamp is what files looked like when they were read.
type stamp map[string]os.FileInfo

// stampOf looks at files. What links lead to counts, so that a link that is changed,
// as Kubernetes does, is a change.
func stampOf(files []string) stamp {
	s := stamp{}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			s[f] = info
		}
	}
	return s
}

func (s stamp) equal(o stamp) bool {
	if len(s) != len(o) {
		return false
	}
	for f, a := range s {
		b := o[f]
		if b == nil || !os.SameFile(a, b) || !a.ModTime().Equal(b.ModTime()) || a.Size() != b.Size() {
			return false
		}
	}
	return true
}

// entries returns the files of a directory that hold values.
func entries(dir string) ([]string, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range list {
		if !strings.HasPrefix(e.Name(), "..") { // what Kubernetes keeps for itself
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}
