package disguise

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderUnits, entity{units{codec.Entities}}) }

// entity is text with character references of HTML. A stretch is a line that has one
// of a character of ASCII.
type entity struct{ units }

func (entity) Name() string { return "entity" }

func (entity) Next(text []byte, from int) (start, end int) {
	for at := from; ; at++ {
		i := bytes.IndexByte(text[at:], '&')
		if i < 0 {
			return -1, -1
		}
		if at += i; startsEntity(text[at+1:]) {
			return line(text, from, at)
		}
	}
}

func (e entity) Hides(raw []byte) bool {
	start, _ := e.Next(raw, 0)
	return start >= 0
}

// startsEntity reports whether b, behind an ampersand, goes on like a reference.
func startsEntity(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	if b[0] == '#' {
		return b[1]|0x20 == 'x' || b[1] >= '0' && b[1] <= '9'
	}
	for _, name := range [...]string{"quot;", "amp;", "lt;", "gt;", "apos;",
		"colon;", "equals;", "num;", "sol;", "plus;", "commat;", "lowbar;", "period;", "dollar;", "excl;", "percnt;", "ast;", "comma;", "semi;", "lbrace;", "rbrace;", "lcub;", "rcub;", "lsqb;", "rsqb;", "lbrack;", "rbrack;", "lpar;", "rpar;", "bsol;", "quest;", "hyphen;", "dash;", "Tab;", "NewLine;", "nbsp;"} {
		if len(b) >= len(name) && string(b[:len(name)]) == name {
			return true
		}
	}
	return false
}
