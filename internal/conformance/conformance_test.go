package conformance

import (
	"bytes"
	"encoding/base64"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/scrub"
)

// TestCodecs puts each sample into a document of each codec: those that are written
// here, and for codecs that have none of these, one of their own samples.
func TestCodecs(t *testing.T) {
	for i := range documents {
		d := &documents[i]
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			run(t, func(c *checker, s *sample) { c.document(d, s, nil) })
		})
	}
	for _, name := range codec.Names() {
		if slices.ContainsFunc(documents, func(d document) bool { return d.codec == name }) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, name)
			run(t, func(c *checker, s *sample) { c.hosted(h, s) })
		})
	}
}

// TestDisguises writes each sample in each disguise, in plain text and in a value of a
// document.
func TestDisguises(t *testing.T) {
	for i := range disguises {
		how := &disguises[i]
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			run(t, func(c *checker, s *sample) {
				c.document(&documents[0], s, how)
				c.document(&documents[1], s, how)
			})
		})
	}
}

// run checks all samples, and asks that something was.
func run(t *testing.T, check func(c *checker, s *sample)) {
	done, more := 0, 0
	for _, g := range load(t) {
		c := checker{t: t, policy: g.policy, s: scrub.Acquire(g.policy, nil), stream: scrub.Acquire(g.policy, nil)}
		for i := range g.samples {
			check(&c, &g.samples[i])
		}
		c.s.Release()
		c.stream.Release()
		done, more = done+c.done, more+c.more
	}
	if done < 500 {
		t.Errorf("%d samples could be written", done)
	}
	if most := done * maxMore / 1000; more > most {
		t.Errorf("in %d of %d samples more is taken than in the text as it is, want %d at most", more, done, most)
	}
	t.Logf("%d samples, more is taken in %d", done, more)
}

// streamed is how many samples there are for one that goes through a stream too, which
// takes longer to begin.
const streamed = 5

// maxMore is how many samples of a thousand may lose more than they do as they are.
const maxMore = 60

var showMore = flag.Bool("more", false, "show samples of which more is taken than of the text as it is")

// exceptions are what some rules are not held to: samples of a rule, in disguises or
// documents whose name begins so.
var exceptions = map[string][]string{
	// This needs what stands on lines that are not read together with the encoded one.
	"kubernetes-secret-data": {"entities"},
	// The beginning of a line of its own is part of the form.
	"pgpass-line": {"Basic"},
	// The first sixteen bytes in hexadecimal digits have to be of ASCII.
	"password-other-language": {"hex"},
}

func excused(d *document, how *disguise, s *sample) bool {
	name := d.name
	if how != nil {
		name = how.name
		switch {
		case strings.HasPrefix(name, "colours") && (strings.Contains(s.text, "\n") || strings.Contains(s.text, `\n`)):
			return true // a line with colours is read together only with lines that go on with it
		case strings.HasPrefix(name, "base64 in lines") && len(s.secrets) == 0:
			return true // a word that is cut at the end of a line reads like another
		}
	}
	return slices.ContainsFunc(exceptions[s.rule.ID], func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// checker checks samples of a group.
type checker struct {
	t         *testing.T
	policy    *scrub.Policy
	s, stream *scrub.Scrubber
	done      int
	more      int // of done, those where more was taken than is in the text as it is
}

// document checks what becomes of a sample in a document, disguised if how is given.
func (c *checker) document(d *document, s *sample, how *disguise) {
	key := s.key
	if key == "" {
		key = "note"
	}
	text := s.text
	if how != nil {
		if how.ascii && !isASCII(text) || how.pads && s.key != "" {
			return
		}
		if how.split != nil {
			text = how.split(s)
		} else {
			text = how.write(text)
		}
		if how.apt != nil && !how.apt(s, text) {
			return
		}
		if back, err := how.read(text); err != nil || back != s.text {
			c.t.Errorf("%v: %s: the test does not read what it writes: %v", s, how.name, err)
		}
	}
	if how != nil && how.pads || how == nil && d.codec == "text" {
		// The beginning of a line may be part of the form of a rule.
		if out, err := plain(c.policy, s.key, "a=b "+s.text); err != nil || out != "a=b "+s.want {
			return
		}
	}
	if s.key != "" && !d.keyed || d.names != nil && !d.names(key) || d.takes != nil && !d.takes(text) {
		return
	}
	c.done++
	doc := d.text(key, d.write(text))
	if back, err := d.inner(doc, key); err != nil || back != text {
		c.t.Errorf("%v: the test does not read what it writes, %q: %q, %v", s, doc, back, err)
		return
	}
	res, err := c.s.Body([]byte(doc), scrub.Meta{ContentType: d.mediaType, Path: d.path})
	if err != nil {
		c.t.Errorf("%v: %v", s, err)
		return
	}
	if res.Codec != d.codec {
		c.t.Errorf("%v: %q is walked as %s", s, doc, res.Codec)
	}
	c.judge(d, s, how, key, doc, string(res.Body))
	if c.done%streamed == 0 && d.codec == "text" {
		var b bytes.Buffer
		if _, err := c.stream.Stream(&b, strings.NewReader(doc), scrub.Meta{ContentType: d.mediaType, Path: d.path}); err != nil {
			c.t.Errorf("%v: stream: %v", s, err)
		}
		if b.String() != string(res.Body) {
			c.t.Errorf("%v: a stream of %q gives\n%q, the whole\n%q", s, doc, b.String(), res.Body)
		}
	}
}

// judge reports how got, which doc became, is not doc with the text of s as wanted.
func (c *checker) judge(d *document, s *sample, how *disguise, key, doc, got string) {
	verdict := verdictOf(d, s, how, key, got)
	switch verdict {
	case "":
		return
	case "more":
		// A search of text as it is may take escapes, and what they hide, for a part of a
		// value, and names that are encoded for values.
		if c.more++; how != nil || c.more < 5 {
			c.note("more", s, doc, got)
		}
		return
	}
	if excused(d, how, s) {
		return
	}
	c.t.Errorf("%s: %v\n in %q\nout %q\nhas to say %q", verdict, s, doc, got, s.want)
}

func (c *checker) note(verdict string, s *sample, doc, got string) {
	if *showMore {
		c.t.Logf("%s: %v\n in %q\nout %q\nhas to say %q", verdict, s, doc, got, s.want)
	}
}

// verdictOf says what is wrong with a payload: it does not decode (broken), a secret is
// in it (leaked), a finding is missing (missed), what is around the findings has
// changed (changed), or more was taken than there is in the text as it is (more).
func verdictOf(d *document, s *sample, how *disguise, key, got string) string {
	in, err := d.inner(got, key)
	if err != nil {
		return "broken"
	}
	if d.typed && standsIn(in) {
		in = "[REDACTED:typed]"
	}
	plain := in
	if how != nil {
		sealed := seal(in)
		if wholly(sealed) && (how.whole || s.key != "" || s.rule.HasTag("private-key")) {
			return "" // as a whole
		}
		if wholly(sealed) && (strings.HasPrefix(how.name, "base64") || how.name == "data URL") && len(s.secrets) > 0 {
			return "more" // what looks like a token in base64 goes whole
		}
		plain, err = how.read(in)
		if out, e := base64.StdEncoding.DecodeString(in); e == nil && wholly(seal(string(out))) {
			if s.rule.HasTag("private-key") {
				return "" // in base64 twice
			}
			if len(s.secrets) > 0 {
				return "more" // what looks like a token in base64 goes whole, in base64 too
			}
		}
		switch {
		case err == nil:
		case s.key != "" && sealed != in && !holds(sealed, s.secrets):
			return "" // what stands under such a name is a secret, encoded or not
		default:
			return "broken"
		}
	}
	plain = seal(plain)
	switch {
	case plain == s.want:
		return ""
	case leaks(plain, s):
		return "leaked"
	case !isRest(plain, s.text):
		return "changed"
	case strings.Count(plain, "[#]") < strings.Count(s.want, "[#]") && len(plain) > len(s.want):
		return "missed"
	}
	return "more"
}

// standsIn reports whether value is what redaction leaves in a field with a type.
func standsIn(value string) bool {
	date, address := codec.Field{Kind: codec.Date, Value: []byte(value)}, codec.Field{Kind: codec.Address, Value: []byte(value)}
	return date.StandsIn() || address.StandsIn()
}

// wholly reports whether all of what is encoded was replaced.
func wholly(sealed string) bool {
	return sealed == "[#]" || sealed == "Basic [#]" || sealed == "data:text/plain;base64,[#]"
}

func holds(text string, secrets []string) bool {
	return slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(text, secret) })
}

// leaks reports whether a secret stands in plain more often than it should.
func leaks(plain string, s *sample) bool {
	return slices.ContainsFunc(s.secrets, func(secret string) bool {
		return strings.Count(plain, secret) > strings.Count(s.want, secret)
	})
}

// isRest reports whether plain is text with parts of it replaced.
func isRest(plain, text string) bool {
	parts := strings.Split(plain, "[#]")
	for i, part := range parts {
		at := strings.Index(text, part)
		switch {
		case at < 0, i == 0 && at > 0:
			return false
		case i == len(parts)-1:
			return strings.HasSuffix(text, part)
		}
		text = text[at+len(part):]
	}
	return true
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
