package ruleimport

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// Options say how to import.
type Options struct {
	// Format is the name of the source's format; "" tells it by the content.
	Format string
	// Taken reports whether an id is in use beside those of the built-in rules;
	// may be nil. A rule whose id is taken gets the name of its format before it.
	Taken func(id string) bool
	// Force takes rules that have to be tried at every byte.
	Force bool
}

// Rule is a rule taken over, and where it stands in the source.
type Rule struct {
	redact.Rule
	Name string // as the source calls it
	File string
	Line int
	// Action is what the source does with a finding, as routes name actions; ""
	// where it doesn't say or masks.
	Action string
}

// Note tells what was not taken over.
type Note struct {
	File string
	Line int    // from 1; 0 where the whole file is meant
	Rule string // as the source calls it; "" for what concerns all
	Msg  string
	Lost bool // the rule is not there at all
}

// String gives "file:line: rule: message".
func (n Note) String() string {
	s := n.File + ": "
	if n.Line > 0 {
		s = fmt.Sprintf("%s:%d: ", n.File, n.Line)
	}
	if n.Rule != "" {
		s += n.Rule + ": "
	}
	if n.Lost {
		s += "not taken over: "
	}
	return s + n.Msg
}

// Result is what was imported.
type Result struct {
	Format string
	Rules  []Rule
	// Allow lets through what the source lets through; each entry names ids of
	// Rules.
	Allow []Allow
	Notes []Note
}

// Allow is an entry of an allowlist, and where the source has it.
type Allow struct {
	redact.Allow
	File string
	Line int // from 1; 0 if it is not known
}

// Error says why a source can't be read.
type Error struct {
	File string
	Line int // 0 if it is not known
	Msg  string
}

func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return e.File + ": " + e.Msg
}

// quotedText is what decoders quote of a file, which may be no rules at all but a
// file with secrets, named by mistake.
var quotedText = regexp.MustCompile("(?s)[\"`].*[\"`]|'[^']{2,}'")

func unquoted(msg string) string { return quotedText.ReplaceAllString(msg, "what is not shown") }

// maxSource bounds, in bytes, the files that are read.
const maxSource = 16 << 20

// File imports the rules in a file. Files that it names are relative to its
// directory. The error is an *Error.
func File(path string, o Options) (*Result, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, o)
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	var data []byte
	switch {
	case err != nil:
	case info.IsDir():
		err = errors.New("it is a directory")
	case info.Size() > maxSource:
		err = errors.New("it is too large")
	default:
		data, err = os.ReadFile(path)
	}
	if err == nil {
		return data, nil
	}
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return nil, &Error{File: path, Msg: "cannot be read: " + err.Error()}
}

// Parse imports the rules in data, which it doesn't keep. name is what notes and
// errors call the source. The error is an *Error.
func Parse(name string, data []byte, o Options) (*Result, error) {
	f := formats[o.Format]
	if f == nil && o.Format != "" {
		return nil, &Error{File: name, Msg: fmt.Sprintf("no format is called %q (one of %s)", o.Format, strings.Join(Formats(), ", "))}
	}
	if f == nil {
		if f = guess(data); f == nil {
			return nil, &Error{File: name, Msg: "the format can't be told by the content (name one of " + strings.Join(Formats(), ", ") + ")"}
		}
	}
	im := &importer{file: name, format: f, o: o, res: &Result{Format: f.name}, ids: map[string]bool{}}
	if err := f.read(im, data); err != nil {
		return nil, err
	}
	if len(im.res.Rules) == 0 && len(im.res.Notes) == 0 {
		im.note(0, "", "holds no rule")
	}
	return im.res, nil
}

// format is how a tool writes its rules.
type format struct {
	name  string
	title string // of the tool
	tags  []string
	// knows reports whether a document is of the format. Of each document at
	// most one format does.
	knows func(d *document) bool
	// read adds the rules in data.
	read func(im *importer, data []byte) error
}

var formats = map[string]*format{}

// register makes a format known. A duplicate name panics.
func register(f format) {
	if formats[f.name] != nil {
		panic("ruleimport: format " + f.name + " registered twice")
	}
	formats[f.name] = &f
}

// Formats returns the names of all formats, sorted.
func Formats() []string {
	names := make([]string, 0, len(formats))
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Cut splits "format:path" as configurations write it. format is "" where none is
// named; ok is false where what stands before the colon is no format's name.
func Cut(text string) (format, path string, ok bool) {
	name, rest, found := strings.Cut(text, ":")
	// One letter is a drive.
	if !found || len(name) < 2 || strings.ContainsAny(name, `/\.`) {
		return "", text, text != ""
	}
	return name, rest, formats[name] != nil && rest != ""
}

var builtin = sync.OnceValue(func() map[string]*redact.Rule {
	m := map[string]*redact.Rule{}
	for _, p := range patterns.Builtin() {
		for i := range p.Rules {
			m[p.Rules[i].ID] = &p.Rules[i]
		}
	}
	return m
})

// selectors are the packs and tags of the built-in rules, which can't be ids.
var selectors = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, p := range patterns.Builtin() {
		m[p.Name] = true
		for i := range p.Rules {
			for _, tag := range p.Rules[i].Tags {
				m[tag] = true
			}
		}
	}
	return m
})

// base is the name of a file without directories.
func base(path string) string { return filepath.Base(path) }
