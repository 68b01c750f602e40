package neutral

import (
	"regexp"

	"github.com/redactd/redactd/redact"
)

// The work that reading a body may take, in units of the kernel's budget, which are about
// a byte looked at: a body is searched up to three times, in parts and as a whole, and a
// search of ordinary text takes a few units a byte.
const (
	baseWork    = 1 << 23
	workPerByte = 160
)

// expressionWork is about how many units Go's engine takes for a byte.
const expressionWork = 16

// maxExamined bounds, in bytes, what of a text the expressions of Member, exception and
// frame are tried on, from both its ends.
const maxExamined = 256 << 10

// maxNodes bounds how many values a document may have, as a value takes more memory than
// its bytes.
const maxNodes = 1 << 17

// spend counts work. It fails once that is more than a body may take.
func (n *neutraliser) spend(units int) error {
	n.work += units
	if n.work > n.most {
		return redact.ErrGaveUp
	}
	return nil
}

// ends returns the ends of a text that is too long to be examined as a whole: the first
// with what the outermost says, the last with what the innermost does.
func ends(text []byte) [][]byte {
	if len(text) <= maxExamined {
		return [][]byte{text}
	}
	return [][]byte{text[:maxExamined/2], text[len(text)-maxExamined/2:]}
}

// matches reports whether an expression, which may be nil for any, matches in a text.
func (n *neutraliser) matches(re *regexp.Regexp, text []byte) (bool, error) {
	if err := n.spend(len(text)); err != nil || re == nil {
		return err == nil, err
	}
	for _, part := range ends(text) {
		if err := n.spend(expressionWork * len(part)); err != nil {
			return false, err
		}
		if re.Match(part) {
			return true, nil
		}
	}
	return false, nil
}
