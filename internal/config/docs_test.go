package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

const (
	shipped = "../../config.toml"
	manual  = "../../docs/CONFIGURATION.md"
)

// typesByPath lists every key of the types, as the key table spells it.
func typesByPath() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	var visit func(path string, t reflect.Type)
	visit = func(path string, t reflect.Type) {
		for name, f := range fields(t) {
			key, ft := strings.TrimPrefix(path+"."+name, "."), f.Type
			switch {
			case ft.Kind() == reflect.Struct:
				visit(key, ft)
			case ft.Kind() == reflect.Map && ft.Elem().Kind() == reflect.Pointer:
				visit(key+".NAME", ft.Elem().Elem())
			default:
				out[key] = ft
			}
		}
	}
	visit("", reflect.TypeFor[Config]())
	return out
}

// TestKeyTable asks that the key table has the keys of the types, and nothing
// else.
func TestKeyTable(t *testing.T) {
	types := typesByPath()
	for path := range types {
		if keyByPath[path] == nil {
			t.Errorf("%s is missing in keys", path)
		}
	}
	for _, k := range keys {
		if types[k.path] == nil {
			t.Errorf("%s is in keys and not in the types", k.path)
		}
	}
	if len(keyByPath) != len(keys) {
		t.Error("a key stands in keys twice")
	}
}

// typeText is what the manual calls the type of a key.
func typeText(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Duration]():
		return "duration"
	case t == sizeType:
		return "size"
	case t == dateType:
		return "date"
	case t == ratioType:
		return "ratio"
	case t == reflect.TypeFor[redact.Severity]():
		return "string"
	case t.Kind() == reflect.Slice:
		return "list of strings"
	case t.Kind() == reflect.Map:
		return "table of strings"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.Int:
		return "integer"
	}
	return "string"
}

// defaultText is how the manual and config.toml write the default of a key.
func defaultText(k *key, t reflect.Type) string {
	switch v := k.def.(type) {
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = strconv.Quote(v[i].(string))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return strconv.Quote(v)
	case nil:
		switch t.Kind() {
		case reflect.Slice:
			return "[]"
		case reflect.Map:
			return "{}"
		}
		return `""`
	default:
		return fmt.Sprint(v)
	}
}

var (
	heading = regexp.MustCompile("^### `\\[([a-z.A-Z]+)\\]`")
	row     = regexp.MustCompile("^\\| `([^`]+)` \\| ([^|]*) \\| ([^|]*) \\| (.+) \\|$")
)

// TestManual asks that docs/CONFIGURATION.md has a row for every key, with its
// type and default, and none for anything else.
func TestManual(t *testing.T) {
	data, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	types := typesByPath()
	seen := map[string]bool{}
	table := ""
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		if m := heading.FindStringSubmatch(line); m != nil {
			table = m[1]
		}
		m := row.FindStringSubmatch(line)
		if m == nil {
			if strings.HasPrefix(line, "| `") && table != "" {
				t.Errorf("line %d is not a row of a key: %s", i+1, line)
			}
			continue
		}
		path := table + "." + m[1]
		k := keyByPath[path]
		if k == nil || seen[path] {
			t.Errorf("line %d: %s is not a key, or for the second time", i+1, path)
			continue
		}
		seen[path] = true
		def := "`" + defaultText(k, types[path]) + "`"
		if k.required && k.def == nil {
			def = "required"
		}
		want := fmt.Sprintf("| `%s` | %s | %s | %s |", m[1], typeText(types[path]), def, m[4])
		if *update {
			lines[i] = want
		} else if line != want {
			t.Errorf("line %d: %s, want %s", i+1, line, want)
		}
	}
	for _, k := range keys {
		if !seen[k.path] {
			t.Errorf("%s is missing", k.path)
		}
	}
	if *update {
		if err := os.WriteFile(manual, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestManualExamples asks that each TOML block of the manual is right. A block
// without a route gets one.
func TestManualExamples(t *testing.T) {
	data, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "token.keys"), strings.Repeat("k", 32)+"\n")
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(data), -1)
	if len(blocks) < len(named) {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, block := range blocks {
		text := block[1]
		if !strings.Contains(text, "[route.") {
			text += storeRoute
		}
		cfg, err := Parse(filepath.Join(dir, "example.toml"), []byte(text), func(string) (string, bool) { return strings.Repeat("0123456789abcdef", 2), true })
		if err != nil {
			t.Errorf("%v in\n%s", err, text)
			continue
		}
		checkBuilt(t, cfg)
	}
}

// builtin is what redactd itself is built with.
func builtin() Names {
	n := Names{Codecs: codec.Names(), Actions: redact.ActionNames(), Validators: redact.ValidatorNames()}
	for _, pack := range patterns.Builtin() {
		n.Packs = append(n.Packs, pack.Name)
		for _, r := range pack.Rules {
			n.Rules = append(n.Rules, r.ID)
			n.Tags = append(n.Tags, r.Tags...)
		}
	}
	return n
}

// checkBuilt asks that all that cfg names is there and its rules compile.
func checkBuilt(t *testing.T, cfg *Config) {
	t.Helper()
	if err := cfg.Check(builtin()); err != nil {
		t.Error(err)
	}
	var own []redact.Rule
	for _, r := range cfg.Rules {
		own = append(own, *r)
	}
	set, err := redact.Compile(own, redact.Options{})
	if err != nil {
		t.Error(cfg.Place(err))
		return
	}
	for _, r := range own {
		for i, example := range slices.Concat(r.Examples, r.CounterExamples) {
			text, secrets, err := patterns.Expand(example, 1)
			if err != nil || (len(secrets) > 0) != (i < len(r.Examples)) {
				t.Fatalf("%s: %q: %v", r.ID, example, err)
			}
			found, err := set.Find(set.NewScratch(), nil, redact.Field{Value: []byte(text)})
			if err != nil || len(found) != len(secrets) {
				t.Errorf("%s: %d findings in %q, want %d: %v", r.ID, len(found), example, len(secrets), err)
			}
		}
	}
}

func readShipped(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestShipped asks that config.toml starts as it is, with no environment.
func TestShipped(t *testing.T) {
	cfg, err := Load(shipped, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	checkBuilt(t, cfg)
	if cfg.Routes["logs"].Upstream != StoreUpstream || cfg.Routes["logs"].Request != ScopeAll || cfg.Routes["api"].Response != ScopeErrors {
		t.Error("the routes are not those that the README shows")
	}
}

var commented = regexp.MustCompile(`(?m)^# (\[[a-z]+(?:\.[a-z-]+)+\]$|[a-z0-9_]+ = )`)

// TestShippedComments asks that config.toml with every commented key switched
// on is right as well, that it shows every key, and that each commented key
// outside the example tables shows its default.
func TestShippedComments(t *testing.T) {
	text := commented.ReplaceAllString(readShipped(t), "$1")
	cfg := mustParse(t, shipped, text, map[string]string{"REDACTD_ONCALL_TOKEN": strings.Repeat("0123456789abcdef", 2)})
	checkBuilt(t, cfg)
	for path := range typesByPath() {
		table, name, _ := cutLast(path)
		re := strings.ReplaceAll(regexp.QuoteMeta(table), "NAME", "[a-z-]+")
		if !regexp.MustCompile(`(?m)^\[` + re + `\]$(?:\n(?:[^\[].*)?)*\n` + name + ` = `).MatchString(text) {
			t.Errorf("%s is not shown", path)
		}
	}
	var tree map[string]any
	if _, err := toml.Decode(text, &tree); err != nil {
		t.Fatal(err)
	}
	types := typesByPath()
	table := ""
	for _, line := range strings.Split(readShipped(t), "\n") {
		if name, ok := strings.CutPrefix(strings.TrimPrefix(line, "# "), "["); ok && strings.HasSuffix(name, "]") {
			table = strings.TrimSuffix(name, "]")
			if parts := strings.Split(table, "."); len(parts) > 1 {
				parts[1] = "NAME"
				table = strings.Join(parts, ".")
			}
		}
		if !commented.MatchString(line) || slices.Contains([]string{"rule.NAME", "allow.NAME", "secret.NAME", "anchor.NAME", "disclosure.NAME"}, table) {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimPrefix(line, "# "), " = ")
		path := table + "." + name
		k := keyByPath[path]
		if k == nil || k.required && k.def == nil {
			continue // the heading of a table, or an example
		}
		if want := defaultText(k, types[path]); value != want {
			t.Errorf("%s shows %s, its default is %s", path, value, want)
		}
	}
}
