package redact

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// partial leaves the first and last characters readable around a placeholder,
// and never more than a quarter of the value.
type partial struct{ first, last int }

func init() {
	RegisterAction("partial", func(arg string, _ *Keyring) (Action, error) {
		first, last, ok := strings.Cut(arg, ",")
		f, err1 := strconv.Atoi(first)
		l, err2 := strconv.Atoi(last)
		if !ok || errors.Join(err1, err2) != nil || f < 0 || l < 0 || f+l == 0 || f+l > maxKept {
			return nil, fmt.Errorf("partial needs how many characters stay: partial:FIRST,LAST, %d together at most", maxKept)
		}
		return partial{f, l}, nil
	})
}

func (partial) Name() string { return "partial" }

func (a partial) Append(dst []byte, r *Rule, value []byte) []byte {
	if a.first+a.last > len(value)/4 || !plainASCII(value) {
		return appendPlaceholder(dst, r.ID)
	}
	dst = append(dst, value[:a.first]...)
	dst = appendPlaceholder(dst, r.ID)
	return append(dst, value[len(value)-a.last:]...)
}

// plainASCII reports whether cutting value anywhere leaves whole characters.
func plainASCII(value []byte) bool {
	for _, b := range value {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
