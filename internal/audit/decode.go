package audit

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// decoder reads records that a Trail has written. A record tells of a finding in a few
// hundred bytes, for which encoding/json takes longer than everything else that is done
// for it; what the decoder does not know, it leaves to that, and a fuzz target holds the
// two together. The zero value is ready. It is not safe for concurrent use.
type decoder struct {
	// names are strings that records have in common.
	names map[string]string
}

// maxNames bounds how many strings a decoder remembers, and maxShared how long they are.
const (
	maxNames  = 4096
	maxShared = 128
)

// decode reads the record in line into e, which is the zero value, as json.Unmarshal does.
func (d *decoder) decode(line []byte, e *Event) error {
	if d.plain(line, e) {
		return nil
	}
	*e = Event{}
	return json.Unmarshal(line, e)
}

// plain is decode for an object of the members that a finding has, without escapes and
// white space, and false for all else.
func (d *decoder) plain(line []byte, e *Event) bool {
	rest, ok := bytes.CutPrefix(line, []byte{'{'})
	for ok && len(rest) > 0 {
		var name []byte
		if name, rest, ok = cutString(rest); !ok || len(rest) < 2 || rest[0] != ':' {
			return false
		}
		if rest, ok = d.member(e, name, rest[1:]); !ok || len(rest) == 0 {
			return false
		}
		if rest[0] == '}' {
			return len(rest) == 1
		}
		rest, ok = bytes.CutPrefix(rest, []byte{','})
	}
	return false
}

// member reads the value at the beginning of rest.
func (d *decoder) member(e *Event, name, rest []byte) ([]byte, bool) {
	switch string(name) {
	case "seq":
		return cutNumber(rest, &e.Seq)
	case "count":
		return cutNumber(rest, &e.Count)
	case "length":
		var n uint64
		rest, ok := cutNumber(rest, &n)
		e.Length = int(n)
		return rest, ok && e.Length >= 0 && uint64(e.Length) == n
	case "shadow":
		e.Shadow = true
		return bytes.CutPrefix(rest, []byte("true"))
	case "tags":
		return d.tags(e, rest)
	}
	value, rest, ok := cutString(rest)
	if !ok {
		return nil, false
	}
	switch string(name) {
	case "time":
		return rest, e.Time.UnmarshalText(value) == nil
	case "until":
		return rest, e.Until.UnmarshalText(value) == nil
	case "prev":
		e.Prev = string(value)
		return rest, true
	case "request_id":
		e.RequestID = string(value)
		return rest, true
	}
	s := e.shared(name)
	if s == nil {
		return nil, false
	}
	*s = d.name(value)
	return rest, true
}

// shared returns the member of that name, of those whose values records have in common.
func (e *Event) shared(name []byte) *string {
	switch string(name) {
	case "route":
		return &e.Route
	case "direction":
		return &e.Direction
	case "rule":
		return &e.Rule
	case "severity":
		return &e.Severity
	case "action":
		return &e.Action
	case "path":
		return &e.Path
	case "fingerprint":
		return &e.Fingerprint
	case "secret":
		return &e.Secret
	case "service":
		return &e.Service
	case "version":
		return &e.Version
	case "logger":
		return &e.Logger
	case "environment":
		return &e.Environment
	case "destination":
		return &e.Destination
	case "config_digest":
		return &e.ConfigDigest
	}
	return nil
}

func (d *decoder) tags(e *Event, rest []byte) ([]byte, bool) {
	e.Tags = e.Tags[:0]
	rest, ok := bytes.CutPrefix(rest, []byte{'['})
	for ok {
		var tag []byte
		if tag, rest, ok = cutString(rest); !ok || len(rest) == 0 {
			return nil, false
		}
		e.Tags = append(e.Tags, d.name(tag))
		if rest[0] == ']' {
			return rest[1:], true
		}
		rest, ok = bytes.CutPrefix(rest, []byte{','})
	}
	return nil, false
}

// name returns b as a string, the same one for the same bytes.
func (d *decoder) name(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= maxShared {
		if d.names == nil || len(d.names) >= maxNames {
			d.names = map[string]string{}
		}
		d.names[s] = s
	}
	return s
}

// cutString takes a string off that has no escape and is of UTF-8.
func cutString(rest []byte) (value, after []byte, ok bool) {
	if len(rest) == 0 || rest[0] != '"' {
		return nil, nil, false
	}
	n := bytes.IndexByte(rest[1:], '"')
	if n < 0 {
		return nil, nil, false
	}
	value = rest[1 : 1+n]
	ascii := true
	for _, c := range value {
		if c < ' ' || c == '\\' {
			return nil, nil, false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return value, rest[n+2:], ascii || utf8.Valid(value)
}

// cutNumber takes a number off that has digits alone.
func cutNumber(rest []byte, n *uint64) ([]byte, bool) {
	i := 0
	for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
		i++
	}
	if i == 0 || i > 1 && rest[0] == '0' {
		return nil, false
	}
	var err error
	*n, err = strconv.ParseUint(string(rest[:i]), 10, 64)
	return rest[i:], err == nil
}
