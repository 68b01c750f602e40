package ruleimport

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/redactd/redactd/redact"
)

// Pack writes a result as a pack, with comments that tell what was left out. What
// a pack can't hold, allowlists and actions, stands in comments at its end.
func (res *Result) Pack() []byte {
	w := &writer{}
	source := ""
	if len(res.Rules) > 0 {
		source = base(res.Rules[0].File)
	}
	title := formats[res.Format].title
	w.comment("Made by \"redactd rules import\"; read it before you use it: what is written in")
	w.comment("comments was not taken over as it was.")
	w.line("")
	w.line("[pack]")
	w.value("description", strings.TrimSpace("Rules of "+title+" "+source))
	for _, n := range res.notesOf("", false) {
		w.line("")
		w.comment(n)
	}
	for i := range res.Rules {
		w.rule(&res.Rules[i], res)
	}
	w.lost(res)
	w.allow(res)
	w.actions(res)
	return []byte(w.b.String())
}

// notesOf returns the notes about a rule of the source, or with "" those about
// the source.
func (res *Result) notesOf(rule string, lost bool) []string {
	var out []string
	for _, n := range res.Notes {
		if n.Rule == rule && n.Lost == lost {
			out = append(out, n.Msg)
		}
	}
	return out
}

type writer struct{ b strings.Builder }

func (w *writer) line(text string) { w.b.WriteString(text + "\n") }

func (w *writer) comment(text string) {
	for line := range strings.Lines(text) {
		w.line("# " + strings.TrimRight(line, "\r\n"))
	}
}

func (w *writer) value(key string, text string) {
	if text != "" {
		w.line(key + " = " + quote(text))
	}
}

func (w *writer) list(key string, texts []string) {
	if len(texts) == 0 {
		return
	}
	quoted := make([]string, len(texts))
	length := 0
	for i, t := range texts {
		quoted[i] = quote(t)
		length += len(quoted[i]) + 2
	}
	if length < 90 {
		w.line(key + " = [" + strings.Join(quoted, ", ") + "]")
		return
	}
	w.line(key + " = [")
	for _, q := range quoted {
		w.line("  " + q + ",")
	}
	w.line("]")
}

func (w *writer) rule(r *Rule, res *Result) {
	w.line("")
	for _, n := range res.Notes {
		if !n.Lost && n.Rule == r.Name && n.File == r.File {
			w.comment(n.Msg)
		}
	}
	w.line("[rule." + r.ID + "]")
	w.value("description", r.Description)
	w.value("reference", r.Reference)
	w.list("keys", r.Keys)
	if r.Pattern != "" {
		w.line("pattern = " + literal(r.Pattern))
	}
	w.list("validators", r.Validators)
	w.value("severity", r.Severity.String())
	w.value("confidence", r.Confidence.String())
	w.list("tags", r.Tags)
	if r.Window > 0 {
		w.line("window = " + strconv.Itoa(r.Window))
	}
	if r.Force {
		w.line("force = true")
	}
	w.list("examples", r.Examples)
	w.list("counter_examples", r.CounterExamples)
}

func (w *writer) lost(res *Result) {
	head := "\n# Not taken over:\n#"
	for _, n := range res.Notes {
		if n.Lost {
			w.line(head)
			head = ""
			break
		}
	}
	for _, n := range res.Notes {
		if n.Lost {
			w.comment(fmt.Sprintf("%s (line %d): %s", n.Rule, n.Line, n.Msg))
		}
	}
}

func (w *writer) allow(res *Result) {
	for i, a := range res.Allow {
		if i == 0 {
			w.line("\n# What the source lets through. A pack can't hold it: put it into the configuration.")
		}
		one := &writer{}
		one.line("[allow." + a.Name + "]")
		one.list("values", a.Values)
		if len(a.Patterns) > 0 {
			one.line("patterns = [")
			for _, p := range a.Patterns {
				one.line("  " + literal(p) + ",")
			}
			one.line("]")
		}
		one.list("paths", a.Paths)
		one.list("rules", a.Rules)
		w.line("#")
		w.comment(one.b.String())
	}
}

func (w *writer) actions(res *Result) {
	var parts []string
	for i := range res.Rules {
		if r := &res.Rules[i]; r.Action != "" {
			parts = append(parts, toml.Key{r.ID}.String()+" = "+quote(r.Action))
		}
	}
	if len(parts) > 0 {
		w.line("\n# What the source does with findings. For a [route.NAME] of the configuration:\n#")
		w.comment("actions = { " + strings.Join(parts, ", ") + " }")
	}
}

// literal writes a pattern, as it stands where that can be.
func literal(text string) string {
	plain := !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
	switch {
	case plain && !strings.Contains(text, "'"):
		return "'" + text + "'"
	case plain && !strings.Contains(text, "'''") && !strings.HasSuffix(text, "'"):
		return "'''" + text + "'''"
	}
	return quote(text)
}

// quote writes a basic string.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// ids returns the ids of rules.
func ids(rules []Rule) []string {
	var out []string
	for i := range rules {
		out = append(out, rules[i].ID)
	}
	slices.Sort(out)
	return out
}

// plain returns the rules alone.
func (res *Result) plain() []redact.Rule {
	out := make([]redact.Rule, len(res.Rules))
	for i := range res.Rules {
		out[i] = res.Rules[i].Rule
	}
	return out
}
