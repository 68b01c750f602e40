package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/explain"
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
		return fmt.Errorf("%s is there already (another name)", explain.Located(x.cfg, "allow."+f.name))
	}
	a, err := x.entry()
	if err != nil {
		return err
	}
	line, err := appendConfig(x.flags.config, explain.EntryTOML(f.name, a), x.env.lookup)
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

// allowHints are what to do about errors of entries.
var allowHints = map[error]string{
	explain.ErrSeveral:    "--finding NUMBER chooses one; explain without --allow shows them",
	explain.ErrCredential: "--by path lets through what stands there; --force writes the value",
	explain.ErrNoPath:     "--by value",
}

// entry makes the entry that the flags ask for.
func (x *explanation) entry() (*config.Allow, error) {
	f := &x.flags.allow
	r := explain.EntryRequest{Name: f.name, Finding: f.finding, ByPath: f.by == "path", Force: f.force, Comment: f.comment}
	if r.Comment == "" {
		r.Comment = "Made by redactd explain on " + x.env.now().UTC().Format(time.DateOnly)
	}
	if x.flags.route != "" {
		r.Routes = []string{x.flags.route}
	}
	var err error
	if r.Expires, err = f.lastDay(x.env.now()); err != nil {
		return nil, err
	}
	t := allowTryer{cfg: x.cfg, sets: map[string]*redact.Set{}}
	r.Works = func(a *config.Allow) (bool, error) {
		failures, err := t.entry(f.name, a)
		return len(failures) == 0, err
	}
	a, left, err := x.Entry(r)
	for cause, hint := range allowHints {
		if errors.Is(err, cause) {
			return nil, fmt.Errorf("%w (%s)", err, hint)
		}
	}
	if err == nil && len(a.Examples) == 0 {
		x.env.warnf("no example could be made of the text: write one, so that rules test tries the entry")
	}
	if left > 0 {
		x.env.warnf("with the entry the text has %s left: explain it again", count(left, "finding"))
	}
	return a, err
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
