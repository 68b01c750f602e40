package redact

import "bytes"

// not-remark rejects the words that follow a name in a sentence or a comment about
// it: "the options --password and --user", "Password: Required.", "PASS: ok". It knows
// fewer words than not-predicate, none that people log in with.
func init() { registerPlain("not-remark", func(v []byte) bool { return !isRemark(v) }) }

var remarks = wordSet(`
	a an the this that these those it its not no nor and or but if is are was were be been being am
	has have had do does did will would can could may might must should shall cannot
	in on at by for from of to with without as like than then when while until unless because since
	where which who what how why so also only still never always either both per via into onto
	optional required mandatory deprecated invalid incorrect wrong missing expired mismatch mismatched
	unknown unspecified unsupported omitted accepted rejected denied failed succeeded failure success
	changed updated added removed deleted created cleared rotated verified matched matches expires
	ok passed skipped disabled enabled options option parameter parameters argument arguments flag flags
	value values arg args command commands field fields all
`)

func isRemark(value []byte) bool { return inWords(remarks, bytes.TrimRight(value, ".,;:!?)")) }

// not-verdict rejects what reports say of tests, where a colon and a blank stand
// between: "PASS: TestStore", "second pass: collect the names".
func init() {
	registerPlaced("not-verdict", func(v []byte, p Place) bool {
		if bytes.HasSuffix(p.Before, []byte("PASS: ")) {
			return false
		}
		return !bytes.HasSuffix(p.Before, []byte(": ")) || !isProse(v, p.After)
	})
}

// isProse reports whether a sentence goes on behind the word v: with another word, that
// is not a name of something.
func isProse(v, after []byte) bool {
	if !isWord(v) || len(after) < 2 || after[0] != ' ' {
		return false
	}
	n := 1
	for n < len(after) && isLower(after[n]|0x20) {
		n++
	}
	return n > 1 && (n == len(after) || after[n] != '=' && after[n] != ':')
}
