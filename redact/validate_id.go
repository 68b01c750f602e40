package redact

import "bytes"

// not-id rejects what stands under the name of something public: an identifier,
// digest, time or count (request_id=..., "traceId": ..., sha512-...), the position of
// a page (nextPageToken), what makes a request unique (Idempotency-Key), a public
// or publishable key. Such values can have any form that a secret has.
func init() {
	registerPlaced("not-id", func(v []byte, p Place) bool { return !p.isID() && !isDigest(v) })
}

// isDigest reports whether v says itself that it is one.
func isDigest(v []byte) bool {
	for _, mark := range digestMarks {
		if bytes.HasPrefix(v, mark) {
			return true
		}
	}
	return false
}

// idNames are last words of names of identifiers and digests.
var idNames = wordSet(`
	id ids uid uids uuid uuids guid guids sha sha1 sha256 sha512 md5 h1 crc crc32 hash hashes digest digests
	checksum checksums etag etags fingerprint fingerprints thumbprint arn urn integrity traceparent
	traceid spanid requestid correlationid appid orderid userid accountid parentid eventid messageid jobid
	buildid projectid instanceid
	name names type types kind path paths file files dir url uri endpoint namespace alias
`)

// measureNames are last words of other names that stand for nothing secret, unless the
// name of a credential is before them (secret_not_to_commit).
var measureNames = wordSet(`
	commit commits rev revision revisions version versions build builds ref refs trace span sequence seq
	offset offsets lsn xid timestamp timestamps ts time date nanos millis micros ns ms us bytes size sizes
	length len count counts total sum duration elapsed latency epoch ttl port pid tid inode generation
	resourceversion image partition shard block height index serial
`)

// publicWords make what a name with them stands for public, whatever its last
// word is.
var publicWords = wordSet(`
	public publishable pubkey hashed idempotency surrogate pagination paging page cursor continuation
	continue next prev previous skip sync resume
`)

// digestMarks stand before digests without a sign between: subresource integrity,
// lock files of package managers.
var digestMarks = [][]byte{[]byte("sha1-"), []byte("sha256-"), []byte("sha384-"), []byte("sha512-"), []byte("md5-")}

// fingerprintMarks stand before fingerprints in what gpg and ssh tell.
var fingerprintMarks = [][]byte{
	[]byte("RSA key "), []byte("DSA key "), []byte("ECDSA key "), []byte("EDDSA key "), []byte("ED25519 key "),
	[]byte("public key "), []byte("host key "), []byte("signing key "), []byte("gpg key "), []byte("GPG key "),
}

func (p Place) isID() bool {
	for _, mark := range fingerprintMarks {
		if bytes.HasSuffix(p.Before, mark) {
			return true
		}
	}
	for _, mark := range digestMarks {
		if bytes.HasSuffix(p.Before, mark) {
			return true
		}
	}
	name := bytes.TrimRight(p.name(), "_-.")
	measure, first := false, true
	for len(name) > 0 {
		word, rest := lastWord(name)
		switch {
		case first && inWords(idNames, word), inWords(publicWords, word):
			return true
		case first:
			measure = inWords(measureNames, word)
		case inWords(credentialWords, word):
			measure = false
		}
		if first && publicPhrase(rest, word) {
			return true
		}
		first, name = false, rest
	}
	return measure
}

// publicPhrase reports whether a name's last word means nothing secret behind the one
// before it: the request token of AWS makes a call unique, site keys stand in pages.
func publicPhrase(before, last []byte) bool {
	if len(before) == 0 {
		return false
	}
	word, _ := lastWord(before)
	return bytes.EqualFold(last, []byte("token")) && bytes.EqualFold(word, []byte("request")) ||
		bytes.EqualFold(last, []byte("key")) && bytes.EqualFold(word, []byte("site"))
}

// lastWord returns the last word of a name, which is cut at punctuation and at
// capitals as names of fields are, and what is before it.
func lastWord(name []byte) (word, rest []byte) {
	start := len(name) - 1
	for start > 0 && isLetterOrDigit(name[start-1]) && !startsWord(name, start) {
		start--
	}
	return name[start:], bytes.TrimRight(name[:start], "_-.")
}

// inWords reports whether words holds word in small letters.
func inWords(words map[string]bool, word []byte) bool {
	var buffer [16]byte
	return len(word) <= len(buffer) && words[string(toLower(buffer[:], word))]
}
