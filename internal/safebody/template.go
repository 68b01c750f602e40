package safebody

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// template is text with places for values, compiled. It is immutable.
type template struct {
	pieces []piece
	escape escaping
	size   int // of the literals, for the first guess of a body's size
}

// piece is a literal, the value of a field, or a section: pieces that count if
// the field has a value ({{#x}}…{{/x}}) or if it has none ({{^x}}…{{/x}}).
type piece struct {
	literal string
	field   field
	section []piece // nil if this is none
	inverse bool
}

// field is a value of a template that hangs on the request.
type field uint8

const (
	noField field = iota
	fieldStatus
	fieldTitle
	fieldHeading
	fieldAdvice
	fieldDetail
	fieldReference
	fieldInstance
	fieldType
	fieldLanguage
	fieldDirection
	fieldColon
	fieldLabelError
	fieldLabelReference
	fieldLabelSupport
	fieldGraphQLCode
	fieldGRPCCode
)

var fields = map[string]field{
	"status": fieldStatus, "title": fieldTitle, "heading": fieldHeading, "advice": fieldAdvice,
	"detail": fieldDetail, "reference": fieldReference, "instance": fieldInstance, "type": fieldType,
	"language": fieldLanguage, "direction": fieldDirection, "colon": fieldColon, "label_error": fieldLabelError,
	"label_reference": fieldLabelReference, "label_support": fieldLabelSupport,
	"graphql_code": fieldGraphQLCode, "grpc_code": fieldGRPCCode,
}

// numeric reports whether a value is a number, and may stand in JSON without quotes.
func (f field) numeric() bool { return f == fieldStatus || f == fieldGRPCCode }

// constants are the values of a template that are the same for all requests, by
// name: support, brand and what belongs to them. They are written when the
// template is compiled.
type constants map[string]string

// templateParser compiles one template.
type templateParser struct {
	file   string
	text   string
	at     int
	escape escaping
	values constants
	quoted bool    // within a string of JSON
	holes  []hole  // for the check of HTML
	errs   *Errors // that it adds to
}

// hole is a placeholder in the text.
type hole struct {
	name       string
	start, end int
}

// compile compiles a template. Mistakes are added to errs.
func compile(f File, escape escaping, values constants, errs *Errors) *template {
	if len(f.Data) > MaxTemplate {
		*errs = append(*errs, Error{File: f.Name, Line: 1, Msg: fmt.Sprintf("is larger than %d bytes", MaxTemplate)})
		return nil
	}
	before := len(*errs)
	p := &templateParser{file: f.Name, text: string(f.Data), escape: escape, values: values, errs: errs}
	t := &template{escape: escape}
	t.pieces = p.pieces("", 0)
	if len(*errs) > before {
		return t
	}
	switch escape {
	case markup:
		p.checkMarkup()
	case jsonString:
		p.checkJSON(t)
	}
	t.size = size(t.pieces)
	return t
}

func size(pieces []piece) int {
	n := 0
	for _, p := range pieces {
		n += len(p.literal) + size(p.section)
	}
	return n
}

func (p *templateParser) fail(at int, format string, args ...any) {
	line := 1 + strings.Count(p.text[:at], "\n")
	*p.errs = append(*p.errs, Error{File: p.file, Line: line, Msg: fmt.Sprintf(format, args...)})
}

// maxNesting bounds sections in sections.
const maxNesting = 8

// pieces reads up to the end of the section that is open, "" being the whole.
func (p *templateParser) pieces(open string, depth int) []piece {
	start := p.at
	pieces := []piece{}
	for {
		i := strings.Index(p.text[p.at:], "{{")
		if i < 0 {
			if open != "" {
				p.fail(start, "{{#%s}} or {{^%s}} is not closed by {{/%s}}", open, open, open)
			}
			pieces = p.literal(pieces, p.text[p.at:])
			p.at = len(p.text)
			return pieces
		}
		pieces = p.literal(pieces, p.text[p.at:p.at+i])
		p.at += i
		h, ok := p.hole()
		if !ok {
			return pieces
		}
		sign, name := h.name[0], strings.TrimSpace(h.name[1:])
		if strings.IndexByte("/#^", sign) >= 0 {
			p.skipLineEnd(h)
		}
		switch sign {
		case '/':
			if name == open {
				return pieces
			}
			p.fail(h.start, "{{/%s}} closes nothing that is open here", name)
		case '#', '^':
			if depth == maxNesting {
				p.fail(h.start, "sections nest deeper than %d", maxNesting)
				p.at = len(p.text)
				return pieces
			}
			pieces = p.section(pieces, hole{name, h.start, h.end}, sign == '^', depth)
		default:
			p.holes = append(p.holes, h)
			pieces = p.value(pieces, h)
		}
	}
}

// hole reads a placeholder and goes behind it.
func (p *templateParser) hole() (hole, bool) {
	start := p.at
	end := strings.Index(p.text[start:], "}}")
	if end < 0 {
		p.fail(start, "{{ without }}")
		p.at = len(p.text)
		return hole{}, false
	}
	p.at = start + end + 2
	name := strings.TrimSpace(p.text[start+2 : start+end])
	if name == "" {
		name = " " // is unknown
	}
	return hole{name, start, p.at}, true
}

// skipLineEnd leaves no empty line where a line has nothing but the beginning or end
// of a section.
func (p *templateParser) skipLineEnd(h hole) {
	if (h.start == 0 || p.text[h.start-1] == '\n') && strings.HasPrefix(p.text[h.end:], "\n") {
		p.at++
	}
}

func (p *templateParser) literal(pieces []piece, s string) []piece {
	if s == "" {
		return pieces
	}
	if p.escape == jsonString {
		for i := 0; i < len(s); i++ {
			switch {
			case s[i] == '"':
				p.quoted = !p.quoted
			case s[i] == '\\' && p.quoted:
				i++
			}
		}
	}
	if last := len(pieces) - 1; last >= 0 && pieces[last].field == noField && pieces[last].section == nil {
		pieces[last].literal += s
		return pieces
	}
	return append(pieces, piece{literal: s})
}

func (p *templateParser) value(pieces []piece, h hole) []piece {
	f, isField := fields[h.name]
	value, isConstant := p.values[h.name]
	if !isField && !isConstant {
		p.unknown(h)
		return pieces
	}
	if p.escape == jsonString && !p.quoted && !f.numeric() {
		p.fail(h.start, "{{%s}} stands outside of a string (write \"{{%s}}\")", h.name, h.name)
	}
	if isField {
		return append(pieces, piece{field: f})
	}
	quoted := p.quoted
	pieces = p.literal(pieces, string(appendEscaped(nil, value, p.escape)))
	p.quoted = quoted
	return pieces
}

func (p *templateParser) section(pieces []piece, h hole, inverse bool, depth int) []piece {
	f, isField := fields[h.name]
	value, isConstant := p.values[h.name]
	if !isField && !isConstant {
		p.unknown(h)
	}
	quoted := p.quoted
	inner := p.pieces(h.name, depth+1)
	if p.quoted != quoted {
		p.fail(h.start, "{{#%s}} begins in a string and ends outside of it, or the other way round", h.name)
	}
	switch {
	case isField:
		return append(pieces, piece{field: f, section: inner, inverse: inverse})
	case (value == "") == inverse:
		return append(pieces, inner...)
	}
	return pieces
}

func (p *templateParser) unknown(h hole) {
	names := slices.AppendSeq(slices.Collect(maps.Keys(fields)), maps.Keys(p.values))
	slices.Sort(names)
	p.fail(h.start, "unknown placeholder {{%s}} (known are %s)", clean(h.name, 64), strings.Join(names, ", "))
}

// values is what a request and its message give to a template.
type values struct {
	set       *Set
	language  *words
	message   *message
	status    int
	reference string // clean
}

// append appends the template with these values.
func (t *template) append(dst []byte, v *values) []byte {
	return appendPieces(dst, t.pieces, v, t.escape)
}

func appendPieces(dst []byte, pieces []piece, v *values, e escaping) []byte {
	for i := range pieces {
		switch p := &pieces[i]; {
		case p.section != nil:
			if v.empty(p.field) == p.inverse {
				dst = appendPieces(dst, p.section, v, e)
			}
		case p.field == noField:
			dst = append(dst, p.literal...)
		default:
			dst = v.append(dst, p.field, e)
		}
	}
	return dst
}

// empty reports whether a field has no value; only the reference, and with it the
// instance, can be missing.
func (v *values) empty(f field) bool {
	return (f == fieldReference || f == fieldInstance) && v.reference == ""
}

func (v *values) append(dst []byte, f field, e escaping) []byte {
	switch f {
	case fieldStatus:
		return strconv.AppendInt(dst, int64(v.status), 10)
	case fieldGRPCCode:
		return strconv.AppendInt(dst, int64(grpcCode(v.status)), 10)
	case fieldInstance:
		if v.reference == "" {
			return dst
		}
		return v.set.instance.append(dst, v, e)
	case fieldType:
		return v.set.typ.append(dst, v, e)
	}
	return appendEscaped(dst, v.text(f), e)
}

// text returns the value of a field that is text.
func (v *values) text(f field) string {
	switch f {
	case fieldTitle:
		return v.message.title
	case fieldHeading:
		return v.message.heading
	case fieldAdvice:
		return v.message.advice
	case fieldDetail:
		return v.message.detail
	case fieldReference:
		return v.reference
	case fieldLanguage:
		return v.language.name
	case fieldDirection:
		return v.language.direction
	case fieldColon:
		return v.language.colon
	case fieldLabelError:
		return v.language.labelError
	case fieldLabelReference:
		return v.language.labelReference
	case fieldLabelSupport:
		return v.language.labelSupport
	case fieldGraphQLCode:
		return graphQLCode(v.status)
	}
	return ""
}
