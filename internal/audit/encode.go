package audit

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
	"unicode/utf8"
)

var errNoRecord = errors.New("event cannot be a record")

// appendBodies appends for each event a line: its JSON after the link, as encoding/json
// writes it. It is written out because a log line with a finding costs about as much to
// scrub as encoding/json takes for its event; a fuzz target holds the two together. What
// stands at the beginning of all events of a payload is written once, and copied.
func appendBodies(dst []byte, events []Event) ([]byte, error) {
	var head []byte
	for i := range events {
		start := len(dst)
		e := &events[i]
		var err error
		if i > 0 && e.beginsAs(&events[i-1]) {
			dst = append(dst, head...)
		} else {
			if dst, err = e.appendHead(dst); err != nil {
				return nil, err
			}
			head = dst[start:len(dst):len(dst)]
		}
		if dst, err = e.appendRest(dst); err != nil {
			return nil, err
		}
		if len(dst)-start > maxLine/2 {
			return nil, errNoRecord
		}
		dst = append(dst, '\n')
	}
	return dst, nil
}

// fits says that e can be a record, however its strings are escaped. It says no
// to some that can.
func (e *Event) fits() bool {
	n := len(e.Path) + len(e.Fingerprint) + len(e.Secret) + len(e.RequestID) + len(e.Route) + len(e.Rule) + len(e.Action) +
		len(e.Service) + len(e.Version) + len(e.Logger) + len(e.Environment) + len(e.Destination)
	for _, tag := range e.Tags {
		n += len(tag) + 3
	}
	return n < maxLine/16
}

// beginsAs says that appendHead writes the same for both.
func (e *Event) beginsAs(other *Event) bool {
	return e.Time.Equal(other.Time) && e.Until.Equal(other.Until) && e.Route == other.Route && e.Direction == other.Direction
}

// appendHead appends the members up to the direction.
func (e *Event) appendHead(dst []byte) ([]byte, error) {
	var err error
	dst = append(dst, `"time":`...)
	if dst, err = appendTime(dst, e.Time); err != nil {
		return nil, err
	}
	if !e.Until.IsZero() {
		dst = append(dst, `,"until":`...)
		if dst, err = appendTime(dst, e.Until); err != nil {
			return nil, err
		}
	}
	dst = appendMember(dst, `,"route":`, e.Route)
	return appendMember(dst, `,"direction":`, e.Direction), nil
}

// appendRest appends the members behind the direction.
func (e *Event) appendRest(dst []byte) ([]byte, error) {
	dst = appendMember(dst, `,"rule":`, e.Rule)
	dst = appendMember(dst, `,"severity":`, e.Severity)
	if len(e.Tags) > 0 {
		dst = append(dst, `,"tags":[`...)
		for i, tag := range e.Tags {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, tag)
		}
		dst = append(dst, ']')
	}
	dst = appendMember(dst, `,"action":`, e.Action)
	if e.Shadow {
		dst = append(dst, `,"shadow":true`...)
	}
	dst = appendOptional(dst, `,"path":`, e.Path)
	dst = append(dst, `,"length":`...)
	dst = strconv.AppendInt(dst, int64(e.Length), 10)
	if e.Count != 0 {
		dst = append(dst, `,"count":`...)
		dst = strconv.AppendUint(dst, e.Count, 10)
	}
	dst = appendOptional(dst, `,"fingerprint":`, e.Fingerprint)
	dst = appendOptional(dst, `,"secret":`, e.Secret)
	dst = appendOptional(dst, `,"service":`, e.Service)
	dst = appendOptional(dst, `,"version":`, e.Version)
	dst = appendOptional(dst, `,"logger":`, e.Logger)
	dst = appendOptional(dst, `,"environment":`, e.Environment)
	dst = appendOptional(dst, `,"destination":`, e.Destination)
	dst = appendOptional(dst, `,"request_id":`, e.RequestID)
	dst = appendMember(dst, `,"config_digest":`, e.ConfigDigest)
	dst = appendOptional(dst, `,"note":`, e.Note)
	dst = appendOptional(dst, `,"sum":`, e.Sum)
	if len(e.Facts) > 0 {
		facts, err := json.Marshal(e.Facts) // on one line, and only if they are JSON
		if err != nil {
			return nil, errNoRecord
		}
		dst = append(append(dst, `,"facts":`...), facts...)
	}
	return append(dst, '}'), nil
}

func appendMember(dst []byte, name, value string) []byte {
	return appendString(append(dst, name...), value)
}

func appendOptional(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendMember(dst, name, value)
}

func appendTime(dst []byte, t time.Time) ([]byte, error) {
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return nil, errNoRecord // RFC 3339 has four digits
	}
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"'), nil
}

const hexDigits = "0123456789abcdef"

// plain are the bytes that stand for themselves in a string of encoding/json,
// which escapes what HTML gives a meaning.
var plain = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return t
}()

// appendString appends s as a JSON string. Bytes that are no UTF-8 become
// U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if !plain[c] {
				dst = appendEscape(append(dst, s[start:i]...), c)
				start = i + 1
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + n
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hexDigits[r&15])
			start = i + n
		}
		i += n
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
