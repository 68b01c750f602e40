package safebody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// checkJSON asks that the template gives JSON, with a reference and without.
func (p *templateParser) checkJSON(t *template) {
	sample := values{
		set:      &Set{},
		language: &words{}, message: &message{title: `\"`, detail: "\\"}, status: 500,
	}
	for _, reference := range []string{`"\`, ""} {
		sample.reference = reference
		body := t.append(nil, &sample)
		var tree any
		if err := json.Unmarshal(body, &tree); err != nil {
			var syntax *json.SyntaxError
			at := 0
			if errors.As(err, &syntax) {
				// The line is that of the body, which has those of the template but for
				// sections that are left out.
				at = bytes.Count(body[:min(int(syntax.Offset), len(body))], []byte("\n"))
			}
			*p.errs = append(*p.errs, Error{File: p.file, Line: at + 1, Msg: fmt.Sprintf("is no JSON once filled in: %v", err)})
			return
		}
	}
}

// checkMarkup asks that every placeholder of an HTML template stands where its
// value, escaped, can't become anything but text: between tags, or in a quoted
// attribute that is no script, no style and no address. Addresses may hold what
// was checked when it was configured.
func (p *templateParser) checkMarkup() {
	marked, mark := p.mark()
	z := html.NewTokenizer(strings.NewReader(marked))
	inside := "" // the element whose content is no text
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		raw := string(z.Raw()) // Token changes it
		switch kind {
		case html.TextToken:
			if inside != "" {
				p.refuse(raw, mark, "in <"+inside+">", checkedValues)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			p.checkTag(raw, mark, token)
			inside = ""
			if kind == html.StartTagToken && slices.Contains(rawElements, token.Data) {
				inside = token.Data
			}
		case html.EndTagToken:
			inside = ""
			p.refuse(raw, mark, "in a tag", nil)
		default:
			p.refuse(raw, mark, "in a comment or declaration", nil)
		}
	}
}

// rawElements are those whose content browsers don't read as text with character
// references, or not always.
var rawElements = []string{"script", "style", "iframe", "noembed", "noframes", "noscript", "plaintext", "xmp"}

// checkedValues can't hold anything that is special in CSS or addresses.
var checkedValues = []string{"accent_light", "accent_dark", "logo", "support"}

// addresses are the attributes that browsers follow or load.
var addresses = []string{"href", "src", "action", "formaction", "data", "poster", "srcset", "background", "ping", "xlink:href"}

func (p *templateParser) checkTag(raw, mark string, token html.Token) {
	p.refuse(outsideOfQuotes(raw), mark, "in a tag outside of quotes", nil)
	for _, a := range token.Attr {
		switch name := a.Key; {
		case strings.HasPrefix(name, "on"), name == "style", name == "srcdoc":
			p.refuse(a.Val, mark, "in the attribute "+clean(name, 32), nil)
		case slices.Contains(addresses, name):
			p.refuse(a.Val, mark, "in the attribute "+name, checkedValues)
		}
	}
}

// refuse notes each placeholder in s that is none of allowed.
func (p *templateParser) refuse(s, mark, where string, allowed []string) {
	for {
		i := strings.Index(s, mark)
		if i < 0 {
			return
		}
		s = s[i+len(mark):]
		var n int
		if _, err := fmt.Sscanf(s, "%dx", &n); err != nil || n >= len(p.holes) {
			continue
		}
		if h := p.holes[n]; !slices.Contains(allowed, h.name) {
			p.fail(h.start, "{{%s}} can't stand %s (only in text and in quoted attributes that are no address, style or script)", h.name, where)
		}
	}
}

// mark returns the text with a mark and a number for each placeholder, and
// without what begins and ends sections.
func (p *templateParser) mark() (text, mark string) {
	for mark = "zq"; strings.Contains(strings.ToLower(p.text), mark); {
		mark += "q"
	}
	var b strings.Builder
	at := 0
	for i, h := range p.holes {
		b.WriteString(withoutSections(p.text[at:h.start]))
		fmt.Fprintf(&b, "%s%dx", mark, i)
		at = h.end
	}
	b.WriteString(withoutSections(p.text[at:]))
	return b.String(), mark
}

func withoutSections(s string) string {
	for {
		start := strings.Index(s, "{{")
		if start < 0 {
			return s
		}
		end := strings.Index(s[start:], "}}")
		s = s[:start] + s[start+end+2:]
	}
}

// outsideOfQuotes returns what of a tag stands outside of quoted attribute values. A
// quotation mark begins one only behind the equals sign of an attribute that has a name: in
// the name of the tag, or where a name is to begin, both are letters of the name (WHATWG
// HTML, sections 13.2.5.8 and 13.2.5.32).
func outsideOfQuotes(tag string) string {
	var b strings.Builder
	state := tagName
	var quote byte
	for i := range len(tag) {
		c := tag[i]
		if quote != 0 {
			if c == quote {
				quote, state = 0, beforeName
			}
			continue
		}
		if state == beforeValue && (c == '"' || c == '\'') {
			quote = c
			continue
		}
		b.WriteByte(c)
		state = state.next(c)
	}
	return b.String()
}

// tagState is where in a tag a byte stands.
type tagState uint8

const (
	tagName tagState = iota
	beforeName
	attributeName
	afterName
	beforeValue
	unquoted
)

// next returns the state behind a byte that is no quotation mark of a value.
func (s tagState) next(c byte) tagState {
	space := c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'
	switch {
	case s == beforeValue && !space:
		return unquoted
	case s == beforeValue:
		return s
	case s == unquoted && !space:
		return s
	case s == attributeName && space:
		return afterName
	case s == afterName && space:
		return s
	case space, c == '/':
		return beforeName
	case s == tagName:
		return s
	case c == '=' && (s == attributeName || s == afterName):
		return beforeValue
	}
	return attributeName
}
