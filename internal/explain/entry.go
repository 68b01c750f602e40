package explain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// EntryRequest asks for an entry of the allowlist that lets a finding through.
type EntryRequest struct {
	Name    string // of the entry
	Finding int    // by number; 0 where there is one alone
	ByPath  bool   // let through what stands there, and not this value
	// Force has a value written down though its rule is sure that it is a credential.
	Force   bool
	Expires config.Date
	Comment string
	Routes  []string
	// Works reports whether the entry does what its example says.
	Works func(*config.Allow) (bool, error)
}

// Errors of entries.
var (
	ErrNothing    = errors.New("nothing is found, so there is nothing to let through")
	ErrSeveral    = errors.New("one of them has to be chosen")
	ErrNoFinding  = errors.New("there is no such finding")
	ErrCredential = errors.New("knows a credential by its form, and its value would stand in the configuration")
	ErrNoPath     = errors.New("the text has no fields, so the finding has no path")
	ErrTooMany    = errors.New("too many rules find it; write the entry by hand")
)

// CredentialError is ErrCredential with the rule that is sure.
type CredentialError struct{ Rule string }

func (e *CredentialError) Error() string { return e.Rule + " " + ErrCredential.Error() }

// Unwrap returns ErrCredential.
func (e *CredentialError) Unwrap() error { return ErrCredential }

// maxEntryRounds bounds how many rules an entry can be for that find the same.
const maxEntryRounds = 8

// Entry makes the entry that lets a finding through: for the rules that find it, as
// many as there are one behind the other, and with an example that shows it works. It
// has none where no example could be made. By value, it holds the value. left is how
// many findings the text has with the entry.
func (e *Explanation) Entry(r EntryRequest) (a *config.Allow, left int, err error) {
	it, err := e.chosen(r.Finding)
	if err != nil {
		return nil, 0, err
	}
	if !r.ByPath && it.Rule.Confidence == redact.High && !r.Force {
		return nil, 0, &CredentialError{it.Rule.ID}
	}
	a = &config.Allow{Comment: r.Comment, Routes: r.Routes, Expires: r.Expires}
	if r.ByPath {
		if len(it.field.own) == 0 {
			return nil, 0, ErrNoPath
		}
		a.Paths = []string{string(it.field.own)}
	}
	for range maxEntryRounds {
		verdicts, err := e.without(r.Name, a, it)
		if err != nil {
			return nil, 0, err
		}
		for _, v := range verdicts {
			extend(a, v.Rule.ID, it.field.value[v.Start:v.End])
		}
		if len(verdicts) > 0 {
			continue
		}
		fresh, left, err := e.under(r.Name, a)
		if err != nil {
			return nil, 0, err
		}
		for _, it := range fresh {
			extend(a, it.Rule.ID, it.value())
		}
		if len(fresh) == 0 {
			return a, left, e.example(r, a, it)
		}
	}
	return nil, 0, ErrTooMany
}

// extend has an entry hold for a rule too, and unless it is by path for a value.
func extend(a *config.Allow, rule string, value []byte) {
	if !slices.Contains(a.Rules, rule) {
		a.Rules = append(a.Rules, rule)
	}
	if len(a.Paths) == 0 && !slices.Contains(a.Values, string(value)) {
		a.Values = append(a.Values, string(value))
	}
}

// chosen returns the finding of that number, or the only one.
func (e *Explanation) chosen(n int) (*item, error) {
	switch {
	case e.findings == 0:
		return nil, ErrNothing
	case n == 0 && e.findings > 1:
		return nil, fmt.Errorf("%d findings: %w", e.findings, ErrSeveral)
	case n < 0 || n > e.findings:
		return nil, fmt.Errorf("%w: %d of %d", ErrNoFinding, n, e.findings)
	}
	for i := range e.items {
		if e.items[i].number == max(n, 1) {
			return &e.items[i], nil
		}
	}
	panic("explain: a finding without a number")
}

// without returns what is found where the finding is, as each rule captures it, when
// the entry holds.
func (e *Explanation) without(name string, a *config.Allow, it *item) (list []redact.Verdict, err error) {
	var o redact.Options
	if len(a.Rules) > 0 {
		o.Allow = []redact.Allow{a.Entry(name)}
	}
	set, err := e.x.o.Policy.Set.With(o)
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

// under explains the text as if the entry were in force, and returns what is found that
// was not before: other rules find it in another reading of the same bytes.
func (e *Explanation) under(name string, a *config.Allow) (fresh []item, left int, err error) {
	o := redact.Options{Allow: []redact.Allow{a.Entry(name)}}
	for name, a := range e.x.o.Config.Allow {
		if len(a.Routes) == 0 || slices.Contains(a.Routes, e.x.o.Name) {
			o.Allow = append(o.Allow, a.Entry(name))
		}
	}
	policy := *e.x.o.Policy
	if policy.Set, err = policy.Set.With(o); err != nil {
		return nil, 0, err
	}
	options := e.x.o
	options.Policy = &policy
	x, err := New(options)
	if err != nil {
		return nil, 0, err
	}
	now, err := x.Explain(context.Background(), e.request)
	if err != nil {
		return nil, 0, err
	}
	for i := range now.items {
		it := &now.items[i]
		before := slices.ContainsFunc(e.items, func(o item) bool {
			return o.found() && o.field.path == it.field.path && o.Start < it.End && it.Start < o.End
		})
		if it.found() && !before {
			fresh = append(fresh, *it)
		}
	}
	return fresh, now.findings, nil
}

// example gives an entry the shortest of the examples that show that it works.
func (e *Explanation) example(r EntryRequest, a *config.Allow, it *item) error {
	for _, ex := range examples(a, it) {
		a.Examples = []string{ex}
		if works, err := r.Works(a); works || err != nil {
			return err
		}
	}
	a.Examples = nil
	return nil
}

// examples returns what may serve as an example, shortest first. Beside the finding it
// holds no more of the text than has to be there: another secret may stand there.
func examples(a *config.Allow, it *item) []string {
	if len(it.field.own) > 0 {
		if len(a.Paths) > 0 {
			return pathExamples(it)
		}
		return fieldExample(it, mark(it, 0, len(it.field.value)))
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
func pathExamples(it *item) (list []string) {
	for _, ex := range it.Rule.Examples {
		_, rest, _ := strings.Cut(ex, "«")
		value, _, _ := strings.Cut(rest, "»")
		list = append(list, fieldExample(it, "«"+value+"»")...)
	}
	return list
}

// fieldExample is a JSON document with a value at the path of a field.
func fieldExample(it *item, value string) []string {
	doc, err := fieldDocument(string(it.field.own), value)
	if err != nil {
		return nil // a name that no path can tell
	}
	return []string{doc}
}
