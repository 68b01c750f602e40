package tomlpos

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"

	"github.com/BurntSushi/toml"
)

// Mistakes collects what is wrong with a file, each as "name:line: key: what is wrong".
type Mistakes struct {
	Name  string // of the file
	Lines Lines
	errs  []error
}

// Add notes what is wrong with the key, or with the file where key is nil.
func (m *Mistakes) Add(key toml.Key, what string) {
	err := fmt.Errorf("%s: %s: %s", m.Name, key, what)
	if line := m.Lines.Nearest(key.String()); line > 0 {
		err = fmt.Errorf("%s:%d: %s: %s", m.Name, line, key, what)
	}
	m.errs = append(m.errs, err)
}

// Err joins the mistakes; nil where there is none.
func (m *Mistakes) Err() error { return errors.Join(m.errs...) }

// typeError is how the decoder words an error that has no position of its own.
var typeError = regexp.MustCompile(`^toml: line ([0-9]+) \(last key "(.+)"\): (?:incompatible types: )?(.*)$`)

// Positioned rewrites an error of the decoder to the form of Mistakes. name is the
// file's.
func Positioned(name string, err error) error {
	if m := typeError.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: %s: %s", name, m[1], m[2], m[3])
	}
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", name, err)
	}
	key := pe.LastKey
	if key == "" {
		key = "syntax"
	}
	return fmt.Errorf("%s:%d: %s: %s", name, pe.Position.Line, key, pe.Message)
}

// Keys returns the keys that decode into the fields of the struct T.
func Keys[T any]() []string {
	t := reflect.TypeFor[T]()
	var keys []string
	for i := range t.NumField() {
		if k := t.Field(i).Tag.Get("toml"); k != "" && k != "-" {
			keys = append(keys, k)
		}
	}
	return keys
}

// ParseAll parses all files of a directory, in the order of their names, up to the first
// that is not well-formed.
func ParseAll[T any](files fs.FS, parse func(name string, data []byte) (T, error)) ([]T, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	var all []T
	for _, e := range entries {
		data, err := fs.ReadFile(files, e.Name())
		if err != nil {
			return nil, err
		}
		one, err := parse(e.Name(), data)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
