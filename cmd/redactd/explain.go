package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/explain"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// explainFlags are the flags of explain.
type explainFlags struct {
	scrubFlags
	text       string
	path       string
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
better. With --path the text is the value of such a field, and no document.

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
	flags.StringVar(&f.path, "path", "", "explain the text as the value of a field at this `PATH`: user.password, items[].token")
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
	env   *env
	flags *explainFlags
	cfg   *config.Config
	route string
	file  string // as shown
	by    *explain.Explainer
	*explain.Explanation
}

// newExplanation compiles what the flags say.
func (e *env) newExplanation(f *explainFlags) (*explanation, error) {
	cfg, name, err := e.scrubRoute(&f.scrubFlags)
	if err != nil {
		return nil, err
	}
	policy, keys, err := e.routePolicy(cfg, name, &f.scrubFlags)
	if err != nil {
		return nil, err
	}
	x := &explanation{env: e, flags: f, cfg: cfg, route: name}
	o := explain.Options{
		Config: cfg, Name: name, Policy: policy, Keys: keys, Off: explain.OffRules(append(patterns.Rules(patterns.Builtin()), ownRules(cfg)...), policy),
		MaxText: maxExplained, MaxVerdicts: math.MaxInt,
	}
	if name == flagRoute {
		o.WhyOff = x.whyOff
	}
	x.by, err = explain.New(o)
	return x, err
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
	if err != nil {
		return plainError(err)
	}
	x.Explanation, err = x.by.Explain(context.Background(), explain.Request{
		Text: body, Path: x.flags.path, Format: in.codec, Coding: in.coding, ShowValues: x.flags.showValues,
	})
	if err != nil {
		return plainError(err)
	}
	if x.Result().Fallback {
		x.env.warnf("%s: not %s throughout; read as plain text from where it broke", x.file, in.codec)
	}
	return nil
}

// whyOff says why a rule is off where flags say what is on.
func (x *explanation) whyOff(r *redact.Rule) string {
	for _, name := range x.flags.disable {
		if r.Selected(name) {
			return "its rule is switched off by --disable " + name
		}
	}
	return fmt.Sprintf("its rule is off, as is pack %s (--rules %s switches it on)", r.Pack, r.ID)
}
