package redact

import "bytes"

// not-predicate rejects what sentences say of a password: is required, was changed,
// is not valid. It knows the words by their endings and by a list.
func init() { registerPlain("not-predicate", func(v []byte) bool { return !isPredicate(v) }) }

var predicates = wordSet(`
	a an the this that these those not no now too very only also still never always being been
	be is was are were has have had will would can could may might must should shall
	in on at by for from of to with without as like than then if when while until unless because
	your my our their his her its one two same different similar other any all some each
	wrong right correct incorrect valid invalid good bad weak strong short long empty blank null
	missing present absent known unknown secret private public hidden visible safe unsafe secure
	insecure plain plaintext clear text string optional mandatory new old current previous next
	default common unique random temporary permanent sensitive case here there below above
	ready done set unset kept sent lost read written stored shown given taken gone held
	needed null none nil true false undefined available
	characters chars letters digits bytes longer shorter stronger weaker
	what where who why how which it they you we
	attempt attempts request requests provider type types helper store manager file files change
	changes reset login logins hash hashes field fields header headers format input rotation policy
	policies source sources id ids name names list lists entry entries store check checks use usage
	access auth cache claim claims scope scopes error errors event events data value values size
	length age expiry lookup grant grants prompt dialog update updates and or
	sha1 sha256 sha512 md5 bcrypt pbkdf2 argon2 scrypt base64 utf8 utf-8 oauth2 saml2 2fa totp x509 v1 v2 v3 http2 ssh2
	ipv4 ipv6 k8s aes128 aes256 rsa2048 part1 part2 step1 step2 field1 field2 1password
`)

var predicateEnds = [][]byte{
	[]byte("ed"), []byte("ing"), []byte("ly"), []byte("able"), []byte("ible"), []byte("ent"), []byte("ten"),
	[]byte("tion"), []byte("tions"), []byte("ity"), []byte("ness"), []byte("ance"), []byte("ence"),
}

func isPredicate(value []byte) bool {
	var buffer [24]byte
	if len(value) > len(buffer) {
		return false
	}
	v := toLower(buffer[:], bytes.Trim(value, ".,;:!?"))
	if predicates[string(v)] {
		return true
	}
	for _, b := range v {
		if !isLower(b) && b != '-' && b != '\'' && b != '/' {
			return false
		}
	}
	for _, end := range predicateEnds {
		if len(v) > len(end)+1 && bytes.HasSuffix(v, end) {
			return true
		}
	}
	return bytes.IndexByte(v, '/') >= 0
}
