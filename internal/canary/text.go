package canary

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// heads are the lines in front of each record of plain text.
var heads = regexp.MustCompile(`(?m)^2026-11-22T08:00:00Z ERROR request (r\d{5}) failed:$`)

func writeText(list []Canary) ([]byte, error) {
	var b bytes.Buffer
	for i := range list {
		b.WriteString("2026-11-22T08:00:00Z ERROR request " + number(i) + " failed:\n" + list[i].Text + "\n")
	}
	return b.Bytes(), nil
}

func readText(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	at := heads.FindAllSubmatchIndex(body, -1)
	if len(at) == 0 && len(list) > 0 {
		return nil, errShape
	}
	for i, m := range at {
		end := len(body)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		t.set(string(body[m[2]:m[3]]), string(body[m[1]:end]))
	}
	return t.found, nil
}

// logfmtKey are names that logfmt can have.
var logfmtKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)

func hasPlainKey(c *Canary) bool { return logfmtKey.MatchString(c.key()) }

func writeLogfmt(list []Canary) ([]byte, error) {
	var b bytes.Buffer
	for i := range list {
		text, err := marshal(list[i].Text)
		if err != nil {
			return nil, err
		}
		b.WriteString("level=error seq=" + number(i) + " " + list[i].key() + "=")
		b.Write(text)
		b.WriteString(" status=500\n")
	}
	return b.Bytes(), nil
}

var logfmtLine = regexp.MustCompile(`(?m)^level=error seq=(r\d{5}) (.*)$`)

func readLogfmt(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	for _, m := range logfmtLine.FindAllSubmatch(body, -1) {
		rest := string(m[2])
		if _, value, ok := strings.Cut(rest, "="); ok {
			if end := strings.LastIndex(value, " status=500"); end >= 0 {
				var text string
				if json.Unmarshal([]byte(value[:end]), &text) == nil {
					rest = text
				} else if strings.HasPrefix(value, `"`) {
					return nil, errShape
				}
			}
		}
		t.set(string(m[1]), rest)
	}
	return t.found, nil
}

func init() {
	Register(Format{Name: "http-text", ContentType: "text/plain", Write: writeText, Read: readText})
	Register(Format{Name: "answer-text", Answer: true, ContentType: "text/plain; charset=utf-8", Write: writeText, Read: readText})
	Register(Format{Name: "splunk-raw", Path: "/services/collector/raw", ContentType: "text/plain", Write: writeText, Read: readText})
	Register(Format{Name: "http-logfmt", ContentType: "application/logfmt", Keyed: true, Fits: hasPlainKey, Write: writeLogfmt, Read: readLogfmt})
}
