package safebody

import (
	"bytes"
	"strings"
)

// kind is what a body is written in.
type kind uint8

const (
	kindJSON kind = iota
	kindHTML
	kindText
	kindXML
	kinds
	noKind = kinds
)

// offer is a media type that a kind can be sent as.
type offer struct {
	kind        kind
	media       string // type/subtype, in lower case
	contentType string // the field value
}

// The offers behind those of JSON, which hang on the shape. Among equals the first
// is taken, so XML is sent only where it is asked for or was there before.
var otherOffers = []offer{
	{kindHTML, "text/html", "text/html; charset=utf-8"},
	{kindText, "text/plain", "text/plain; charset=utf-8"},
	{kindXML, "application/problem+xml", "application/problem+xml"},
	{kindXML, "application/xml", "application/xml"},
	{kindXML, "text/xml", "text/xml; charset=utf-8"},
}

// maxOffers and maxRanges bound what a negotiation holds and how long it takes.
const (
	maxOffers = 8
	maxRanges = 64
)

// match says how an offer fares with a client.
type match struct {
	specific uint8  // of the media range that decides: see the constants; 0 is none
	quality  uint16 // of that range, in thousandths
}

const (
	byAny     = 1 + iota // */*
	byType               // type/*
	byFamily             // another type of the same family: application/vnd.x+json
	byItsName            // the very media type
)

// choose returns the offer that the client likes best (RFC 9110, 12.5.1): the
// highest quality, then the most specific range, then the kind of the original
// body, then the first. If nothing is acceptable, as for a picture, the kind of
// the original is: a body with the same status says more than none. Ranges that
// can't be read don't count; without any that can be, everything is acceptable.
func choose(offers []offer, accept []byte, original kind) offer {
	var matches [maxOffers]match
	asked := false
	for n := 0; len(accept) > 0 && n < maxRanges; n++ {
		var element []byte
		element, accept = cut(accept, ',')
		if r, ok := parseRange(element); ok {
			asked = true
			for i, o := range offers {
				matches[i].consider(r, o)
			}
		}
	}
	best, found := 0, false
	for i, o := range offers {
		m := matches[i]
		if asked && (m.specific == 0 || m.quality == 0) {
			continue
		}
		if !found || better(m, o.kind == original, matches[best], offers[best].kind == original) {
			best, found = i, true
		}
	}
	if !found {
		return choose(offers, nil, original)
	}
	return offers[best]
}

func better(a match, aOriginal bool, b match, bOriginal bool) bool {
	switch {
	case a.quality != b.quality:
		return a.quality > b.quality
	case a.specific != b.specific:
		return a.specific > b.specific
	}
	return aOriginal && !bOriginal
}

// consider notes a range if it says more of the offer than those before it.
func (m *match) consider(r mediaRange, o offer) {
	s := r.specific(o)
	if s > m.specific || s == m.specific && r.quality > m.quality {
		*m = match{s, r.quality}
	}
}

// mediaRange is one element of Accept. Parameters other than the quality don't
// count: a version or a charset does not make JSON something else.
type mediaRange struct {
	typ, sub []byte // as written; "*" is any
	quality  uint16
}

func (r mediaRange) specific(o offer) uint8 {
	typ, sub, _ := strings.Cut(o.media, "/")
	switch {
	case string(r.typ) == "*":
		return byAny
	case equalFold(r.typ, typ) && string(r.sub) == "*":
		return byType
	case equalFold(r.typ, typ) && equalFold(r.sub, sub):
		return byItsName
	case r.quality > 0 && familyOf(r.typ, r.sub) == o.kind:
		return byFamily
	}
	return 0
}

// familyOf returns the kind that reads like a media type: a client that wants
// application/vnd.x+json is better served with any JSON than with a page.
func familyOf(typ, sub []byte) kind {
	switch {
	case !equalFold(typ, "application"):
		return noKind
	case equalFold(sub, "xhtml+xml"):
		return kindHTML
	case hasSuffixFold(sub, "+json"):
		return kindJSON
	case hasSuffixFold(sub, "+xml"):
		return kindXML
	}
	return noKind
}

// kindOf returns the kind of a body of that media type, with or without
// parameters; noKind where safe bodies have no such kind.
func kindOf(mediaType []byte) kind {
	element, _ := cut(mediaType, ';')
	typ, sub, ok := bytes.Cut(trim(element), []byte("/"))
	if !ok {
		return noKind
	}
	switch {
	case equalFold(sub, "json"), equalFold(sub, "x-ndjson"):
		return kindJSON
	case equalFold(sub, "xml"):
		return kindXML
	case equalFold(typ, "text") && equalFold(sub, "html"):
		return kindHTML
	case equalFold(typ, "text"):
		return kindText
	}
	return familyOf(typ, sub)
}

// parseRange reads a media range with its parameters. "*" and a quality of ".2",
// which old Java clients send, are read as meant.
func parseRange(element []byte) (mediaRange, bool) {
	name, params := cut(element, ';')
	r := mediaRange{quality: 1000}
	name = trim(name)
	typ, sub, ok := bytes.Cut(name, []byte("/"))
	if string(name) == "*" {
		typ, sub, ok = name, name, true
	}
	if r.typ, r.sub = typ, sub; !ok || !token(typ) || !token(sub) || string(typ) == "*" && string(sub) != "*" {
		return r, false
	}
	for len(params) > 0 {
		var p []byte
		p, params = cut(params, ';')
		key, value, _ := bytes.Cut(p, []byte("="))
		if equalFold(trim(key), "q") {
			r.quality, ok = quality(trim(value))
			return r, ok
		}
	}
	return r, true
}

// quality reads a weight (RFC 9110, 12.4.2) in thousandths.
func quality(b []byte) (uint16, bool) {
	whole, fraction, _ := bytes.Cut(b, []byte("."))
	if len(b) < 1 || len(whole) > 1 || len(whole)+len(fraction) == 0 {
		return 0, false
	}
	q, unit := 0, 1000
	for _, digits := range [2][]byte{whole, fraction} {
		for _, c := range digits {
			if c < '0' || c > '9' {
				return 0, false
			}
			q += int(c-'0') * unit
			unit /= 10
		}
		unit = 100
	}
	return uint16(q), q <= 1000
}

// cut returns what stands before and behind the first separator that is not
// within a quoted string.
func cut(b []byte, separator byte) (before, after []byte) {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == separator:
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

func trim(b []byte) []byte { return bytes.Trim(b, " \t") }

// token reports whether b is a token of RFC 9110, 5.6.2.
func token(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return len(b) > 0
}

// equalFold compares with lower-case ASCII.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func hasSuffixFold(b []byte, lower string) bool {
	return len(b) >= len(lower) && equalFold(b[len(b)-len(lower):], lower)
}
