package config

import (
	"bytes"
	"reflect"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/redactd/redactd/internal/tomlpos"
)

// Public returns a deep copy fit for showing: secrets and the userinfo of URLs
// are hidden, and a string that came from the environment is its reference
// again. Numbers and fixed words are as they hold.
func (c *Config) Public() *Config {
	p := c.public(func(path, s string) string { return s })
	p.dropImported(c) // the files are named
	p.Digest, p.File, p.Positions = c.Digest, c.File, c.Positions
	return p
}

// TOML returns the effective configuration as Public shows it.
func (c *Config) TOML() ([]byte, error) {
	var b bytes.Buffer
	err := toml.NewEncoder(&b).Encode(c.Public())
	return b.Bytes(), err
}

// encode returns what the digest is taken of: all that Public shows, with
// paths as they were written, so that every replica has the same digest
// wherever its files lie. Hashes of secrets would be as good as secrets where
// those can be guessed, so these stay out altogether.
func (c *Config) encode() ([]byte, error) {
	var b bytes.Buffer
	err := toml.NewEncoder(&b).Encode(c.public(func(path, s string) string {
		if written, ok := c.paths[path]; ok {
			return written
		}
		return s
	}))
	return b.Bytes(), err
}

func (c *Config) public(edit func(path, s string) string) *Config {
	out := reflect.ValueOf(&Config{}).Elem()
	copyTree("", reflect.ValueOf(c).Elem(), out, func(path, s string) string {
		if shown, ok := c.written[path]; ok {
			s = shown
		} else {
			s = edit(path, s)
		}
		if hasURL(path) {
			return hideUserinfo(s)
		}
		return s
	})
	return out.Addr().Interface().(*Config)
}

// hasURL reports whether what stands at path may have a password in it.
func hasURL(path string) bool {
	return strings.HasPrefix(path, "upstream.") || strings.HasPrefix(path, "errors.") || strings.HasPrefix(path, "anchor.") || path == "records.dsn"
}

// copyTree copies the fields that have a TOML key from in to out, with each
// string edited and each Secret gone.
func copyTree(path string, in, out reflect.Value, edit func(path, s string) string) {
	switch {
	case in.Type() == secretType:
		if in.Len() > 0 {
			out.SetString(hidden)
		}
	case in.Kind() == reflect.String:
		out.SetString(edit(path, in.String()))
	case in.Kind() == reflect.Pointer && !in.IsNil():
		out.Set(reflect.New(in.Type().Elem()))
		copyTree(path, in.Elem(), out.Elem(), edit)
	case in.Kind() == reflect.Struct:
		for i := range in.NumField() {
			switch name := in.Type().Field(i).Tag.Get("toml"); {
			case in.Type().Field(i).Anonymous:
				copyTree(path, in.Field(i), out.Field(i), edit)
			case name != "" && name != "-":
				copyTree(tomlpos.Join(path, name), in.Field(i), out.Field(i), edit)
			case name == "-" && in.Field(i).Kind() == reflect.String:
				out.Field(i).Set(in.Field(i)) // names of tables
			}
		}
	case in.Kind() == reflect.Slice && !in.IsNil():
		out.Set(reflect.MakeSlice(in.Type(), in.Len(), in.Len()))
		for i := range in.Len() {
			copyTree(tomlpos.Element(path, i), in.Index(i), out.Index(i), edit)
		}
	case in.Kind() == reflect.Map && !in.IsNil():
		out.Set(reflect.MakeMap(in.Type()))
		for _, k := range in.MapKeys() {
			elem := reflect.New(in.Type().Elem()).Elem()
			copyTree(tomlpos.Join(path, k.String()), in.MapIndex(k), elem, edit)
			out.SetMapIndex(k, elem)
		}
	default:
		out.Set(in)
	}
}

var (
	userinfo = regexp.MustCompile(`://\S*@`)
	// A DSN of PostgreSQL may have it as a parameter.
	passwordParameter = regexp.MustCompile(`(?i)(password=)[^&\s]*`)
)

// hideUserinfo hides name and password of a URL, also of one that is not
// well-formed.
func hideUserinfo(s string) string {
	if strings.Contains(s, "@") {
		s = userinfo.ReplaceAllString(s, "://"+hidden+"@")
	}
	return passwordParameter.ReplaceAllString(s, "${1}"+hidden)
}
