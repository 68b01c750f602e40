package canary

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// syslogMessages writes messages of RFC 5424, whose MSGID tells which they are.
func syslogMessages(list []Canary) ([][]byte, error) {
	var out [][]byte
	for i := range list {
		out = append(out, []byte("<11>1 2026-11-22T08:00:00Z web1 shop - "+number(i)+" - "+list[i].Text))
	}
	return out, nil
}

// writeSyslog writes them behind their lengths, which lets lines be a part of them.
func writeSyslog(list []Canary) ([]byte, error) {
	messages, err := syslogMessages(list)
	var b bytes.Buffer
	for _, m := range messages {
		b.WriteString(strconv.Itoa(len(m)) + " ")
		b.Write(m)
	}
	return b.Bytes(), err
}

var syslogHead = regexp.MustCompile(`<11>1 2026-11-22T08:00:00Z web1 shop - (r\d{5}) - `)

func readSyslog(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	at := syslogHead.FindAllSubmatchIndex(body, -1)
	for i, m := range at {
		end := len(body)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		t.set(string(body[m[2]:m[3]]), string(body[m[1]:end]))
	}
	if len(at) == 0 && len(list) > 0 {
		return nil, errShape
	}
	return t.found, nil
}

func init() {
	// A message that is a JSON object is one: what a rule takes for a secret by the members
	// beside it is a matter of JSON then, not of syslog.
	text := func(c *Canary) bool { return !strings.HasPrefix(c.Text, "{") }
	Register(Format{Name: "syslog", Protocol: "syslog", Fits: text, Write: writeSyslog, Messages: syslogMessages, Read: readSyslog})
}
