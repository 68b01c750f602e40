// Package neutral writes error responses without what they disclose of a service's
// inside, and reads from them what its operator wants to know: the framework, the type
// of the exception, the frames. What discloses is told by the rules of package
// disclosure. It knows JSON, XML, HTML and text, and nothing of HTTP.
package neutral

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/redact"
)

// Set is a compiled set of rules. It is immutable and safe for concurrent use.
type Set struct {
	rules   []rule
	calm    spans // on statuses below 500
	severe  spans // on the others
	byID    map[string]*rule
	pages   []*rule
	members map[string][]*rule // by folded name
	headers []*rule
}

// spans are the rules that look into texts, of those that count on some statuses: where
// matches overlap, the kernel joins them, and a rule that does not count must have no say.
type spans struct {
	traces *redact.Set // and messages
	names  *redact.Set // looked for where neither stands
}

func (s *Set) spans(status int) *spans {
	if status >= 500 {
		return &s.severe
	}
	return &s.calm
}

// rule is a disclosure.Rule ready for use.
type rule struct {
	*disclosure.Rule
	value            *regexp.Regexp // Pattern of a Member or Header
	within           *regexp.Regexp
	exception, frame *regexp.Regexp
	beside           []string // folded
}

// RuleError says what is wrong with a rule. Key is the key of its table.
type RuleError struct {
	ID, Key string
	Err     error
}

func (e *RuleError) Error() string { return e.ID + ": " + e.Key + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *RuleError) Unwrap() error { return e.Err }

// Compile compiles rules, whose slice it keeps: it must not be changed any more. Its
// error joins one *RuleError for each thing that is wrong.
func Compile(rules []disclosure.Rule) (*Set, error) {
	c := &compiler{set: &Set{rules: make([]rule, len(rules)), byID: map[string]*rule{}, members: map[string][]*rule{}}}
	for i := range rules {
		c.rule(&c.set.rules[i], &rules[i])
	}
	c.set.severe = spans{c.compile(c.traces, true), c.compile(c.names, true)}
	c.set.calm = spans{c.compile(c.traces, false), c.compile(c.names, false)}
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	return c.set, nil
}

// compile compiles those of rules that count on statuses from 500 on, or below.
func (c *compiler) compile(rules []redact.Rule, severe bool) *redact.Set {
	var count []redact.Rule
	for _, r := range rules {
		if c.set.byID[r.ID].counts(severe) {
			count = append(count, r)
		}
	}
	set, err := redact.Compile(count, redact.Options{})
	for _, err := range ruleErrors(err) {
		if !slices.ContainsFunc(c.errs, func(other error) bool { return other.Error() == err.Error() }) {
			c.errs = append(c.errs, err)
		}
	}
	return set
}

// counts reports whether a rule counts on some status from 500 on, or below.
func (r *rule) counts(severe bool) bool {
	return len(r.Status) == 0 || slices.ContainsFunc(r.Status, func(s string) bool { return (s >= "5") == severe })
}

// ruleErrors returns the errors that redact.Compile joined.
func ruleErrors(err error) (errs []error) {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, err := range joined.Unwrap() {
		var e *redact.RuleError
		if errors.As(err, &e) {
			err = &RuleError{e.ID, e.Key, e.Err}
		}
		errs = append(errs, err)
	}
	return errs
}

// ownPack is the pack of the rules in the configuration.
const ownPack = "config"

type compiler struct {
	set           *Set
	traces, names []redact.Rule
	errs          []error
}

func (c *compiler) rule(r *rule, from *disclosure.Rule) {
	*r = rule{Rule: from}
	if c.set.byID[r.ID] != nil {
		c.fail(r, "", errors.New("another rule has that name"))
	}
	c.set.byID[r.ID] = r
	for _, m := range from.Check() {
		c.fail(r, m.Key, errors.New(m.What))
	}
	r.exception = c.expression(r, "exception", r.Exception, "type")
	r.frame = c.expression(r, "frame", r.Frame, "function", "file", "line")
	switch r.Part {
	case disclosure.Page:
		c.set.pages = append(c.set.pages, r)
	case disclosure.Member:
		r.value = c.expression(r, "pattern", r.Pattern)
		r.within = c.expression(r, "within", r.Within)
		for _, key := range r.Keys {
			folded := fold(key)
			c.set.members[folded] = append(c.set.members[folded], r)
		}
		for _, key := range r.Beside {
			r.beside = append(r.beside, fold(key))
		}
	case disclosure.Header:
		r.value = c.expression(r, "pattern", r.Pattern)
		c.set.headers = append(c.set.headers, r)
		for _, name := range r.Headers {
			if _, err := path.Match(name, ""); err != nil || strings.Contains(name, "/") {
				c.fail(r, "headers", fmt.Errorf("%q is no name of a header", name))
			}
		}
	case disclosure.Name:
		c.names = append(c.names, r.span(redact.Low))
	case disclosure.Message:
		c.traces = append(c.traces, r.span(redact.Low))
	case disclosure.Trace: // which says what it is where a message stands in it
		c.traces = append(c.traces, r.span(redact.High))
	}
}

// span returns what finds the rule's pattern in a text.
func (r *rule) span(confidence redact.Severity) redact.Rule {
	severity := redact.Low
	if r.Pack == ownPack {
		severity = redact.High // it knows better than a built-in one of its part
	}
	return redact.Rule{ID: r.ID, Pack: r.Pack, Pattern: r.Pattern, Validators: r.Validators, Confidence: confidence, Severity: severity}
}

func (c *compiler) fail(r *rule, key string, err error) {
	c.errs = append(c.errs, &RuleError{r.ID, key, err})
}

// expression compiles an expression in Go's syntax, whose named groups are among groups.
func (c *compiler) expression(r *rule, key, text string, groups ...string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		c.fail(r, key, err)
		return nil
	}
	for _, name := range groups {
		if re.SubexpIndex(name) >= 0 {
			return re
		}
	}
	if len(groups) > 0 {
		c.fail(r, key, fmt.Errorf("has no group named %s", strings.Join(groups, " or ")))
	}
	return re
}

// fold returns the form in which names of members are compared.
func fold(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == ' ' || c == '.' {
			return strings.Map(foldRune, name)
		}
	}
	return name
}

func foldRune(c rune) rune {
	switch {
	case c == '-' || c == '_' || c == ' ' || c == '.':
		return -1
	case c >= 'A' && c <= 'Z':
		return c + 'a' - 'A'
	}
	return c
}

// Kind is what a body is.
type Kind string

// The kinds of bodies.
const (
	HTML Kind = "html"
	JSON Kind = "json"
	XML  Kind = "xml"
	Text Kind = "text"
)

// Body is the body of an error response.
type Body struct {
	Status int
	Kind   Kind   // as it is declared; what does not read as that is read as text
	Text   []byte // in UTF-8; secrets in it are scrubbed. It is not changed
}

// Result is what became of a body.
type Result struct {
	// Whole says that the body discloses as a whole, or that nothing of use is left of
	// it: something else has to stand in its place.
	Whole bool
	// Text is the body without what it disclosed, nil where it is as it was. It is valid
	// until the next use of the Scratch. It is set even with Whole false only.
	Text []byte
	// Framework is what made the error, Exception the type of it, both "" if unknown.
	// Frames are the frames of its trace, the innermost first, 32 at most.
	Framework, Exception string
	Frames               []Frame
	// Found are the rules that recognised something, each once.
	Found []*disclosure.Rule
}

// Discloses reports whether anything was found.
func (r *Result) Discloses() bool { return len(r.Found) > 0 }

// Frame is one frame of a trace, as far as it says.
type Frame struct{ Function, File, Line string }

func (f Frame) String() string {
	s := f.Function
	if f.File != "" {
		s += " (" + f.File
		if f.Line != "" {
			s += ":" + f.Line
		}
		s += ")"
	}
	return strings.TrimSpace(s)
}

// maxFrames is how many frames of a trace are told.
const maxFrames = 32

// NewScratch returns working memory for one Neutralise at a time.
func (s *Set) NewScratch() *redact.Scratch { return s.severe.traces.NewScratch() }

// Neutralise reads a body. The error is redact.ErrGaveUp where reading it took too much
// work: it may disclose anything then.
func (s *Set) Neutralise(sc *redact.Scratch, b Body) (Result, error) {
	n := &neutraliser{set: s, sc: sc, status: b.Status, most: baseWork + workPerByte*len(b.Text)}
	b.Kind = looks(b.Kind, b.Text)
	n.page(b)
	if !n.res.Whole {
		if err := n.body(b.Kind, b.Text); err != nil {
			return Result{}, err
		}
	}
	return n.res, n.spend(0)
}

// neutraliser reads one body.
type neutraliser struct {
	set    *Set
	sc     *redact.Scratch
	status int
	found  []redact.Finding
	res    Result
	rank   int   // of what named the framework
	raised *rule // that told the exception
	framed *rule // that told the frames
	wholly bool  // a trace or a message anywhere takes the body as a whole, see html

	work, most int // see spend
}

// severe reports whether what discloses takes the words around it with it: on a 5xx there
// is nothing for the caller in them.
func (n *neutraliser) severe() bool { return n.status >= 500 }

// body reads a body as what it is declared to be, else as what it looks like.
func (n *neutraliser) body(kind Kind, text []byte) error {
	switch kind {
	case JSON:
		if done, err := n.json(text); done || err != nil {
			return err
		}
		fallthrough
	case Text:
		if done, err := n.lines(text); done || err != nil {
			return err
		}
		if done, err := n.wrapped(text); done || err != nil {
			return err
		}
	case XML:
		if done, err := n.xml(text); done || err != nil {
			return err
		}
	case HTML:
		return n.html(text)
	}
	return n.plain(text)
}

// ranks order the parts by how well they tell the framework.
var ranks = map[disclosure.Part]int{
	disclosure.Page: 5, disclosure.Member: 4, disclosure.Trace: 3, disclosure.Message: 2, disclosure.Name: 1,
}

// note notes that a rule recognised text.
func (n *neutraliser) note(r *rule, text []byte) {
	known := false
	for _, f := range n.res.Found {
		known = known || f == r.Rule
	}
	if !known {
		n.res.Found = append(n.res.Found, r.Rule)
	}
	if r.Framework != "" && ranks[r.Part] > n.rank {
		n.res.Framework, n.rank = r.Framework, ranks[r.Part]
	}
	if n.spend(0) != nil {
		return // nobody is told
	}
	if r.exception != nil && (n.res.Exception == "" || r.Reverse && n.raised == r) {
		if raised := n.exception(r, text); raised != "" {
			n.res.Exception, n.raised = raised, r
		}
	}
	if r.frame != nil && (len(n.res.Frames) == 0 || r.Reverse && n.framed == r) {
		frames := append(n.frames(r, text), n.res.Frames...)
		n.res.Frames, n.framed = frames[:min(len(frames), maxFrames)], r
	}
}

// exception returns the type of the exception that text tells, "" if none.
func (n *neutraliser) exception(r *rule, text []byte) string {
	parts := ends(text)
	if r.Reverse {
		slices.Reverse(parts)
	}
	for _, part := range parts {
		_ = n.spend(expressionWork * len(part)) // the next search fails
		if raised := r.raised(part); raised != "" {
			return raised
		}
	}
	return ""
}

// frames returns the frames that text tells.
func (n *neutraliser) frames(r *rule, text []byte) (all []Frame) {
	parts := ends(text)
	if r.Reverse {
		slices.Reverse(parts)
	}
	for _, part := range parts {
		_ = n.spend(expressionWork * len(part))
		all = append(all, r.frames(part)...)
	}
	return all[:min(len(all), maxFrames)]
}

// maxName bounds, in bytes, what is told of an exception or a frame.
const maxName = 200

// maxFound bounds how many frames and exceptions are looked for in one text.
const maxFound = 4096

// raised returns the type of the exception that text tells, "" if none.
func (r *rule) raised(text []byte) string {
	n := 1
	if r.Reverse {
		n = maxFound
	}
	found := r.exception.FindAllSubmatch(text, n)
	if len(found) == 0 {
		return ""
	}
	return clip(found[len(found)-1][r.exception.SubexpIndex("type")])
}

// frames returns the frames that text tells.
func (r *rule) frames(text []byte) []Frame {
	n := maxFrames
	if r.Reverse {
		n = maxFound
	}
	found := r.frame.FindAllSubmatch(text, n)
	if r.Reverse {
		slices.Reverse(found)
	}
	at := func(m [][]byte, name string) string {
		if i := r.frame.SubexpIndex(name); i >= 0 {
			return strings.TrimSpace(clip(m[i]))
		}
		return ""
	}
	var out []Frame
	for _, m := range found[:min(len(found), maxFrames)] {
		out = append(out, Frame{at(m, "function"), at(m, "file"), at(m, "line")})
	}
	return out
}

func clip(b []byte) string { return strings.ToValidUTF8(string(b[:min(len(b), maxName)]), "") }
