package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/redactd/redactd/redact"
)

// itemJSON is a verdict as explain prints it.
type itemJSON struct {
	File     string          `json:"file"`
	Path     string          `json:"path"` // "" in plain text; with the names of encodings
	Line     int             `json:"line"` // of the field, from 1
	Start    int             `json:"start"`
	End      int             `json:"end"`
	Value    string          `json:"value"` // masked, unless asked for
	Rule     string          `json:"rule"`
	Pack     string          `json:"pack"`
	Severity redact.Severity `json:"severity"`
	Outcome  string          `json:"outcome"` // of redact.Verdict, or "off"
	By       string          `json:"by,omitempty"`
	Why      string          `json:"why,omitempty"`
	// Of findings: the action in force, what it writes, and what others would.
	Number  int               `json:"number,omitempty"`
	Action  string            `json:"action,omitempty"`
	Writes  string            `json:"writes,omitempty"`
	Actions map[string]string `json:"actions,omitempty"`
}

// outcomeOff is the outcome of what rules find that are off.
const outcomeOff = "off"

func (x *explanation) writeJSON() error {
	out := []itemJSON{}
	for i := range x.items {
		it := &x.items[i]
		j := itemJSON{
			File: x.file, Path: it.field.path, Line: it.line(), Start: it.Start, End: it.End, Value: x.shown(it.value()),
			Rule: it.Rule.ID, Pack: it.Rule.Pack, Severity: it.Rule.Severity, Outcome: string(it.Outcome), By: it.By, Why: x.why(it),
		}
		if it.off {
			j.Outcome = outcomeOff
		}
		if it.found() {
			j.Number, j.Action, j.Writes, j.Actions = it.number, x.policy.Set.ActionName(it.Finding), x.writes(it), map[string]string{}
			for _, a := range x.otherActions(it) {
				j.Actions[a.name] = a.writes
			}
		}
		out = append(out, j)
	}
	enc := json.NewEncoder(x.env.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// line is the line of the field that an item begins on.
func (it *item) line() int { return 1 + bytes.Count(it.field.value[:it.Start], []byte("\n")) }

// shown is a value as it may be shown: its ends, where it is long enough that these
// tell little.
func (x *explanation) shown(value []byte) string {
	switch {
	case x.flags.showValues:
		return string(value)
	case len(value) < 16:
		return "…"
	}
	return string(value[:2]) + "…" + string(value[len(value)-2:])
}

// writes is what the action in force writes for a finding.
func (x *explanation) writes(it *item) string {
	out, remove := x.policy.Set.AppendReplacement(nil, it.Finding, it.value())
	if remove {
		return "nothing: the field goes where its format allows that"
	}
	return string(out)
}

type actionResult struct{ name, writes string }

// otherActions returns what each action would write for a finding.
func (x *explanation) otherActions(it *item) (list []actionResult) {
	keys := x.keys
	if keys == nil {
		keys, _ = redact.NewKeyring([]byte(ephemeralKey()))
	}
	for _, text := range []string{"mask", "partial:2,2", "token", "replace:***", "remove"} {
		a, err := redact.ParseAction(text, keys)
		if err != nil {
			continue
		}
		writes := string(a.Append(nil, it.Rule, it.value()))
		if writes == "" {
			writes = "nothing: the field goes where its format allows that"
		}
		list = append(list, actionResult{text, writes})
	}
	return list
}

// writeText prints a line or more for each verdict, findings first.
func (x *explanation) writeText() error {
	w := bufio.NewWriter(x.env.stdout)
	near := 0
	for i := range x.items {
		if x.items[i].found() {
			x.writeFinding(w, &x.items[i])
		}
	}
	for i := 0; i < len(x.items); i++ {
		it := &x.items[i]
		if it.found() || it.Outcome == redact.OutcomeJoined || it.within && !x.flags.verbose && it.Why != redact.Expired {
			continue
		}
		same := x.sameSpan(i)
		near++
		x.writeNear(w, it, x.items[i:i+same])
		i += same - 1
	}
	fmt.Fprintf(w, "%s, %s\n", count(x.findings(), "finding"), nearMisses(near))
	return w.Flush()
}

func nearMisses(n int) string {
	if n == 1 {
		return "1 near miss"
	}
	return fmt.Sprintf("%d near misses", n)
}

// place is where an item stands: "line 3, bytes 10 to 17", "user.password".
func (it *item) place() string {
	span := fmt.Sprintf("bytes %d to %d", it.Start+1, it.End)
	if i := bytes.LastIndexByte(it.field.value[:it.Start], '\n'); bytes.IndexByte(it.field.value, '\n') >= 0 {
		span = fmt.Sprintf("line %d, bytes %d to %d", it.line(), it.Start-i, it.End-i-1)
	}
	switch {
	case it.field.path == "":
		return span
	case it.Start == 0 && it.End == len(it.field.value):
		return printable(it.field.path)
	}
	return printable(it.field.path) + ", " + span
}

// describe is where an item stands and what it looks like.
func (x *explanation) describe(it *item) string {
	shown := ""
	if s := x.shown(it.value()); s != "…" {
		shown = " " + strconv.Quote(s)
	}
	return fmt.Sprintf("at %s (%s%s)", it.place(), count(it.End-it.Start, "byte"), shown)
}

func (x *explanation) writeFinding(w io.Writer, it *item) {
	fmt.Fprintf(w, "#%d found   %s %s\n", it.number, it.Rule.ID, x.describe(it))
	fmt.Fprintf(w, "           %s, pack %s, severity %s\n", it.Rule.Description, it.Rule.Pack, it.Rule.Severity)
	fmt.Fprintf(w, "           %s writes %s\n", x.policy.Set.ActionName(it.Finding), printable(x.writes(it)))
	if x.flags.verbose {
		for _, a := range x.otherActions(it) {
			fmt.Fprintf(w, "           %s would write %s\n", a.name, printable(a.writes))
		}
	}
	var also []string
	for i := range x.items {
		o := &x.items[i]
		if o.field == it.field && o.Outcome == redact.OutcomeJoined && o.Rule != it.Rule && o.Start >= it.Start && o.Start < it.End {
			also = append(also, o.Rule.ID)
		}
	}
	if len(also) > 0 {
		fmt.Fprintf(w, "           less specific: %s\n", strings.Join(also, ", "))
	}
}

// sameSpan returns how many items from i on are told together: the validators of one
// rule that refuse a text, and the rules that would find it beside their names.
func (x *explanation) sameSpan(i int) int {
	it := &x.items[i]
	n := 1
	for ; i+n < len(x.items); n++ {
		o := &x.items[i+n]
		together := it.Outcome == redact.OutcomeNameless || it.Outcome == redact.OutcomeRefused && o.Rule == it.Rule
		if !together || o.Outcome != it.Outcome || o.field != it.field || o.Start != it.Start || o.End != it.End {
			break
		}
	}
	return n
}

// nearWords are what is told of near misses.
var nearWords = map[redact.Outcome]string{
	redact.OutcomeRefused: "nearly", redact.OutcomeAllowed: "allowed", redact.OutcomeReplaced: "left",
	redact.OutcomeUnfit: "nearly", redact.OutcomeNameless: "nearly", redact.OutcomeFound: "off",
}

// maxNamed is how many rules are named that lack a name at the same place.
const maxNamed = 3

func (x *explanation) writeNear(w io.Writer, it *item, same []item) {
	word := nearWords[it.Outcome]
	if it.Why == redact.Expired {
		word = "expired"
	}
	if len(same) > 1 && it.Outcome == redact.OutcomeNameless {
		fmt.Fprintf(w, "%-10s the form of what %s find %s\n", word, count(len(same), "rule"), x.describe(it))
		for i := range same[:min(len(same), maxNamed)] {
			fmt.Fprintf(w, "           %s: %s\n", same[i].Rule.ID, same[i].Why)
		}
		if more := len(same) - maxNamed; more > 0 {
			fmt.Fprintf(w, "           and %d more (--json lists them)\n", more)
		}
		return
	}
	fmt.Fprintf(w, "%-10s %s %s\n", word, it.Rule.ID, x.describe(it))
	for i := range same {
		fmt.Fprintf(w, "           %s\n", x.why(&same[i]))
	}
}
