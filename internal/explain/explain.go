// Package explain says of a text what a policy finds in it, what it nearly finds and
// why not, and what each action would write; and it makes entries of the allowlist
// that let a finding through. Nothing is kept of a text once it is explained.
package explain

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// The bounds that hold where Options say nothing.
const (
	DefaultMaxText     = 64 << 10
	DefaultMaxVerdicts = 500
)

// Options say under what texts are explained.
type Options struct {
	// Config is the configuration whose places are told, and Name the route or the
	// listener of it whose Policy is explained.
	Config *config.Config
	Name   string
	Policy *scrub.Policy
	// Off are the rules that are off, see OffRules: what they find is told too.
	Off func() (*redact.Set, error)
	// Keys make the tokens that are shown. Without them it is a key of the Explainer
	// alone, so that nobody learns from it the token of a value that he guesses.
	Keys *redact.Keyring
	// WhyOff says why a rule is off; nil says it by the configuration.
	WhyOff func(*redact.Rule) string
	// MaxText bounds a text, in bytes, and MaxVerdicts what is told of it.
	MaxText, MaxVerdicts int
}

// Explainer explains texts under one policy. It is safe for concurrent use: of more
// texts than half of the processors can take the others wait.
type Explainer struct {
	o       Options
	keys    *redact.Keyring
	workers chan *worker
}

// worker is the memory of one search.
type worker struct {
	on  *redact.Explainer
	off *redact.Scratch
}

// New returns an Explainer. What it needs beside o, it makes when it is first asked.
func New(o Options) (*Explainer, error) {
	if o.MaxText <= 0 {
		o.MaxText = DefaultMaxText
	}
	if o.MaxVerdicts <= 0 {
		o.MaxVerdicts = DefaultMaxVerdicts
	}
	x := &Explainer{o: o, keys: o.Keys, workers: make(chan *worker, max(1, runtime.GOMAXPROCS(0)/2))}
	if x.keys == nil {
		var key [32]byte
		_, _ = rand.Read(key[:]) // never fails
		ring, err := redact.NewKeyring(key[:])
		if err != nil {
			return nil, err
		}
		x.keys = ring
	}
	for range cap(x.workers) {
		x.workers <- &worker{on: o.Policy.Set.Explainer()}
	}
	return x, nil
}

// OffRules returns those of all rules that a policy has off, compiled when they are first
// asked for, which takes a second. Explainers of equal policies can share them.
func OffRules(all []redact.Rule, policy *scrub.Policy) func() (*redact.Set, error) {
	return sync.OnceValues(func() (*redact.Set, error) {
		on := map[string]bool{}
		for _, r := range policy.Set.Rules() {
			on[r.ID] = true
		}
		var off []redact.Rule
		for _, r := range all {
			if !on[r.ID] {
				off = append(off, r)
			}
		}
		return redact.Compile(off, redact.Options{})
	})
}

// Request is a text to explain.
type Request struct {
	Text []byte
	// Path is where the text stands, as "user.password": it is the value of such a
	// field then, and no document. "" is a document, or plain text.
	Path string
	// Format is the name of the codec that reads it; "" is that of the policy, or what
	// the text looks like. Coding is its content coding.
	Format, Coding string
	// ShowValues has values told as they are, and not by their ends.
	ShowValues bool
}

// Errors of requests.
var (
	ErrBinary = errors.New("looks binary")
	ErrPath   = errors.New("is not the path of a field (user.password, items[].token)")
	ErrFormat = errors.New("is no format")
	// ErrNoRoute is of those who choose an Explainer by the name of a route or a listener.
	ErrNoRoute = errors.New("there is no route or listener of that name")
)

// TooLongError says that a text is longer than what is explained.
type TooLongError struct{ Max int } // bytes

func (e *TooLongError) Error() string {
	return "longer than " + config.Size(e.Max).String() + ", which is the most that is explained"
}

// Explain explains a text. It ends with ctx, but for the field it is at. Other errors
// are those above, *scrub.Error, and redact.ErrGaveUp where the text is too much work.
func (x *Explainer) Explain(ctx context.Context, r Request) (*Explanation, error) {
	if len(r.Text) > x.o.MaxText {
		return nil, &TooLongError{x.o.MaxText}
	}
	body, policy, err := x.document(r)
	if err != nil {
		return nil, err
	}
	off, err := x.o.Off()
	if err != nil {
		return nil, err
	}
	var w *worker
	select {
	case w = <-x.workers:
		defer func() { x.workers <- w }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if w.off == nil {
		w.off = off.NewScratch()
	}
	e := &Explanation{x: x, request: r}
	s := scrub.Acquire(policy, nil)
	defer s.Release()
	var bad error
	res, err := s.Texts(body, scrub.Meta{ContentEncoding: r.Coding}, func(path []byte, f redact.Field) {
		if bad == nil {
			bad = errors.Join(ctx.Err(), e.field(w, off, path, f))
		}
	})
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	e.format, e.fallback = res.Codec, res.Fallback
	return e, nil
}

// document returns what is scrubbed of a request, and how.
func (x *Explainer) document(r Request) ([]byte, *scrub.Policy, error) {
	policy := *x.o.Policy
	policy.Annotate = false
	switch {
	case r.Format != "" && codec.Lookup(r.Format) == nil:
		return nil, nil, fmt.Errorf("%q %w", r.Format, ErrFormat)
	case r.Path != "":
		body, err := fieldDocument(r.Path, string(r.Text))
		policy.Codec = "json"
		return []byte(body), &policy, err
	case r.Format != "":
		policy.Codec = r.Format
	case len(r.Text) == 0:
		policy.Codec = "text"
	case policy.Codec == "" || policy.Codec == "auto":
		c := codec.Detect("", "", r.Text)
		if c == nil {
			return nil, nil, ErrBinary
		}
		policy.Codec = c.Name()
	}
	return r.Text, &policy, nil
}

// field gathers the verdicts on one field.
func (e *Explanation) field(w *worker, off *redact.Set, path []byte, f redact.Field) error {
	fd := &field{path: string(path), key: bytes.Clone(f.Key), value: bytes.Clone(f.Value), own: bytes.Clone(f.Path)}
	e.fields++
	verdicts, err := w.on.Explain(f)
	if err != nil {
		return err
	}
	first := len(e.items)
	for _, v := range verdicts {
		e.items = append(e.items, item{Verdict: v, field: fd})
	}
	found, err := off.Find(w.off, nil, f)
	if err != nil {
		return err
	}
	for _, fo := range found {
		v := redact.Verdict{Rule: fo.Rule, Start: fo.Start, End: fo.End, Outcome: redact.OutcomeFound}
		e.items = append(e.items, item{Verdict: v, field: fd, off: true})
	}
	e.number(e.items[first:])
	return nil
}

// number counts the findings, and marks what they cover.
func (e *Explanation) number(items []item) {
	for i := range items {
		if !items[i].found() {
			continue
		}
		e.findings++
		items[i].number = e.findings
		for k := range items {
			items[k].within = items[k].within || items[k].Start < items[i].End && items[i].Start < items[k].End
		}
	}
}
