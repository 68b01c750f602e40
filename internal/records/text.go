package records

import (
	"strings"
	"time"
	"unicode/utf8"
)

// The longest texts that are kept, in bytes. Names are of what is written in the
// configuration or in programs, the others come from outside.
const (
	maxName = 512
	maxText = 2048
)

// Micros returns t as it is kept.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros returns what Micros was given, in UTC and without what is below a
// microsecond.
func FromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// clean returns s as every engine can keep it: at most limit bytes of UTF-8 without NUL.
func clean(s string, limit int) string {
	if len(s) > limit {
		s = s[:runeStart(s, limit)]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
		if len(s) > limit {
			s = s[:runeStart(s, limit)]
		}
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// runeStart returns the last place up to i at which s can be cut without cutting a rune.
func runeStart[T string | []byte](s T, i int) int {
	for n := i; n > 0 && n > i-utf8.UTFMax; n-- {
		if utf8.RuneStart(s[n]) {
			return n
		}
	}
	return i
}
