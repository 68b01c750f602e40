package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/lookup"
	"github.com/redactd/redactd/internal/projector"
	"github.com/redactd/redactd/internal/records"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// findFlags are the flags of audit find.
type findFlags struct {
	trailFlags
	records string
	stdin   bool
	asJSON  bool
}

func newAuditFind(e *env) *cobra.Command {
	var f findFlags
	cmd := &cobra.Command{
		Use:   "find --secret-stdin",
		Short: "Say whether a value was seen, where and since when",
		Long: `Say whether a value was seen, where and since when, and print queries that find
what stands in its place in logs stored in Elasticsearch, Loki and Splunk.

The value is read from standard input, at a terminal without showing it, and is
nowhere printed or kept. Looked for are its fingerprints and tokens under all keys
of [token], and those of the secrets that the built-in rules find in it. A line
feed at its end is left out.

It asks the database of [records], or --records; with --dir, or where there is no
database, it reads the trail itself.

` + e.trailHelp(),
		Example: `  redactd audit find --secret-stdin --config config.toml
  vault kv get -field=key secret/pay | redactd audit find --secret-stdin --json`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  looked up, whether it was seen or not", "1  keys, database or trail could not be read"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			if !f.stdin {
				return usagef("a value is read from standard input only (--secret-stdin): others see the command line")
			}
			return e.findValue(cmd, &f)
		}),
	}
	f.add(e, cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.stdin, "secret-stdin", false, "read the value from standard input")
	flags.StringVar(&f.records, "records", "", "`DSN` of the database: sqlite:FILE or postgres://...")
	flags.BoolVar(&f.asJSON, "json", false, "print as a JSON object")
	cmd.MarkFlagsMutuallyExclusive("records", "dir")
	return cmd
}

// foundValue is what audit find tells.
type foundValue struct {
	Seen         bool           `json:"seen"`
	Leaks        []records.Leak `json:"leaks"`
	Fingerprints []string       `json:"fingerprints"` // the current key first
	Tokens       []string       `json:"tokens"`
	Queries      []lookup.Query `json:"queries"`
	// Placeholders find what was masked, by rule, in the time in which it was seen.
	Placeholders []lookup.Query `json:"placeholder_queries,omitempty"`
}

func (e *env) findValue(cmd *cobra.Command, f *findFlags) error {
	keys, err := f.keyring(e)
	if err != nil {
		return err
	}
	value, err := e.readValue()
	defer func() { clear(value[:cap(value)]) }()
	if err != nil {
		return err
	}
	var found foundValue
	for _, v := range spansOf(value) {
		found.Fingerprints = append(found.Fingerprints, keys.Fingerprints(v)...)
		found.Tokens = append(found.Tokens, keys.Tokens(v)...)
	}
	if found.Leaks, err = f.leaksOf(e, cmd, found.Fingerprints); err != nil {
		return err
	}
	found.Seen = len(found.Leaks) > 0
	found.Queries = lookup.Tokens(found.Tokens)
	var rules []string
	for i := range found.Leaks {
		if r := found.Leaks[i].Rule; !slices.Contains(rules, r) {
			rules = append(rules, r)
			found.Placeholders = append(found.Placeholders, lookup.Placeholders(r)...)
		}
	}
	if f.asJSON {
		if found.Leaks == nil {
			found.Leaks = []records.Leak{}
		}
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(&found)
	}
	return e.printFound(&found)
}

// maxValue bounds, in bytes, a value that is looked up.
const maxValue = 1 << 20

// readValue reads the value. The caller wipes it.
func (e *env) readValue() (value []byte, err error) {
	file, ok := e.stdin.(*os.File)
	if ok && e.isTerminal(e.stdin) {
		fmt.Fprint(e.stderr, "value: ")
		value, err = term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(e.stderr)
	} else {
		// Not io.ReadAll, which leaves copies behind as it grows.
		value = make([]byte, maxValue+1)
		var n int
		n, err = io.ReadFull(e.stdin, value)
		value = value[:n]
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			err = nil
		}
	}
	switch {
	case err != nil:
		return value, err
	case len(value) > maxValue:
		return value, errors.New("the value is longer than 1 MiB")
	}
	if value = bytes.TrimRight(value, "\r\n"); len(value) == 0 {
		return value, errors.New("there is no value on standard input")
	}
	return value, nil
}

// spansOf returns the value, and the parts of it that the built-in rules would find.
func spansOf(value []byte) [][]byte {
	spans := [][]byte{value}
	set, err := redact.Compile(patterns.Rules(patterns.Builtin()), redact.Options{})
	if err != nil {
		return spans
	}
	found, err := set.Find(set.NewScratch(), nil, redact.Field{Value: value})
	if err != nil {
		return spans
	}
	for _, fd := range found {
		if part := value[fd.Start:fd.End]; len(part) < len(value) {
			spans = append(spans, part)
		}
	}
	return spans
}

// keyring returns the keys of fingerprints: those of the configuration, or the one beside
// the trail.
func (f *findFlags) keyring(e *env) (*redact.Keyring, error) {
	dir := f.dir
	if dir == "" {
		cfg, err := e.implicitConfig(f.config)
		if err != nil {
			return nil, err
		}
		if cfg != nil {
			keys, err := cfg.Keyring()
			if err != nil || keys != nil {
				return keys, err
			}
		}
		if dir, err = trailDir(cfg); err != nil {
			return nil, err
		}
	}
	key, err := audit.ReadKey(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no key of fingerprints: none in [token], and none in %s", dir)
	}
	if err != nil {
		return nil, err
	}
	return redact.NewKeyring(key)
}

// leaksOf looks fingerprints up in the database, or in the trail.
func (f *findFlags) leaksOf(e *env, cmd *cobra.Command, fingerprints []string) (leaks []records.Leak, err error) {
	if f.dir == "" {
		r := recordsFlags{dsn: f.records, config: f.config}
		err := r.with(e, cmd, func(ctx context.Context, db *records.DB) error {
			if leaks, err = db.LeaksOf(ctx, fingerprints); err != nil {
				return err
			}
			return e.warnOfLosses(ctx, db)
		})
		if kind := records.KindOf(err); err == nil || f.records != "" || kind != records.Missing && kind != records.Schema {
			return leaks, err
		}
	}
	dir, err := f.trail(e)
	if err != nil {
		return nil, err
	}
	return leaksOfTrail(dir, fingerprints)
}

func leaksOfTrail(dir string, fingerprints []string) ([]records.Leak, error) {
	var events []audit.Event
	reader := audit.NewReader(dir, 0)
	for {
		c, err := reader.Read(1000)
		if err != nil {
			return nil, err
		}
		for i := range c.Events {
			if slices.Contains(fingerprints, c.Events[i].Fingerprint) {
				events = append(events, c.Events[i])
			}
		}
		if !c.More {
			return projector.Leaks(events), nil
		}
	}
}

func (e *env) printFound(found *foundValue) error {
	var b bytes.Buffer
	if !found.Seen {
		fmt.Fprintf(&b, "not seen\n\n")
	}
	for i := range found.Leaks {
		if err := printLeak(&b, &found.Leaks[i], nil, e.now()); err != nil {
			return err
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(&b, "fingerprints  %s\n", strings.Join(found.Fingerprints, " "))
	fmt.Fprintf(&b, "tokens        %s\n", strings.Join(found.Tokens, " "))
	fmt.Fprintf(&b, "\nIn stored logs, where the action is \"token\":\n")
	printQueries(&b, found.Queries)
	if len(found.Placeholders) > 0 {
		fmt.Fprintf(&b, "\nWhere it is \"mask\", one value can't be told from another of the same rule. In the\ntime from first to last seen:\n")
		printQueries(&b, found.Placeholders)
	}
	_, err := e.stdout.Write(b.Bytes())
	return err
}

func printQueries(w io.Writer, queries []lookup.Query) {
	for _, q := range queries {
		fmt.Fprintf(w, "\n%s, %s:", q.System, q.Language)
		if q.Note != "" {
			fmt.Fprintf(w, " (%s)", q.Note)
		}
		fmt.Fprintf(w, "\n  %s\n", q.Text)
	}
}
