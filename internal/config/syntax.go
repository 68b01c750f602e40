package config

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The checks of this file look at one string. Each returns what is wrong with
// it and, in parentheses, what would be right, or "" if nothing is wrong. None
// quotes the string, which may come from the environment.

func nonEmpty(s string) string {
	if s == "" {
		return "is empty"
	}
	return ""
}

func optional(check func(string) string) func(string) string {
	return func(s string) string {
		if s == "" {
			return ""
		}
		return check(s)
	}
}

func oneOf(words ...string) func(string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return func(s string) string {
		if slices.Contains(words, s) {
			return ""
		}
		return "is not one of the choices (" + list(quoted) + ")"
	}
}

func listenAddress(s string) string {
	const advice = ` (host:port, such as "127.0.0.1:8080", "[::1]:8080" or ":8080")`
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "is not an address to listen on" + advice
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "has no port from 0 to 65535" + advice
	}
	if host != "" && !isAddress(host) && !isHostname(host) {
		return "has a host that is neither a name nor an IP address" + advice
	}
	return ""
}

func upstreamURL(s string) string {
	const advice = ` (such as "http://127.0.0.1:8000")`
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "is not a URL" + advice
	case u.Scheme != "http" && u.Scheme != "https":
		return "is no http:// or https:// URL" + advice
	case u.Hostname() == "" || u.Opaque != "":
		return "has no host" + advice
	case !isAddress(u.Hostname()) && !isHostname(strings.ReplaceAll(u.Hostname(), "_", "-")):
		return "has a host that is neither a name nor an IP address" + advice
	case u.RawQuery != "" || u.ForceQuery:
		return "has a query, which requests bring themselves (leave out what follows \"?\")"
	case u.Fragment != "" || strings.HasSuffix(s, "#"):
		return "has a fragment (leave out what follows \"#\")"
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "has no port from 1 to 65535" + advice
		}
	}
	return ""
}

func network(s string) string {
	const advice = ` (such as "10.0.0.0/8" or "192.0.2.7/32")`
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return "is not a network in CIDR notation" + advice
	}
	if p != p.Masked() {
		return "has bits set behind its prefix length" + advice
	}
	return ""
}

func hostPattern(s string) string {
	const advice = ` (such as "api.example.com" or "*.example.com")`
	name := strings.TrimPrefix(s, "*.")
	switch {
	case strings.Contains(name, "*"):
		return "has a * that is not the whole first label" + advice
	case isAddress(strings.Trim(s, "[]")):
		return ""
	case strings.ContainsAny(s, ":/"):
		return "is more than a host: scheme, port and path do not belong here" + advice
	case name != strings.ToLower(name):
		return "has upper-case letters (write it in lower case)"
	case !isHostname(name):
		return "is not a host name" + advice
	}
	return ""
}

func serverName(s string) string {
	if !isHostname(s) && !isAddress(s) {
		return `is not a host name (such as "api.example.com")`
	}
	return ""
}

func method(s string) string {
	switch {
	case !isToken(s):
		return `is not an HTTP method (such as "POST")`
	case s != strings.ToUpper(s):
		return "is not in upper case, and methods are case-sensitive"
	case s == "CONNECT":
		return "cannot be routed: redactd is no forward proxy"
	}
	return ""
}

func pathPrefix(s string) string {
	switch {
	case !strings.HasPrefix(s, "/"):
		return `does not begin with "/"`
	case strings.ContainsAny(s, "?#"):
		return "holds a query or fragment (leave out what follows \"?\" or \"#\")"
	case strings.ContainsAny(s, "*\\ ") || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "holds a character that no prefix can have (a prefix is plain text, without wildcards)"
	case strings.Contains(s, "//") || slices.ContainsFunc(strings.Split(s, "/"), func(p string) bool { return p == "." || p == ".." }):
		return `holds "//", "." or "..", which no normalised path has`
	}
	return ""
}

func headerName(s string) string {
	if !isToken(s) {
		return `is not a header name (such as "X-Request-Id")`
	}
	return ""
}

// ownHeader is headerName for a field that redactd writes.
func ownHeader(s string) string {
	if slices.Contains(takenHeaders, strings.ToLower(s)) {
		return "is a field that HTTP or the server itself needs"
	}
	return headerName(s)
}

// takenHeaders are fields that say how a message is framed, coded or authorised.
var takenHeaders = strings.Fields(`connection keep-alive proxy-connection te trailer transfer-encoding upgrade host expect
	content-length content-type content-encoding content-range date server cookie set-cookie authorization
	www-authenticate proxy-authorization proxy-authenticate location retry-after cache-control vary`)

// action checks the outer form only; what an action makes of its argument is
// its own affair, see Check.
func action(s string) string {
	name, _, _ := strings.Cut(s, ":")
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return `is not an action ("mask", "remove", "token", "partial:4,4" or "replace:text")`
	}
	return ""
}

// tableName holds for names of routes, upstreams, allowlists and tags, which
// become labels of metrics.
func tableName(s string) string {
	if s == "" || len(s) > 64 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return "is not a name (lower-case letters, digits, dashes and underscores, 64 at most)"
	}
	return ""
}

func ruleID(s string) string {
	if s == "" || len(s) > 64 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "is not a rule id (lower-case letters, digits and dashes, 64 at most)"
	}
	return ""
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// isHostname follows RFC 1123, section 2.1: labels of letters, digits and
// inner dashes, 63 bytes at most each and 253 together.
func isHostname(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; c != '-' && !isAlnum(c) {
				return false
			}
		}
	}
	return true
}

// isToken follows RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(s[i])) {
			return false
		}
	}
	return s != ""
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// anchorURL checks the URL of an anchor, which may have a query.
func anchorURL(s string) string {
	s, _, _ = strings.Cut(s, "?")
	return upstreamURL(s)
}
