package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompletion(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.toml")
	text := "[upstream.api]\nurls = ['http://127.0.0.1:1']\n[route.shop]\nupstream = 'api'\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line []string
		want string // a line that is offered
		not  string // one that is not
	}{
		{[]string{"rules", "show", "github-c"}, "github-classic-token\tGitHub personal access token (classic)", "vcs\t"},
		{[]string{"rules", "show", "x", ""}, "", "github-classic-token"},
		{[]string{"rules", "list", "--pack", "vc"}, "vcs\t", "github-classic-token"},
		{[]string{"rules", "list", "--tag", ""}, "secret", "github-classic-token"},
		{[]string{"scrub", "--packs", "vcs,clo"}, "vcs,cloud\t", ""},
		{[]string{"scrub", "--rules", "pi"}, "pii\t", ""},
		{[]string{"scrub", "--disable", "github-cl"}, "github-classic-token\t", ""},
		{[]string{"scrub", "--format", "nd"}, "ndjson", ""},
		{[]string{"scrub", "--report", ""}, "json", ""},
		{[]string{"scrub", "--action", "ma"}, "mask", ""},
		{[]string{"scrub", "--action", "github-cl"}, "github-classic-token=\t", ""},
		{[]string{"scrub", "--action", "pci=par"}, "pci=partial", ""},
		{[]string{"scrub", "--config", file, "--route", ""}, "shop", ""},
		{[]string{"serve", "--log-format", ""}, "json", ""},
		{[]string{"serve", "--log-level", "w"}, "warn", ""},
		{[]string{"audit", "report", "--format", ""}, "csv", ""},
		{[]string{"audit", "report", "--rule", "github-cl"}, "github-classic-token\t", ""},
	} {
		e, stdout, stderr := testEnv()
		if code := run(e, append([]string{"__complete"}, c.line...)); code != exitOK {
			t.Errorf("%q: exit code %d: %s", c.line, code, stderr)
		}
		if !strings.Contains(stdout.String(), c.want) {
			t.Errorf("%q: no %q in %q", c.line, c.want, stdout)
		}
		if c.not != "" && strings.Contains(stdout.String(), c.not) {
			t.Errorf("%q: %q in %q", c.line, c.not, stdout)
		}
	}
}
