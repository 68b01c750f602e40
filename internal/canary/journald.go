package canary

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// journalKey is the name of a field as journals have them.
func journalKey(c *Canary) string {
	if c.Key == "" {
		return "MESSAGE"
	}
	return strings.ToUpper(c.Key)
}

// writeJournal writes the Journal Export Format, texts with their length.
func writeJournal(list []Canary) ([]byte, error) {
	var b bytes.Buffer
	for i := range list {
		b.WriteString("__CURSOR=" + number(i) + "\nPRIORITY=3\n" + journalKey(&list[i]) + "\n")
		_ = binary.Write(&b, binary.LittleEndian, uint64(len(list[i].Text))) // into a buffer
		b.WriteString(list[i].Text + "\n\n")
	}
	return b.Bytes(), nil
}

func readJournal(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	at := ""
	for len(body) > 0 {
		line, rest, ok := bytes.Cut(body, []byte("\n"))
		if !ok {
			return nil, errShape
		}
		body = rest
		name, value, text := bytes.Cut(line, []byte("="))
		switch {
		case len(line) == 0:
			at = ""
		case text && string(name) == "__CURSOR":
			at = string(value)
		case text:
			t.set(at, string(value))
		default:
			if len(body) < 9 {
				return nil, errShape
			}
			n := binary.LittleEndian.Uint64(body)
			if n > uint64(len(body)-9) || body[8+n] != '\n' {
				return nil, errShape
			}
			t.set(at, string(body[8:8+n]))
			body = body[9+n:]
		}
	}
	return t.found, nil
}

func init() {
	Register(Format{Name: "journald", Path: "/upload", ContentType: "application/vnd.fdo.journal", Keyed: true,
		Fits:  func(c *Canary) bool { return hasPlainKey(c) && !strings.ContainsAny(c.Key, "-.") },
		Write: writeJournal, Read: readJournal})
}
