package config

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the expected errors of testdata/*.bad.toml")

// planted is the value that the corpus puts in the environment. No error,
// no copy for show and no digest may hold it.
const planted = "planted-value"

// testNames is what exists for the corpus.
var testNames = Names{
	Packs:      []string{"secrets", "pii"},
	Tags:       []string{"pci"},
	Rules:      []string{"aws-access-key-id", "email", "iban"},
	Codecs:     []string{"json", "text"},
	Actions:    []string{"mask", "partial", "remove", "replace", "token"},
	Validators: []string{"luhn", "entropy"},
}

// corpusEnv reads "# env: NAME=value" lines.
func corpusEnv(data []byte) func(string) (string, bool) {
	env := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if def, ok := strings.CutPrefix(strings.TrimSpace(line), "# env: "); ok {
			name, value, _ := strings.Cut(def, "=")
			env[name] = value
		}
	}
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

func corpus(t *testing.T, pattern string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return files
}

// TestBad holds each wrong configuration against the errors that its first
// lines expect, one "#! line: key: message" each.
func TestBad(t *testing.T) {
	for name, data := range corpus(t, "*.bad.toml") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			cfg, err := Parse(name, data, corpusEnv(data))
			if err == nil {
				err = cfg.Check(testNames)
			}
			var errs Errors
			if !errors.As(err, &errs) {
				t.Fatalf("got %T (%v), want Errors", err, err)
			}
			got := strings.ReplaceAll(errs.Error()+"\n", name+":", "#! ")
			if *update {
				rewrite(t, name, data, strings.Count(got, "\n"))
				return
			}
			want := data[:len(data)-len(trimExpected(data))]
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(errs.Error(), planted) {
				t.Errorf("an error quotes the environment:\n%s", errs)
			}
			last := bytes.Count(data, []byte("\n")) + 1
			for _, e := range errs {
				if e.Line < 1 || e.Line > last || e.File != name {
					t.Errorf("%v: not a line of %s", e, name)
				}
			}
		})
	}
}

func trimExpected(data []byte) []byte {
	for bytes.HasPrefix(data, []byte("#! ")) {
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	return data
}

// rewrite puts n lines of errors before the rest of the file, whose own lines
// move by as many as the number has changed.
func rewrite(t *testing.T, name string, data []byte, n int) {
	body := append(bytes.Repeat([]byte("#! \n"), n), trimExpected(data)...)
	cfg, err := Parse(name, body, corpusEnv(data))
	if err == nil {
		err = cfg.Check(testNames)
	}
	text := strings.ReplaceAll(err.Error()+"\n", name+":", "#! ") + string(trimExpected(data))
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
