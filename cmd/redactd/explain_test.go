package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/explain"
)

// An entry is appended and nothing else changes, wherever the file ends; the line is
// that of its header.
func TestAppendConfig(t *testing.T) {
	const head = "[route.x]\nupstream = \"store\"\nrequest = \"all\" # the end"
	values := []string{`a$b"c`, `'"\n`, "\t\x7f\r\n'\"\\", "${HOME}", "é\u2028"}
	table := explain.EntryTOML("new", &config.Allow{Values: values, Comment: "x", Expires: "2199-01-01", Examples: []string{"«a»"}})
	for end, line := range map[string]int{"": 5, "\n": 5, "\r\n": 5, "\n\n": 6} {
		file := filepath.Join(t.TempDir(), "c.toml")
		if err := os.WriteFile(file, []byte(head+end), 0o640); err != nil {
			t.Fatal(err)
		}
		none := func(string) (string, bool) { return "", false }
		got, err := appendConfig(file, table, none)
		if err != nil || got != line {
			t.Errorf("%q: line %d, %v, want %d", end, got, err, line)
		}
		data, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(data), head+end) || strings.Split(string(data), "\n")[line-1] != "[allow.new]" {
			t.Errorf("%q: %v\n%s", end, err, data)
		}
		cfg, err := config.Load(file, none)
		if err != nil || !slices.Equal(cfg.Allow["new"].Values, values) {
			t.Errorf("%q: %v\n%s", end, err, data)
		}
	}
	if _, err := appendConfig(filepath.Join(t.TempDir(), "none.toml"), table, nil); err == nil {
		t.Error("a file that is not there")
	}
}

// Entries of the allowlist are warned of from two weeks before their end.
func TestExpiryWarnings(t *testing.T) {
	cfg, err := config.Parse("c.toml", []byte("[route.x]\nupstream = \"store\"\nrequest = \"all\"\n"+
		"[allow.a]\nvalues = [\"v\"]\nexpires = 2027-01-31\n[allow.b]\nvalues = [\"v\"]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	const key = "c.toml:6: allow.a.expires: "
	for at, want := range map[time.Time][]string{
		end.AddDate(0, 0, -15):              nil,
		end.AddDate(0, 0, -14):              {key + "expires with 2027-01-31"},
		end.Add(-time.Second):               {key + "expires with 2027-01-31"},
		end:                                 {key + "expired with 2027-01-31: it lets nothing through any more"},
		end.AddDate(5, 0, 0).Add(time.Hour): {key + "expired with 2027-01-31: it lets nothing through any more"},
	} {
		if got := ruleWarnings(cfg, at); !slices.Equal(got, want) {
			t.Errorf("at %s: %q, want %q", at, got, want)
		}
	}
}
