package safebody

import (
	"net/url"
	"strconv"
	"strings"
)

// uri is a URI reference in which a value of the request can stand. Values are
// percent-encoded, so that nothing is special in them wherever the URI stands.
type uri struct {
	literals []string // with the value between each two
	field    field    // fieldReference or fieldStatus
}

// parseURI reads a URI reference in which mark stands for a field. A reference has
// to stand in it, a status may.
func parseURI(key, s, mark string, f field, errs *Errors) uri {
	u := uri{strings.Split(s, mark), f}
	_, err := url.Parse(strings.Join(u.literals, "0"))
	switch {
	case err != nil || !printableASCII(s) || strings.ContainsAny(strings.Join(u.literals, ""), " \"<>\\^`{|}"):
		errs.option(key, "is no URI reference (such as %q)", "urn:error:"+mark)
	case f == fieldReference && len(u.literals) == 1:
		errs.option(key, "has no %s (such as %q)", mark, "urn:error:"+mark)
	}
	return u
}

func (u uri) append(dst []byte, v *values, e escaping) []byte {
	for i, literal := range u.literals {
		if i > 0 {
			dst = u.appendValue(dst, v)
		}
		dst = appendEscaped(dst, literal, e)
	}
	return dst
}

func (u uri) appendValue(dst []byte, v *values) []byte {
	if u.field == fieldStatus {
		return strconv.AppendInt(dst, int64(v.status), 10)
	}
	return appendPercent(dst, v.reference)
}
