package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// allowFlags say what entry of the allowlist explain makes.
type allowFlags struct {
	name    string
	by      string
	finding int
	expires string
	comment string
	force   bool
}

func (f *allowFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.name, "allow", "", "write an entry of this `NAME`, which lets a finding through, to the end of --config")
	flags.StringVar(&f.by, "by", "value", "with --allow: what is let through, `WHAT` value or path")
	flags.IntVar(&f.finding, "finding", 0, "with --allow: `NUMBER` of the finding, where there are several")
	flags.StringVar(&f.expires, "expires", "90d", "with --allow: `WHEN` it ends, a date, a number of days or never")
	flags.StringVar(&f.comment, "comment", "", "with --allow: `TEXT` that says why")
	flags.BoolVar(&f.force, "force", false, "with --allow: write a value down though its rule is sure that it is a credential")
	completeWords(cmd, "by", "value", "path")
}

var allowName = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

func (f *allowFlags) check(s *scrubFlags) error {
	switch {
	case f.name == "":
		return nil
	case !allowName.MatchString(f.name):
		return usagef("--allow: %q is no name (lower-case letters, digits, dashes and underscores, 64 at most)", f.name)
	case s.config == "":
		return usagef("--allow writes to a configuration (--config FILE)")
	case f.by != "value" && f.by != "path":
		return usagef("--by: %q is not one of value and path", f.by)
	}
	_, err := f.lastDay(time.Now())
	return err
}

// lastDay returns the day with which the entry ends, "" for none.
func (f *allowFlags) lastDay(now time.Time) (config.Date, error) {
	if f.expires == "never" {
		return "", nil
	}
	if days, ok := strings.CutSuffix(f.expires, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 14); err == nil {
			return config.Date(now.UTC().AddDate(0, 0, int(n)).Format(time.DateOnly)), nil
		}
	}
	var day config.Date
	if err := day.UnmarshalText([]byte(f.expires)); err != nil || day == "" {
		return "", usagef("--expires: %q is no date (2027-01-31, 90d or never)", f.expires)
	}
	if !now.Before(day.End()) {
		return "", usagef("--expires: %s has passed", day)
	}
	return day, nil
}

// allow writes an entry for a finding to the configuration.
func (x *explanation) allow() error {
	f := &x.flags.allow
	if x.cfg.Allow[f.name] != nil {
		return fmt.Errorf("%s is there already (another name)", x.located("allow."+f.name))
	}
	it, err := x.chosen()
	if err != nil {
		return err
	}
	if f.by == "value" && it.Rule.Confidence == redact.High && !f.force {
		return fmt.Errorf("%s knows a credential by its form, and its value would stand in %s (--by path lets through what stands there; --force writes the value)",
			it.Rule.ID, x.flags.config)
	}
	a, err := x.entry(it)
	if err != nil {
		return err
	}
	if a.Expires, err = f.lastDay(x.env.now()); err != nil {
		return err
	}
	line, err := appendConfig(x.flags.config, entryTOML(f.name, a), x.env.lookup)
	if err != nil {
		return err
	}
	if f.by == "value" {
		x.env.warnf("the value stands in %s now, and is shown by /-/config", x.flags.config)
	}
	fmt.Fprintf(x.env.stdout, "%s:%d: [allow.%s] lets through what %s finds %s\n", x.flags.config, line, f.name,
		strings.Join(a.Rules, ", "), map[string]string{"value": "as this value", "path": "at " + strings.Join(a.Paths, "")}[f.by])
	fmt.Fprintf(x.env.stdout, "try it:    redactd rules test %s\nuse it:    kill -HUP the server, or POST /-/reload\n", x.flags.config)
	return nil
}

// chosen returns the finding that is meant.
func (x *explanation) chosen() (*item, error) {
	n := x.flags.allow.finding
	switch total := x.findings(); {
	case total == 0:
		return nil, fmt.Errorf("nothing is found, so there is nothing to let through")
	case n == 0 && total > 1:
		return nil, fmt.Errorf("%s (--finding NUMBER chooses one; explain without --allow shows them)", count(total, "finding"))
	case n < 0 || n > total:
		return nil, fmt.Errorf("there is no finding %d of %d", n, total)
	}
	for i := range x.items {
		if x.items[i].number == max(n, 1) {
			return &x.items[i], nil
		}
	}
	panic("a finding without a number")
}

// maxEntryRounds bounds how many rules an entry can be for that find the same.
const maxEntryRounds = 8

// entry makes the entry that lets a finding through: for the rules that find it, as
// many as there are one behind the other, and with an example that shows it works.
func (x *explanation) entry(it *item) (*config.Allow, error) {
	f := &x.flags.allow
	a := &config.Allow{Comment: f.comment}
	if a.Comment == "" {
		a.Comment = "Made by redactd explain on " + x.env.now().UTC().Format(time.DateOnly)
	}
	if x.flags.route != "" {
		a.Routes = []string{x.flags.route}
	}
	if f.by == "path" {
		if len(it.field.own) == 0 {
			return nil, fmt.Errorf("the text has no fields, so the finding has no path (--by value)")
		}
		a.Paths = []string{string(it.field.own)}
	}
	for range maxEntryRounds {
		verdicts, err := x.without(a, it)
		if err != nil {
			return nil, err
		}
		if len(verdicts) == 0 {
			return a, x.example(a, it)
		}
		for _, v := range verdicts {
			if !slices.Contains(a.Rules, v.Rule.ID) {
				a.Rules = append(a.Rules, v.Rule.ID)
			}
			if value := string(it.field.value[v.Start:v.End]); f.by == "value" && !slices.Contains(a.Values, value) {
				a.Values = append(a.Values, value)
			}
		}
	}
	return nil, fmt.Errorf("too many rules find it; write the entry by hand")
}

// without returns what is found where the finding is, as each rule captures it, when
// the entry holds.
func (x *explanation) without(a *config.Allow, it *item) (list []redact.Verdict, err error) {
	var o redact.Options
	if len(a.Rules) > 0 {
		o.Allow = []redact.Allow{a.Entry(x.flags.allow.name)}
	}
	set, err := x.policy.Set.With(o)
	if err != nil {
		return nil, err
	}
	verdicts, err := set.Explainer().Explain(redact.Field{Key: it.field.key, Path: it.field.own, Value: it.field.value})
	for _, v := range verdicts {
		if (v.Outcome == redact.OutcomeFound || v.Outcome == redact.OutcomeJoined) && v.Start < it.End && it.Start < v.End {
			list = append(list, v)
		}
	}
	return list, err
}

// example gives an entry the shortest of the examples that show that it works.
func (x *explanation) example(a *config.Allow, it *item) error {
	cfg := *x.cfg
	t := allowTryer{cfg: &cfg, sets: map[string]*redact.Set{}}
	for _, ex := range x.examples(a, it) {
		a.Examples = []string{ex}
		failures, err := t.entry(x.flags.allow.name, a)
		if err != nil {
			return err
		}
		if len(failures) == 0 {
			return nil
		}
	}
	a.Examples = nil
	x.env.warnf("no example could be made of the text: write one, so that rules test tries the entry")
	return nil
}

// examples returns what may serve as an example, shortest first. Beside the finding it
// holds no more of the text than has to be there: another secret may stand there.
func (x *explanation) examples(a *config.Allow, it *item) []string {
	if len(it.field.own) > 0 {
		if len(a.Paths) > 0 {
			return x.pathExamples(it)
		}
		return []string{fieldExample(it, mark(it, 0, len(it.field.value)))}
	}
	text := it.field.value
	from := 1 + bytes.LastIndexByte(text[:it.Start], '\n')
	to := len(text)
	if i := bytes.IndexByte(text[it.End:], '\n'); i >= 0 {
		to = it.End + i
	}
	var list []string
	for _, around := range []int{0, 16, 40, 80} {
		start, end := max(from, it.Start-around), min(to, it.End+around/4)
		for start > from && text[start-1] > ' ' {
			start--
		}
		for end < to && text[end] > ' ' {
			end++
		}
		list = append(list, mark(it, start, end))
	}
	return slices.Compact(list)
}

// mark returns a part of the field with the finding marked.
func mark(it *item, start, end int) string {
	v := it.field.value
	return string(v[start:it.Start]) + "«" + string(v[it.Start:it.End]) + "»" + string(v[it.End:end])
}

// pathExamples are documents with made up values at the path: those that the rule's
// own examples mark.
func (x *explanation) pathExamples(it *item) (list []string) {
	for _, ex := range it.Rule.Examples {
		_, rest, _ := strings.Cut(ex, "«")
		value, _, _ := strings.Cut(rest, "»")
		list = append(list, fieldExample(it, "«"+value+"»"))
	}
	return list
}

// fieldExample is a JSON document with a value at the path of a field.
func fieldExample(it *item, value string) string {
	quoted := jsonString(value)
	segments := strings.Split(string(it.field.own), ".")
	for _, s := range slices.Backward(segments) {
		name := strings.TrimRight(s, "[]")
		for range strings.Count(s, "[]") {
			quoted = "[" + quoted + "]"
		}
		if name != "" {
			quoted = "{" + jsonString(name) + ":" + quoted + "}"
		}
	}
	return quoted
}

func jsonString(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// entryTOML writes an entry as a table.
func entryTOML(name string, a *config.Allow) string {
	values := make([]string, len(a.Values))
	for i, v := range a.Values {
		values[i] = strings.ReplaceAll(v, "$", "$$")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[allow.%s]\ncomment = %s\n", name, tomlString(a.Comment))
	if a.Expires != "" {
		fmt.Fprintf(&b, "expires = %s\n", a.Expires)
	}
	for _, l := range []struct {
		key  string
		list []string
	}{{"values", values}, {"paths", a.Paths}, {"rules", a.Rules}, {"routes", a.Routes}, {"examples", a.Examples}} {
		if len(l.list) == 0 {
			continue
		}
		quoted := make([]string, len(l.list))
		for i, s := range l.list {
			quoted[i] = tomlString(s)
		}
		fmt.Fprintf(&b, "%s = [%s]\n", l.key, strings.Join(quoted, ", "))
	}
	return b.String()
}

// tomlString writes s as a string of TOML, literal where quotation marks in it would
// have to be escaped otherwise.
func tomlString(s string) string {
	control := strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
	if strings.ContainsAny(s, `"\`) && !control && !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String() + `"`
}

// appendConfig writes a table to the end of a configuration, if that is right with it,
// and returns its line. Nothing else of the file changes.
func appendConfig(file, table string, lookup func(string) (string, bool)) (line int, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	text := "\n" + table
	if len(data) > 0 && data[len(data)-1] != '\n' {
		text = "\n" + text
	}
	cfg, err := config.Parse(file, append(slices.Clip(data), text...), lookup)
	if err == nil {
		err = checkConfig(cfg)
	}
	if err != nil {
		return 0, fmt.Errorf("with the entry the configuration would be wrong:\n%w", err)
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return 0, err
	}
	if _, err := out.WriteString(text); err != nil {
		out.Close()
		return 0, err
	}
	return 1 + bytes.Count(data, []byte("\n")) + strings.Count(text, "\n") - strings.Count(table, "\n"), out.Close()
}
