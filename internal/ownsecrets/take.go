package ownsecrets

import (
	"bytes"
	"fmt"
	"net/url"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// taker has the values of a source known, or refuses them.
type taker struct {
	cfg     *config.Secrets
	source  string
	least   int // in bytes
	values  *redact.KnownValues
	refused []Refusal
}

// minLine is the length, in bytes, from which a line of a value of several lines is
// a value of its own.
const minLine = 16

// value takes a value and wipes it. Of several lines, each counts by itself as well;
// of an address with a password in it, that.
func (t *taker) value(name string, value []byte) {
	defer clear(value)
	value = bytes.TrimSpace(value)
	if len(value) == 0 {
		return // a variable that is set to nothing, an empty file
	}
	if why := t.why(value); why != "" {
		t.refused = append(t.refused, Refusal{name, why})
	} else {
		t.add(name, value)
	}
	t.lines(name, value)
	t.password(name, value)
}

// why says why value is refused, "" if it is not.
func (t *taker) why(value []byte) string {
	switch {
	case len(value) < t.least:
		return fmt.Sprintf("is shorter than %d bytes", t.least)
	case len(value) > redact.MaxKnown:
		return fmt.Sprintf("is longer than %d KiB", redact.MaxKnown>>10)
	case t.cfg.AllowCommon:
		return ""
	}
	return redact.Commonness(value)
}

func (t *taker) add(name string, value []byte) {
	t.values.Add(redact.Secret{Source: t.source, Name: name}, value)
}

// lines takes the lines of a value: of a key in PEM, say, which logs may cut, or hold
// with \n in place of line breaks.
func (t *taker) lines(name string, value []byte) {
	for rest := value; len(rest) > 0; {
		end, next := len(rest), len(rest)
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			end, next = i, i+1
		}
		if i := bytes.Index(rest[:end], []byte(`\n`)); i >= 0 {
			end, next = i, i+2
		}
		if end == len(value) {
			return // one line
		}
		line := bytes.TrimSpace(rest[:end])
		if len(line) >= minLine && !bytes.HasPrefix(line, []byte("-----")) && t.why(line) == "" {
			t.add(name, line)
		}
		rest = rest[next:]
	}
}

// password takes the password out of an address: clients log it alone.
func (t *taker) password(name string, value []byte) {
	scheme, rest, ok := bytes.Cut(value, []byte("://"))
	if !ok || len(scheme) == 0 || len(scheme) > 24 || bytes.ContainsAny(scheme, " \n") {
		return
	}
	if i := bytes.IndexAny(rest, "/?# \n"); i >= 0 {
		rest = rest[:i]
	}
	at := bytes.LastIndexByte(rest, '@')
	if at < 0 {
		return
	}
	_, written, ok := bytes.Cut(rest[:at], []byte(":"))
	if !ok || t.why(written) != "" {
		return
	}
	t.add(name, written)
	if plain, err := url.PathUnescape(string(written)); err == nil && plain != string(written) {
		t.add(name, []byte(plain))
	}
}
