package proxy

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/signing"
)

// Header names are compared without regard to case and passed on in the case
// they came in.

// nameSet is a set of lower-case header names that is asked without allocating.
type nameSet map[string]bool

func (s nameSet) has(name []byte) bool {
	var buf [64]byte
	if len(s) == 0 || len(name) > len(buf) {
		return false
	}
	return s[string(lowered(&buf, name))]
}

// lowered returns name in lower case, in buf.
func lowered(buf *[64]byte, name []byte) []byte {
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i&63] = c
	}
	return buf[:len(name)]
}

func names(list string) nameSet {
	s := nameSet{}
	for _, n := range strings.Fields(list) {
		s[n] = true
	}
	return s
}

// class says what is known of a header field by its name. A field can be of several
// classes.
type class uint16

const (
	hopByHop class = 1 << iota
	endToEnd
	framed
	identifiers
	plumbing
	credentials
	session
	validators
	signatureField
)

// is reports whether c is one of the classes of set.
func (c class) is(set class) bool { return c&set != 0 }

var classes = func() map[string]class {
	all := map[string]class{}
	add := func(c class, list string) {
		for name := range names(list) {
			all[name] |= c
		}
	}
	// hopByHop end at this hop (RFC 9110, section 7.6.1).
	add(hopByHop, `connection keep-alive proxy-connection proxy-authenticate proxy-authorization
		te trailer transfer-encoding upgrade`)

	// endToEnd stay although a Connection header lists them: taking them away
	// is an attack, not a wish of the sender.
	add(endToEnd, `host content-length content-type content-encoding authorization cookie
		x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip forwarded
		traceparent tracestate x-request-id set-cookie location www-authenticate`)

	// framed are written by whoever writes the message.
	add(framed, `content-length transfer-encoding`)

	// identifiers say which request or trace this is. They look random and
	// are never secret; changing one breaks tracing without a sound.
	add(identifiers, `traceparent tracestate b3 x-b3-traceid x-b3-spanid x-b3-parentspanid
		x-b3-sampled x-b3-flags uber-trace-id sentry-trace x-cloud-trace-context x-amzn-trace-id
		x-datadog-trace-id x-datadog-parent-id x-request-id x-correlation-id request-id
		x-amzn-requestid x-amz-request-id x-amz-firehose-request-id x-splunk-request-channel x-error-id
		ce-id ce-source ce-specversion ce-type ce-time ce-dataschema`)

	// plumbing carries no free text: HTTP's own machinery.
	add(plumbing, `host content-type content-encoding content-language accept accept-encoding
		accept-language accept-charset accept-ranges cache-control pragma expires age vary date
		etag last-modified if-match if-none-match if-modified-since if-unmodified-since if-range
		range content-range want-digest want-content-digest want-repr-digest accept-signature expect allow retry-after connection upgrade max-forwards
		strict-transport-security alt-svc access-control-allow-origin
		access-control-allow-methods access-control-allow-headers access-control-expose-headers
		access-control-allow-credentials access-control-max-age access-control-request-method
		access-control-request-headers sec-fetch-site sec-fetch-mode sec-fetch-dest
		sec-websocket-key sec-websocket-accept sec-websocket-version sec-websocket-extensions
		x-forwarded-for x-forwarded-host x-forwarded-proto x-elastic-product
		x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset x-sentry-rate-limits
		ratelimit ratelimit-policy ratelimit-limit ratelimit-remaining ratelimit-reset`)

	// credentials are what the upstream itself needs of a request.
	add(credentials, `authorization cookie x-api-key api-key apikey x-auth-token x-access-token
		x-auth x-api-token x-session-token private-token job-token x-vault-token
		dd-api-key dd-application-key x-sentry-auth x-splunk-token
		x-license-key license-key x-insert-key x-honeycomb-team x-scope-orgid x-goog-api-key
		x-amz-security-token x-amz-date x-amz-content-sha256 x-amz-firehose-access-key
		x-csrf-token x-csrftoken x-xsrf-token x-seq-apikey x-newrelic-key`)

	// session is what the client needs of an answer to go on.
	add(session, `set-cookie www-authenticate proxy-authenticate authentication-info
		x-csrf-token x-csrftoken x-xsrf-token`)

	// validators describe the bytes of a body and are wrong once it changed; see
	// digest.go for those that are made anew.
	add(validators, `etag content-md5 digest content-digest repr-digest x-amz-content-sha256
		x-amz-checksum-crc32 x-amz-checksum-crc32c x-amz-checksum-crc64nvme x-amz-checksum-sha1
		x-amz-checksum-sha256 x-goog-hash x-ms-content-crc64 x-ms-blob-content-md5 x-ms-content-sha256`)

	// signatureField sign a message, or say what of it is signed. The many of web hooks
	// are told by how their names end.
	add(signatureField, `signature signature-input x-hub-signature x-hub-signature-256 stripe-signature
		x-slack-signature`)

	return all
}()

// classOf returns the classes of a header name.
func classOf(name []byte) class {
	var buf [64]byte
	if len(name) > len(buf) {
		return 0
	}
	lower := lowered(&buf, name)
	c, ok := classes[string(lower)]
	if !ok && (bytes.Contains(lower, []byte("signature")) || bytes.Contains(lower, []byte("hmac")) || bytes.HasSuffix(lower, []byte("-sig"))) &&
		signing.IsWebhook(string(lower)) {
		return signatureField
	}
	return c
}

// interned returns b as a string, without allocating where it is a media type or a
// coding that many send.
func interned(b []byte) string {
	if s, ok := common[string(b)]; ok {
		return s
	}
	return string(b)
}

var common = func() map[string]string {
	m := map[string]string{}
	for _, s := range []string{"", "gzip", "deflate", "zstd", "br", "identity", "application/json", "application/json; charset=utf-8",
		"application/json;charset=utf-8", "application/json; charset=UTF-8", "application/json;charset=UTF-8",
		"application/problem+json", "application/x-ndjson", "application/x-protobuf", "application/x-www-form-urlencoded",
		"text/plain", "text/plain; charset=utf-8", "text/html", "text/html; charset=utf-8", "text/event-stream"} {
		m[s] = s
	}
	return m
}()

// credentialParams are query parameters that log intakes take credentials from.
var credentialParams = names(`sentry_key sentry_version dd-api-key api-key api_key apikey token key
	channel license-key x-license-key access_token x-amz-security-token x-amz-signature
	x-amz-credential sig api-version`)

// listed reports whether a Connection header value lists name.
func listed(connection [][]byte, name []byte) bool {
	for _, value := range connection {
		for len(value) > 0 {
			var token []byte
			token, value, _ = bytes.Cut(value, []byte{','})
			if bytes.EqualFold(bytes.TrimSpace(token), name) {
				return true
			}
		}
	}
	return false
}

// decodable are the codings that internal/codec can undo.
var decodable = names("gzip x-gzip deflate br zstd identity")

// narrowAccept returns the part of an Accept-Encoding that can be inspected; where
// that is all of it, as it is. "identity" is written where nothing is left, as an empty
// field means the same only to careful readers.
func narrowAccept(value []byte) []byte {
	var out []byte
	less := false
	for rest := value; len(rest) > 0; {
		var item []byte
		item, rest, _ = bytes.Cut(rest, []byte{','})
		coding, _, _ := bytes.Cut(item, []byte{';'})
		if !decodable.has(bytes.TrimSpace(coding)) {
			less = true
			continue
		}
		if len(out) > 0 {
			out = append(out, ", "...)
		}
		out = append(out, bytes.TrimSpace(item)...)
	}
	switch {
	case len(out) == 0:
		return []byte("identity")
	case less:
		return out
	}
	return value
}

// knownCodings reports whether every coding of a Content-Encoding is one that
// can be undone.
func knownCodings(value []byte) bool { return codec.Supported(string(value)) }

// hasToken reports whether a comma-separated value holds token.
func hasToken(value []byte, token string) bool {
	return listed([][]byte{value}, []byte(token))
}

// hostOnly returns the host of an authority, without port and final dot.
func hostOnly(authority []byte) []byte {
	host := authority
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	return bytes.TrimSuffix(host, []byte{'.'})
}

// appendForwardedFor appends the peer to the X-Forwarded-For of a trusted
// peer; another's is replaced.
func appendForwardedFor(dst []byte, old [][]byte, peer netip.Addr, trusted bool) []byte {
	if trusted {
		for _, v := range old {
			dst = append(append(dst, v...), ", "...)
		}
	}
	return peer.Unmap().WithZone("").AppendTo(dst)
}

// cleanRequestID returns id if it is fit to go into logs and events: short
// and of harmless characters.
func cleanRequestID(id []byte) bool {
	if len(id) == 0 || len(id) > 128 {
		return false
	}
	for _, c := range id {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-_.:/+=@", c) >= 0) {
			return false
		}
	}
	return true
}
