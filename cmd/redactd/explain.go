package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/proxy"
	"github.com/redactd/redactd/redact"
)

// explainFlags are the flags of explain.
type explainFlags struct {
	scrubFlags
	text       string
	showValues bool
	verbose    bool
	asJSON     bool
	allow      allowFlags
}

// maxExplained bounds, in bytes, the text that is explained.
const maxExplained = 16 << 20

func newExplain(e *env) *cobra.Command {
	f := explainFlags{scrubFlags: scrubFlags{maxRecord: defaultMaxRecord}}
	cmd := &cobra.Command{
		Use:   "explain [FILE]",
		Short: "Say what is found in a text, what nearly is, and why",
		Long: `Say what is found in a text, what nearly is, and why.

The text is that of a file, of --text or of standard input, and is read as scrub
reads it: in its format and through encodings in it. What is found is told with its
rule, its place and what the action in force writes. What is nearly found is told
with the reason why it is not: a validator that refuses it, an entry of the
allowlist, a rule that is off, a name that is not beside it, a pattern that does
not fit.

Values are shown by their length and, from 16 bytes on, their first and last two
characters, since terminals and CI jobs keep what they show; --show-values shows
them. A secret in --text stays in the history of the shell: standard input is
better.

--allow NAME writes an entry [allow.NAME] for what was found to the end of the
configuration: the value or, with --by path, where it stands; for this rule only;
until a date; with the text as an example that "redactd rules test" runs.`,
		Example: `  tail -n 1 app.log | redactd explain
  redactd explain --config config.toml --route logs event.json
  redactd explain --config config.toml --allow build-ids --comment ids < line.txt`,
		Args: cobra.MaximumNArgs(1),
		Annotations: exits("0  explained, whether or not something is found",
			"1  the text could not be read, or no entry could be made of it"),
		RunE: e.runs(func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && cmd.Flags().Changed("text") {
				return usagef("a file and --text (one of the two)")
			}
			name := stdinName
			if len(args) == 1 {
				name = args[0]
			}
			if cmd.Flags().Changed("text") {
				e.stdin = strings.NewReader(f.text)
			}
			return e.explain(&f, name)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.text, "text", "", "explain this `TEXT`")
	flags.BoolVar(&f.showValues, "show-values", false, "show values as they are")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "tell what overlaps with findings too, and what each action would write")
	flags.BoolVar(&f.asJSON, "json", false, "print as a JSON array, with all that -v tells")
	f.addPolicy(e, cmd)
	f.allow.add(cmd)
	return cmd
}

// explain explains one text.
func (e *env) explain(f *explainFlags, name string) error {
	if err := errors.Join(f.scrubFlags.check(), f.allow.check(&f.scrubFlags)); err != nil {
		return err
	}
	if err := e.harden(); err != nil {
		e.warnf("core dumps could not be switched off: %v", err)
	}
	x, err := e.newExplanation(f)
	if err != nil {
		return err
	}
	if err := x.read(name); err != nil {
		return fmt.Errorf("%s: %w", displayName(name), err)
	}
	if f.allow.name != "" {
		return x.allow()
	}
	if f.asJSON {
		return x.writeJSON()
	}
	return x.writeText()
}

// explanation is what is told of one text.
type explanation struct {
	env    *env
	flags  *explainFlags
	cfg    *config.Config
	route  string
	policy *scrub.Policy
	keys   *redact.Keyring
	file   string // as shown
	on     *redact.Explainer
	off    *redact.Set // of the rules that are off
	sc     *redact.Scratch
	items  []item
}

// field is a text that was searched.
type field struct {
	path       string // with the names of encodings
	key, value []byte
	own        []byte // path without these, for allowlists
}

// item is a verdict on a part of a field.
type item struct {
	redact.Verdict
	field *field
	off   bool // the rule is off
	// number counts findings from 1.
	number int
	// within is set where a finding covers a part of it.
	within bool
}

func (it *item) value() []byte { return it.field.value[it.Start:it.End] }

// newExplanation compiles what the flags say, and apart from that the rules that are
// off.
func (e *env) newExplanation(f *explainFlags) (*explanation, error) {
	cfg, name, err := e.scrubRoute(&f.scrubFlags)
	if err != nil {
		return nil, err
	}
	policy, keys, err := e.routePolicy(cfg, name, &f.scrubFlags)
	if err != nil {
		return nil, err
	}
	x := &explanation{env: e, flags: f, cfg: cfg, route: name, policy: policy, keys: keys}
	on := map[string]bool{}
	for _, r := range proxy.RouteRules(cfg, patterns.Rules(patterns.Builtin()), defaultPacks(), name) {
		on[r.ID] = true
	}
	off := slices.DeleteFunc(append(patterns.Rules(patterns.Builtin()), ownRules(cfg)...), func(r redact.Rule) bool { return on[r.ID] })
	if x.off, err = redact.Compile(off, redact.Options{}); err != nil {
		return nil, err
	}
	x.on, x.sc = policy.Set.Explainer(), x.off.NewScratch()
	return x, nil
}

// read explains the text of an input, every field of it.
func (x *explanation) read(name string) error {
	in, err := x.env.openInput(name)
	if err != nil {
		return plainError(err)
	}
	defer in.close()
	if err := in.look(x.flags.format); err != nil {
		return err
	}
	x.file = displayName(name)
	body, err := io.ReadAll(io.LimitReader(in.reader(), maxExplained+1))
	switch {
	case err != nil:
		return plainError(err)
	case len(body) > maxExplained:
		return fmt.Errorf("longer than %s, which is the most that is explained", config.Size(maxExplained))
	}
	policy := *x.policy
	policy.Codec = in.codec
	s := scrub.Acquire(&policy, nil)
	defer s.Release()
	var bad error
	res, err := s.Texts(body, scrub.Meta{ContentEncoding: in.coding}, func(path []byte, f redact.Field) {
		bad = errors.Join(bad, x.explain(path, f))
	})
	if err = errors.Join(err, bad); err != nil {
		return plainError(err)
	}
	if res.Fallback {
		x.env.warnf("%s: not %s throughout; read as plain text from where it broke", x.file, in.codec)
	}
	return nil
}

// explain gathers the verdicts on one field.
func (x *explanation) explain(path []byte, f redact.Field) error {
	fd := &field{path: string(path), key: bytes.Clone(f.Key), value: bytes.Clone(f.Value), own: bytes.Clone(f.Path)}
	verdicts, err := x.on.Explain(f)
	if err != nil {
		return err
	}
	first := len(x.items)
	for _, v := range verdicts {
		x.items = append(x.items, item{Verdict: v, field: fd})
	}
	found, err := x.off.Find(x.sc, nil, f)
	if err != nil {
		return err
	}
	for _, fo := range found {
		v := redact.Verdict{Rule: fo.Rule, Start: fo.Start, End: fo.End, Outcome: redact.OutcomeFound}
		x.items = append(x.items, item{Verdict: v, field: fd, off: true})
	}
	x.number(x.items[first:])
	return nil
}

// number counts the findings, and marks what they cover.
func (x *explanation) number(items []item) {
	for i := range items {
		if !items[i].found() {
			continue
		}
		items[i].number = 1 + x.findings()
		for k := range items {
			items[k].within = items[k].within || items[k].Start < items[i].End && items[i].Start < items[k].End
		}
	}
}

func (it *item) found() bool { return it.Outcome == redact.OutcomeFound && !it.off }

// findings returns how many are counted.
func (x *explanation) findings() (n int) {
	for i := range x.items {
		n = max(n, x.items[i].number)
	}
	return n
}

// why says why an item is no finding of its own, with the place of what decided it.
func (x *explanation) why(it *item) string {
	switch {
	case it.off:
		return x.whyOff(it.Rule)
	case it.Outcome == redact.OutcomeAllowed:
		return it.Why + " by " + x.located("allow."+it.By)
	}
	return it.Why
}

// located is a key with its place: "allow.x (config.toml:41)".
func (x *explanation) located(key string) string {
	if file, line := x.cfg.Locate(key); file != "" {
		return fmt.Sprintf("%s (%s:%d)", key, file, line)
	}
	return key
}

// table is the table of the configuration that says what is looked for.
func (x *explanation) table() string {
	if x.cfg.Listeners[x.route] != nil {
		return "listener." + x.route
	}
	return "route." + x.route
}

// whyOff says why a rule is off, and what switches it on.
func (x *explanation) whyOff(r *redact.Rule) string {
	route := x.cfg.Routes[x.route]
	for i, name := range route.DisableRule {
		if r.Selected(name) {
			if x.route == flagRoute {
				return "its rule is switched off by --disable " + name
			}
			return "its rule is switched off by " + x.located(fmt.Sprintf("%s.disable_rules[%d]", x.table(), i))
		}
	}
	if x.route == flagRoute {
		return fmt.Sprintf("its rule is off, as is pack %s (--rules %s switches it on)", r.Pack, r.ID)
	}
	return fmt.Sprintf("its rule is off, as is pack %s (rules = [%q] in %s)", r.Pack, r.ID, x.located(x.table()))
}
