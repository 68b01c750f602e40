package redact

import (
	"bytes"
	"net/netip"
)

// Commonness says in a few words why value, though somebody calls it a secret, would
// be found in texts that have nothing to do with it; "" where it would not. It quotes
// nothing of value.
func Commonness(value []byte) string {
	switch {
	case isPlaceholder(value):
		return "is a placeholder"
	case differentBytes(value) < 4:
		return "has fewer than four different characters"
	case isCommonWord(value):
		return "is a word that stands everywhere"
	case isShortNumber(value):
		return "is a short number, a date or a version"
	case isNetworkAddress(value):
		return "is an address"
	case readsAsName(value):
		return "reads like a word or a name"
	}
	return ""
}

func differentBytes(value []byte) (n int) {
	var seen [256]bool
	for _, b := range value {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	return n
}

var commonWords = wordSet(`
	password passwort passwd passphrase secret secrets username administrator admin root postgres postgresql mysql
	mariadb mongodb redis rabbitmq elasticsearch opensearch kubernetes localhost localdomain production staging
	development default disabled enabled required optional internal external application service services database
	warning critical info debug error notice trace verbose unknown anonymous authenticated authorization bearer
	basic digest apikey api_key api-key access_token client_secret client_id private_key public_key certificate
	0123456789 1234567890 123456789 12345678 abcdefgh qwertyui password1 password123 admin123 letmein
	opaque kubernetes.io namespace us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-west-2 eu-west-3
	eu-central-1 eu-north-1 ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 sa-east-1 ca-central-1
	en_us.utf-8 c.utf-8 xterm-256color /usr/local/bin /usr/bin /bin/bash /bin/sh require verify-full verify-ca
	-----begin -----end application/json text/plain utf-8 http/1.1
`)

func isCommonWord(value []byte) bool {
	var buffer [24]byte
	return len(value) <= len(buffer) && commonWords[string(toLower(buffer[:], bytes.TrimSpace(value)))]
}

// maxNumber is the length up to which digits, with signs between them, are no secret.
const maxNumber = 11

func isShortNumber(value []byte) bool {
	ndigits := 0
	for _, b := range value {
		switch {
		case isDigit(b):
			ndigits++
		case b != '.' && b != '-' && b != ':' && b != '/' && b != ' ' && b != ',' && b != '+' && b != 'T' && b != 'Z' && b != 'v' && b != 's' && b != 'm' && b != 'h':
			return false
		}
	}
	return ndigits <= maxNumber || ndigits <= 17 && bytes.ContainsAny(value, ":-.") && bytes.HasPrefix(value, []byte("20"))
}

func isNetworkAddress(value []byte) bool {
	if len(value) > 64 {
		return false
	}
	if _, err := netip.ParseAddr(string(value)); err == nil {
		return true
	}
	if _, err := netip.ParsePrefix(string(value)); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(string(value))
	return err == nil
}

// A name is made of letters that follow each other as in words, less than maxRarity
// bits each, with signs between them; a long one, of several words, may be a secret.
const (
	maxName   = 20
	maxRarity = 5.0
)

// readsAsName reports whether value is a word, or a few in the form of a host, a path
// or an identifier.
func readsAsName(value []byte) bool {
	if len(value) > maxName {
		return false
	}
	before, letters := byte(0), 0
	for i, b := range value {
		switch {
		case isLower(b):
			letters++
		case isUpper(b):
			// Capitals begin words, or are all there is.
			if isUpper(before) && i > 0 && bytes.ContainsFunc(value, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
				return false
			}
			letters++
		case b == '-' || b == '_' || b == '.' || b == '/' || b == ' ' || b == ':':
		default:
			return false
		}
		before = b
	}
	return letters > 0 && Rarity(value) < maxRarity
}
