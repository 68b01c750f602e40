package redact

import "bytes"

// not-cookie-attribute rejects the values of what Set-Cookie says of a cookie (RFC 6265,
// section 4.1.1; priority is of browsers, version and comment of RFC 2109).
func init() {
	registerPlaced("not-cookie-attribute", func(_ []byte, p Place) bool {
		name := bytes.TrimRight(p.Before, "= \t\r\n")
		// Names of cookies have more signs than names of fields.
		return !inWords(cookieAttributes, name[bytes.LastIndexAny(name, "; \t\r\n")+1:])
	})
}

var cookieAttributes = wordSet(`path domain expires max-age samesite priority version comment`)
