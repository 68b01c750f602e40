package redact

import (
	"bytes"
	"errors"
	"strconv"
)

// not-binary:N rejects what was cut from base64 of binary data, where tokens without
// a rare beginning come up by chance: it stands behind more base64 with a + or / in
// between, or holds more than N runs of five or more A, which are zero bytes, or one
// of more than 25.
func init() {
	RegisterValidator("not-binary", func(arg string) (Validator, error) {
		runs, err := strconv.Atoi(arg)
		if err != nil || runs < 0 {
			return nil, errors.New("not-binary needs the number of runs of A that the token itself can have: not-binary:0")
		}
		return placeFunc(func(v []byte, p Place) bool { return zeroRuns(v) <= runs && !behindBase64(p.Before) }), nil
	})
}

func zeroRuns(v []byte) int {
	const least, most = 5, 25
	n, run := 0, 0
	for _, b := range v {
		if b != 'A' {
			run = 0
			continue
		}
		if run++; run == least {
			n++
		}
		if run > most {
			return len(v)
		}
	}
	return n
}

// behindBase64 reports whether before ends in at least 24 bytes of base64, the last of
// them one that is no part of a word.
func behindBase64(before []byte) bool {
	const least = 24
	if len(before) < least || bytes.IndexByte([]byte("+/"), before[len(before)-1]) < 0 {
		return false
	}
	for _, b := range before[len(before)-least:] {
		if !isWordByte(b) && b != '+' && b != '/' || b == '_' {
			return false
		}
	}
	return true
}
