package redact

import "bytes"

// not-version rejects what stands as a version does: behind that word, behind "v", or
// behind the name of a product and a slash, as in "Chrome/10.0.0.1".
//
// not-request-target rejects what stands as a part of a request does: behind its method
// or a word for a place on the Web, as in "Cannot GET /app/main.js".
func init() {
	registerPlaced("not-version", func(_ []byte, p Place) bool {
		b := p.Before
		if n := len(b); n > 1 && b[n-1] == '/' && isNameByte(b[n-2]) {
			return false
		}
		return !inWords(wordsOfVersions, wordBefore(b))
	})
	registerPlaced("not-request-target", func(_ []byte, p Place) bool {
		return !inWords(wordsOfTargets, wordBefore(p.Before))
	})
}

var (
	wordsOfVersions = wordSet(`version versions ver v release build firmware revision section chapter rev sdk oid
		ios android windows macos chrome firefox safari than since`)
	wordsOfTargets = wordSet(`get post put patch delete head options connect trace url uri path route endpoint resource
		page address location href link target requested redirect instance callback`)
)

// wordBefore returns the word before a value, whatever quotation marks, signs and white
// space stand between.
func wordBefore(b []byte) []byte {
	b = bytes.TrimRight(b, " \t\r\n\"'`\\([{<=:")
	start := len(b)
	for start > 0 && isNameByte(b[start-1]) {
		start--
	}
	return b[start:]
}
