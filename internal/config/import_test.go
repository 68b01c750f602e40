package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

const leaks = `[[rules]]
id = "acme-token"
description = "Acme token"
regex = '''\bacmet_([0-9a-z]{24})\b'''
keywords = ["acmet_"]

[[rules]]
id = "acme-file"
path = '''\.acme$'''

[[allowlists]]
stopwords = ["handbook"]
`

// importConfig writes files into a directory and reads a configuration there.
func importConfig(t *testing.T, text string, files map[string]string) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, data)
	}
	return Parse(filepath.Join(dir, "redactd.toml"), []byte(text+storeRoute), nil)
}

func TestImport(t *testing.T) {
	files := map[string]string{"leaks.toml": leaks, "mine.toml": "[pack]\ndescription = 'Mine'\n\n[rule.acme-door]\npattern = 'acmedoor-[0-9]{6}'\nexamples = ['«acmedoor-123456»']\n"}
	cfg, err := importConfig(t, "[rules]\nimport = ['gitleaks:leaks.toml', 'mine.toml']\n", files)
	if err != nil {
		t.Fatal(err)
	}
	checkBuilt(t, cfg)
	r := cfg.Rules["acme-token"]
	if r == nil || r.ID != "acme-token" || r.Pack != RulePack || !r.HasTag("gitleaks") || cfg.Rules["acme-door"] == nil || len(cfg.Rules) != 2 {
		t.Fatalf("rules are %v", cfg.Rules)
	}
	allow := cfg.Allow["gitleaks-1"]
	if allow == nil || !slices.Equal(allow.Rules, []string{"acme-token"}) {
		t.Fatalf("allowlists are %v", cfg.Allow)
	}
	if len(cfg.Warnings) != 1 || cfg.Warnings[0].Key != "acme-file" || cfg.Warnings[0].Line != 7 || !strings.HasPrefix(cfg.Warnings[0].Msg, "not taken over: ") {
		t.Errorf("warnings are %v", cfg.Warnings)
	}
	if file, line := cfg.Locate("rule.acme-token.pattern"); filepath.Base(file) != "leaks.toml" || line != 1 {
		t.Errorf("located at %s:%d", file, line)
	}
	err = cfg.Place(&redact.RuleError{ID: "acme-door", Key: "pattern", Err: errors.New("test")})
	if err == nil || !strings.HasSuffix(err.Error(), "mine.toml:4: rule.acme-door.pattern: test") {
		t.Errorf("placed: %v", err)
	}

	// What is shown names the files, and can be read again.
	shown, err := cfg.TOML()
	if err != nil || strings.Contains(string(shown), "acmet_") || !strings.Contains(string(shown), "gitleaks:leaks.toml") {
		t.Errorf("%v:\n%s", err, shown)
	}

	// The digest is that of what the files say, wherever they lie.
	again, err := importConfig(t, "[rules]\nimport = ['gitleaks:leaks.toml', 'mine.toml']\n", files)
	if err != nil || again.Digest != cfg.Digest {
		t.Errorf("the digest depends on the directory: %v", err)
	}
	files["leaks.toml"] = strings.Replace(leaks, "{24}", "{25}", 1)
	if again, err = importConfig(t, "[rules]\nimport = ['gitleaks:leaks.toml', 'mine.toml']\n", files); err != nil || again.Digest == cfg.Digest {
		t.Errorf("the digest leaves the imported rules out: %v", err)
	}
}

// An own rule keeps its name, and so does what names it.
func TestImportTakenName(t *testing.T) {
	cfg, err := importConfig(t, "[rules]\nimport = ['leaks.toml']\n[rule.acme-token]\npattern = 'acme-own-[0-9]{4}'\n", map[string]string{"leaks.toml": leaks})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Rules["gitleaks-acme-token"] == nil || cfg.Rules["acme-token"].Pattern != "acme-own-[0-9]{4}" {
		t.Errorf("rules are %v", cfg.Rules)
	}
	if file, line := cfg.Locate("rule.acme-token.pattern"); filepath.Base(file) != "redactd.toml" || line != 4 {
		t.Errorf("the own rule is located at %s:%d", file, line)
	}
}

// What is wrong inside of a file is told with that file's name and line, and
// quotes nothing of it.
func TestImportBadFile(t *testing.T) {
	for name, data := range map[string]string{
		"gitleaks:bad.toml": "[[rules]]\nid = " + planted + "\n", "kingfisher:bad.yml": "rules:\n- min_entropy: " + planted + "\n",
	} {
		_, file, _ := strings.Cut(name, ":")
		_, err := importConfig(t, "[rules]\nimport = ['"+name+"']\n", map[string]string{file: data})
		if err == nil || !strings.Contains(err.Error(), file+":2: ") || strings.Contains(err.Error(), planted) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The short form, and a directory, are as naming each file.
func TestImportForms(t *testing.T) {
	files := map[string]string{"d/leaks.toml": leaks, "d/.hidden.toml": "no rules", "d/README.md": "no rules"}
	for _, text := range []string{
		"rules = ['gitleaks:d/leaks.toml']\n", "rules = ['d']\n", "[rules]\nimport = ['gitleaks:d/']\n",
	} {
		cfg, err := importConfig(t, text, files)
		if err != nil {
			t.Fatal(err)
		}
		if len(cfg.Rules) != 1 || cfg.Rules["acme-token"] == nil || len(cfg.Warnings) != 1 {
			t.Errorf("%s: rules %v, warnings %v", text, cfg.Rules, cfg.Warnings)
		}
	}
	for text, want := range map[string]string{
		"\n\nrules = ['d', 'nix.toml']\n":     "redactd.toml:3: rules.import[1]: ",
		"rules = [\n'd',\n'nix:x.toml',\n]\n": "redactd.toml:3: rules.import[1]: ",
		"[rules]\nimport = ['empty']\n":       "is a directory without a file of rules",
		"rules = 'd'\n":                       "rules: is a string",
	} {
		if _, err := importConfig(t, text, map[string]string{"d/leaks.toml": leaks, "empty/x.md": ""}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// What was left out of many rules alike is one warning; rules that are lost are told
// one by one.
func TestImportWarnsOnce(t *testing.T) {
	rules := ""
	for _, name := range []string{"aaa", "bbb", "ccc"} {
		rules += "[[rules]]\nid = 'acme-" + name + "'\nregex = 'acme" + name + "-[0-9]{8}'\npath = '\\.env$'\nkeywords = ['acme']\n" +
			"[[rules]]\nid = 'file-" + name + "'\npath = '\\.acme$'\n"
	}
	cfg, err := importConfig(t, "rules = ['gitleaks:l.toml']\n", map[string]string{"l.toml": rules})
	if err != nil {
		t.Fatal(err)
	}
	var once, lost int
	for _, w := range cfg.Warnings {
		if strings.HasSuffix(w.Msg, "(of 3 rules, of which this is the first)") && w.Line == 1 {
			once++
		}
		if strings.HasPrefix(w.Msg, "not taken over: ") {
			lost++
		}
	}
	if once != 1 || lost != 3 || len(cfg.Warnings) != 4 {
		t.Errorf("warnings are %q", cfg.Warnings)
	}
}
