package dialect

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"unicode/utf8"
)

func init() { Register(journald{}) }

// journald is systemd-journal-remote, to which systemd-journal-upload sends a journal
// in its export format. Source: https://systemd.io/JOURNAL_EXPORT_FORMATS/
type journald struct{}

const typeJournal = "application/vnd.fdo.journal"

func (journald) Name() string { return "journald" }

func (journald) Match(_, _, contentType string) bool { return mediaType(contentType) == typeJournal }

func (j journald) Handle(r *Request) (*Response, []Record) {
	if !isPost(r.Method) {
		return allowPost(j.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	var records []Record
	for rest := r.Body; len(rest) > 0; {
		entry, after, ok := journalEntry(rest)
		if !ok {
			return j.Fail(r, http.StatusBadRequest, "body is not in the export format"), nil
		}
		if entry != nil {
			records = append(records, Record{Data: entry, JSON: true})
		}
		rest = after
	}
	return answer(http.StatusAccepted, typeText, []byte("OK.\n")), records
}

// journalEntry reads the entry that p begins with and returns it as an object, with
// the fields as journalctl's JSON has them: strings, arrays of bytes where they are no
// UTF-8, and arrays of those where a name comes more than once.
func journalEntry(p []byte) (entry, rest []byte, ok bool) {
	var names []string
	values := map[string][][]byte{}
	for len(p) > 0 {
		line, after, _ := bytes.Cut(p, []byte("\n"))
		if len(line) == 0 {
			p = after
			break
		}
		name, value, isLine := bytes.Cut(line, []byte("="))
		if !isLine {
			if len(after) < 8 {
				return nil, nil, false
			}
			n := binary.LittleEndian.Uint64(after)
			if after = after[8:]; n > uint64(len(after)) || n < uint64(len(after)) && after[n] != '\n' {
				return nil, nil, false
			}
			value, after = after[:n], bytes.TrimPrefix(after[n:], []byte("\n"))
		}
		if len(name) == 0 {
			return nil, nil, false
		}
		if _, again := values[string(name)]; !again {
			names = append(names, string(name))
		}
		values[string(name)] = append(values[string(name)], journalValue(value))
		p = after
	}
	if len(names) == 0 {
		return nil, p, true
	}
	entry = []byte{'{'}
	for i, name := range names {
		if i > 0 {
			entry = append(entry, ',')
		}
		entry = append(append(entry, marshal(name)...), ':')
		if list := values[name]; len(list) == 1 {
			entry = append(entry, list[0]...)
		} else {
			entry = append(append(append(entry, '['), bytes.Join(list, []byte{','})...), ']')
		}
	}
	return append(entry, '}'), p, true
}

func journalValue(v []byte) []byte {
	if utf8.Valid(v) {
		return marshal(string(v))
	}
	numbers := make([]int, len(v))
	for i, c := range v {
		numbers[i] = int(c)
	}
	return marshal(numbers)
}

// Fail answers in text. On any failure systemd-journal-upload ends, and begins where it
// was when it is started again.
func (journald) Fail(_ *Request, status int, reason string) *Response {
	return answer(status, typeText, []byte(reason+"\n"))
}
