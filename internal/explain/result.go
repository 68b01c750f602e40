package explain

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/redactd/redactd/redact"
)

// OutcomeOff is the outcome of what rules find that are off; the others are those of
// redact.Verdict.
const OutcomeOff redact.Outcome = "off"

// Actions are the actions of which is told what they would write, in this order.
var Actions = []string{"mask", "partial:2,2", "token", "replace:***", "remove"}

// Nothing is what an action is said to write that takes the field away.
const Nothing = "nothing: the field goes where its format allows that"

// Explanation is what was learnt of one text, which it holds: Result is for others.
type Explanation struct {
	x        *Explainer
	request  Request
	items    []item
	fields   int
	findings int
	format   string
	fallback bool
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

func (it *item) found() bool { return it.Outcome == redact.OutcomeFound && !it.off }

// Result is what is told of a text. It holds no value, unless the request was for
// these: only their lengths and, from 16 bytes on, their first and last two bytes.
type Result struct {
	// Route is the route or the listener under whose policy it is explained. In
	// Shadow mode findings are counted and let through.
	Route  string `json:"route,omitempty"`
	Shadow bool   `json:"shadow,omitempty"`
	// Format is how the text was read; Fallback says that it was not of that format
	// throughout, and was read as plain text from where it broke.
	Format   string `json:"format"`
	Fallback bool   `json:"fallback,omitempty"`
	Fields   int    `json:"fields"`   // texts that were searched, those in encodings too
	Findings int    `json:"findings"` // of all verdicts, also of those that are left out
	// Verdicts are by field, and in it by where they begin. LeftOut is how many there
	// are beyond the most that is told.
	Verdicts []Verdict `json:"verdicts"`
	LeftOut  int       `json:"left_out,omitempty"`
}

// Verdict is what became of a part of a text that a rule finds or nearly finds.
type Verdict struct {
	Path        string          `json:"path"`   // "" in plain text; with the names of encodings
	Line        int             `json:"line"`   // of the field, from 1
	Column      int             `json:"column"` // byte of the line, from 1
	Start       int             `json:"start"`  // bytes of the field
	End         int             `json:"end"`
	Value       string          `json:"value"` // masked, unless asked for
	Rule        string          `json:"rule"`
	Description string          `json:"description"`
	Pack        string          `json:"pack"`
	Severity    redact.Severity `json:"severity"`
	Outcome     redact.Outcome  `json:"outcome"`
	// By is what decided it: a validator, an entry of the allowlist, another rule. Why
	// says it in words. Key is the key of the configuration, and Place its file and
	// line, "config.toml:41".
	By    string `json:"by,omitempty"`
	Why   string `json:"why,omitempty"`
	Key   string `json:"key,omitempty"`
	Place string `json:"place,omitempty"`
	// Covered says that a part of it is a finding, or a part of one.
	Covered bool `json:"covered,omitempty"`
	// Of findings: their number from 1, the less specific rules that find it too, the
	// action in force, what it writes, and what others would, by Actions.
	Number  int               `json:"number,omitempty"`
	Also    []string          `json:"also,omitempty"`
	Action  string            `json:"action,omitempty"`
	Writes  string            `json:"writes,omitempty"`
	Actions map[string]string `json:"actions,omitempty"`

	whole, lines bool // it is its whole field; the field has several lines
}

// Found reports whether v is a finding.
func (v *Verdict) Found() bool { return v.Number > 0 }

// Expired reports whether v tells of an entry of the allowlist that is over.
func (v *Verdict) Expired() bool { return strings.HasPrefix(v.Why, redact.Expired) }

// Where says in words where v stands in its field: "line 3, bytes 10 to 17"; "" where
// it is all of a field that has a path.
func (v *Verdict) Where() string {
	switch {
	case v.whole && v.Path != "":
		return ""
	case v.lines:
		return fmt.Sprintf("line %d, bytes %d to %d", v.Line, v.Column, v.Column+v.End-v.Start-1)
	}
	return fmt.Sprintf("bytes %d to %d", v.Start+1, v.End)
}

// NearMisses returns what is no finding, what is told of one text together: the
// validators of a rule that refuse it, and the rules that would find it beside their
// names. What findings cover is there only if all is asked for, or if it has expired.
func (r *Result) NearMisses(all bool) (groups [][]Verdict) {
	for i := 0; i < len(r.Verdicts); i++ {
		v := &r.Verdicts[i]
		if v.Found() || v.Outcome == redact.OutcomeJoined || v.Covered && !all && !v.Expired() {
			continue
		}
		n := 1
		for ; i+n < len(r.Verdicts) && v.together(&r.Verdicts[i+n]); n++ {
		}
		groups = append(groups, r.Verdicts[i:i+n:i+n])
		i += n - 1
	}
	return groups
}

func (v *Verdict) together(o *Verdict) bool {
	kind := v.Outcome == redact.OutcomeNameless || v.Outcome == redact.OutcomeRefused && o.Rule == v.Rule
	return kind && o.Outcome == v.Outcome && o.Path == v.Path && o.Start == v.Start && o.End == v.End
}

// Result returns what is told.
func (e *Explanation) Result() *Result {
	r := &Result{
		Route: e.x.o.Name, Shadow: e.x.o.Policy.Shadow, Format: e.format, Fallback: e.fallback,
		Fields: e.fields, Findings: e.findings, Verdicts: []Verdict{},
	}
	for i := range e.items {
		if len(r.Verdicts) == e.x.o.MaxVerdicts {
			r.LeftOut = len(e.items) - i
			break
		}
		r.Verdicts = append(r.Verdicts, e.verdict(i))
	}
	return r
}

func (e *Explanation) verdict(i int) Verdict {
	it := &e.items[i]
	before := it.field.value[:it.Start]
	v := Verdict{
		Path: it.field.path, Line: 1 + bytes.Count(before, []byte("\n")), Column: it.Start - bytes.LastIndexByte(before, '\n'),
		Start: it.Start, End: it.End, Value: e.shown(it.value()),
		Rule: it.Rule.ID, Description: it.Rule.Description, Pack: it.Rule.Pack, Severity: it.Rule.Severity,
		Outcome: it.Outcome, By: it.By, Covered: it.within && !it.found(),
		whole: it.Start == 0 && it.End == len(it.field.value), lines: bytes.IndexByte(it.field.value, '\n') >= 0,
	}
	if it.off {
		v.Outcome = OutcomeOff
	}
	e.why(it, &v)
	if it.found() {
		v.Number, v.Action, v.Writes, v.Actions = it.number, e.x.o.Policy.Set.ActionName(it.Finding), e.writes(it), e.actions(it)
		v.Also = e.also(i)
	}
	return v
}

// shown is a value as it may be shown: its ends, where it is long enough that these
// tell little.
func (e *Explanation) shown(value []byte) string {
	switch {
	case e.request.ShowValues:
		return string(value)
	case len(value) < 16:
		return "…"
	}
	return string(value[:2]) + "…" + string(value[len(value)-2:])
}

// also returns the less specific rules that find what item i is too.
func (e *Explanation) also(i int) (ids []string) {
	it := &e.items[i]
	for k := i - 1; k >= 0 && e.items[k].field == it.field; k-- {
		i = k
	}
	for ; i < len(e.items) && e.items[i].field == it.field; i++ {
		if o := &e.items[i]; o.Outcome == redact.OutcomeJoined && o.Rule != it.Rule && o.Start >= it.Start && o.Start < it.End {
			ids = append(ids, o.Rule.ID)
		}
	}
	return ids
}

// writes is what the action in force writes for a finding.
func (e *Explanation) writes(it *item) string {
	set := e.x.o.Policy.Set
	if set.ActionName(it.Finding) == "token" {
		return e.action("token", it)
	}
	out, remove := set.AppendReplacement(nil, it.Finding, it.value())
	if remove {
		return Nothing
	}
	return string(out)
}

// actions returns what each action would write for a finding.
func (e *Explanation) actions(it *item) map[string]string {
	all := map[string]string{}
	for _, name := range Actions {
		all[name] = e.action(name, it)
	}
	return all
}

func (e *Explanation) action(name string, it *item) string {
	a, err := redact.ParseAction(name, e.x.keys)
	if err != nil {
		panic("explain: " + name + " is no action") // Actions are fixed
	}
	if out := a.Append(nil, it.Rule, it.value()); len(out) > 0 {
		return string(out)
	}
	return Nothing
}
