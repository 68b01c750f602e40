package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// Validators on the shape of a value: what it is made of, and what it is not.
func init() {
	registerPlain("has-digit", func(v []byte) bool { return classes(v).digit })
	registerPlain("has-letter", func(v []byte) bool { c := classes(v); return c.lower || c.upper })
	registerPlain("mixed", func(v []byte) bool {
		c := classes(v)
		return c.lower && c.upper || c.lower && c.digit || c.upper && c.digit
	})
	registerPlain("not-uuid", func(v []byte) bool { return !isUUID(v) })
	registerPlain("not-hex", func(v []byte) bool { return !isHex(v) })
	registerPlain("not-path", func(v []byte) bool { return !isPath(bytes.TrimRight(v, closing)) })
	registerPlain("not-word", func(v []byte) bool {
		v = bytes.TrimRight(bytes.Trim(v, "*"), ",.;:)'")
		return !isWord(v) && !isTerm(v) && !isAcronymic(v) && !isAssignment(v)
	})
	registerPlain("base64-json", base64JSON)
}

// closing are signs that patterns take with a value that they close or part.
const closing = ")}],;:"

type byteClasses struct{ lower, upper, digit, other bool }

func classes(value []byte) (c byteClasses) {
	for _, b := range value {
		switch {
		case isLower(b):
			c.lower = true
		case isUpper(b):
			c.upper = true
		case isDigit(b):
			c.digit = true
		default:
			c.other = true
		}
	}
	return c
}

// isUUID reports whether value is 8-4-4-4-12 hexadecimal digits (RFC 9562).
func isUUID(value []byte) bool {
	if len(value) != 36 {
		return false
	}
	for i, b := range value {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (b == '-') || !dash && !isHexDigit(b) {
			return false
		}
	}
	return true
}

func isHexDigit(b byte) bool { return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'f' }

func isHex(value []byte) bool {
	for _, b := range value {
		if !isHexDigit(b) {
			return false
		}
	}
	return len(value) > 0
}

// isPath reports whether value looks like a file path or an address.
func isPath(value []byte) bool {
	return bytes.Contains(value, []byte("://")) || bytes.HasPrefix(value, []byte("/")) ||
		bytes.HasPrefix(value, []byte("./")) || bytes.HasPrefix(value, []byte("../")) ||
		bytes.HasPrefix(value, []byte("~/")) ||
		len(value) > 3 && value[1] == ':' && value[2] == '\\' ||
		bytes.Count(value, []byte("/")) > 1 && !classes(value).digit || isFile(value)
}

var extensions = wordSet(`
	pem crt cer der key pub p12 pfx jks keystore json yaml yml toml ini conf cfg config properties env xml html
	htm txt md rst csv tsv log sql db sqlite go py js mjs ts tsx jsx java kt rb php sh bash ps1 c h cc cpp hpp
	rs cs so dll exe jar war zip gz tgz tar bz2 xz lock mod sum proto tf tfvars tpl tmpl j2 asc gpg sig pid sock
`)

// isFile reports whether value is the name of a file by its extension.
func isFile(value []byte) bool {
	dot := bytes.LastIndexByte(value, '.')
	if dot < 1 || !inWords(extensions, value[dot+1:]) {
		return false
	}
	for _, b := range value[:dot] {
		if !isNameByte(b) && b != '/' {
			return false
		}
	}
	return true
}

// isWord reports whether value is a word or an identifier made of words, as in
// max_retry_count, com.example.Main or isValid: no digit, and no capital that
// stands alone behind a lower-case letter, as keys have them.
func isWord(value []byte) bool {
	for i, b := range value {
		switch {
		case isLower(b):
		case isUpper(b):
			inWord := i > 0 && isLower(value[i-1]) && i+1 < len(value) && !isLower(value[i+1])
			if inWord {
				return false
			}
		case b == '_' || b == '-' || b == '.' || b >= 0x80:
		default:
			return false
		}
	}
	return len(value) > 0
}

// isAssignment reports whether v gives a value to something else, dbname=app, or does
// so up to a quotation mark that the value begins with: xsi:type=.
func isAssignment(v []byte) bool {
	name, rest, found := bytes.Cut(v, []byte("="))
	if space, local, qualified := bytes.Cut(name, []byte(":")); found && qualified && len(rest) == 0 {
		return isWord(space) && isWord(local)
	}
	return found && len(name) > 2 && isWord(name) && len(bytes.Trim(rest, "=")) > 0 && rest[0] != '='
}

// isAcronymic reports whether v is a name as words are that has acronyms in it, which
// isWord can't tell from the capitals of a key: schemaURL, ListAPIKeys.
func isAcronymic(v []byte) bool {
	const most = 4.9 // bits a byte, see Rarity
	return len(v) > 5 && isIdentifier(v) && !classes(v).digit && hasHump(v) && Rarity(v) < most
}

// terms are the names that standards and algorithms have before their numbers.
var terms = wordSet(`
	sha md aes des utf ucs iso rfc http https tls ssl pkcs oauth ntlm ntlmv ipv base rsa ecdsa curve
	hs rs es ps cp windows latin int uint float iec ieee
`)

// isTerm reports whether v is the name of a standard, an algorithm or a type with its
// number: SHA-256, HTTP/1.1, PKCS#8, UTF-16LE, uint64.
func isTerm(v []byte) bool {
	n := 0
	for n < len(v) && isLower(v[n]|0x20) && v[n] < 0x80 {
		n++
	}
	if len(v) > 12 || !inWords(terms, v[:n]) {
		return false
	}
	rest := bytes.TrimLeft(v[n:], "-/#_")
	digits := bytes.TrimLeft(rest, "0123456789.")
	return len(digits) < len(rest) && len(rest)-len(digits) <= 4 && len(digits) <= 2 && !classes(digits).other
}

// base64JSON accepts a value whose part before the first dot is base64 of a JSON
// object, as in a JWT (RFC 7519).
func base64JSON(value []byte) bool {
	head, _, _ := bytes.Cut(value, []byte("."))
	head = bytes.TrimRight(head, "=")
	text := make([]byte, base64.RawURLEncoding.DecodedLen(len(head)))
	n, err := base64.RawURLEncoding.Decode(text, head)
	if err != nil {
		if n, err = base64.RawStdEncoding.Decode(text, head); err != nil {
			return false
		}
	}
	text = bytes.TrimSpace(text[:n])
	return len(text) > 1 && text[0] == '{' && json.Valid(text)
}
