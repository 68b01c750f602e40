// Package signing tells what signatures a request carries and what they cover, and
// signs anew where it has the credentials for it: AWS Signature Version 4 and Azure
// SharedKey. It verifies no signature and opens no connection.
//
// A Request is what stands on the wire; whoever makes one owns it. Nothing here is
// shared but credentials, which are not changed.
package signing

import (
	"errors"
	"slices"
	"strings"
)

// Field is one header field line.
type Field struct{ Name, Value string }

// Request is a request as it is received or sent.
type Request struct {
	Method string
	Host   string  // as the Host field says, or the authority of an absolute target
	Path   string  // as on the wire, escapes and all
	Query  string  // as on the wire, without "?"
	Fields []Field // in their order; names in any case
	Body   []byte  // as on the wire, codings and all; not changed in place
}

// Get returns the value of a field, several lines joined by commas; "" where there
// is none.
func (r *Request) Get(name string) string {
	var values []string
	for _, f := range r.Fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, strings.TrimSpace(f.Value))
		}
	}
	return strings.Join(values, ",")
}

// Has reports whether there is such a field.
func (r *Request) Has(name string) bool {
	return slices.ContainsFunc(r.Fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
}

// Set gives a field that value: in its place and spelling where it is there, else at
// the end and spelled as name is.
func (r *Request) Set(name, value string) {
	for i, f := range r.Fields {
		if strings.EqualFold(f.Name, name) {
			r.Fields[i].Value = value
			rest := &Request{Fields: slices.Clone(r.Fields[i+1:])}
			rest.Del(name)
			r.Fields = append(r.Fields[:i+1], rest.Fields...)
			return
		}
	}
	r.Fields = append(r.Fields, Field{name, value})
}

// Del takes a field away.
func (r *Request) Del(name string) {
	r.Fields = slices.DeleteFunc(r.Fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
}

// What a signature can cover beside header fields.
const (
	host  = "@host"
	path  = "@path"
	query = "@query"
	body  = "@body"
)

// Scheme is the kind of a signature, fit for messages.
type Scheme string

// The schemes.
const (
	AWS4      Scheme = "AWS4-HMAC-SHA256"
	Presigned Scheme = "presigned AWS4-HMAC-SHA256"
	SharedKey Scheme = "SharedKey"
	Message   Scheme = "HTTP message signature"
	Webhook   Scheme = "webhook signature"
	Other     Scheme = "signed authorization"
)

// Signature is one signature of a request. It is not changed once found.
type Signature struct {
	Scheme Scheme
	// Chunked says that the body is framed as aws-chunked: each chunk with its
	// length and perhaps its own signature; see Unchunk.
	Chunked bool
	covers  []string // lower-case names of fields, and the above
}

// Find returns the signatures of r. Its body is not looked at.
func Find(r *Request) []*Signature {
	var found []*Signature
	if auth := r.Get("Authorization"); auth != "" {
		if s := findAuthorization(r, auth); s != nil {
			found = append(found, s)
		}
	}
	if s := findPresigned(r); s != nil {
		found = append(found, s)
	}
	for _, f := range r.Fields {
		switch {
		case strings.EqualFold(f.Name, "signature"):
			found = append(found, findMessage(r, f.Value))
		case IsWebhook(strings.ToLower(f.Name)):
			found = append(found, &Signature{Scheme: Webhook, covers: []string{body, query}})
		}
	}
	return found
}

// Carries reports whether an Authorization field or a query string of that value is
// one that Find has to look at. It allocates nothing.
func Carries(authorization, query []byte) bool {
	return signedScheme(authorization) != "" || containsFold(query, "-signature=")
}

// schemes are those of Authorization whose credentials are made from the request.
// Where they say which fields they sign, they say so as AWS does.
var schemes = []string{
	string(AWS4), "AWS4-ECDSA-P256-SHA256", "AWS", "SharedKey", "SharedKeyLite", "HMAC-SHA256", "Signature",
	"GOOG4-HMAC-SHA256", "GOOG4-RSA-SHA256", "TC3-HMAC-SHA256", "ACS3-HMAC-SHA256", "LOG", "Hawk",
}

// signedScheme returns the scheme of an Authorization field, "" where it is none that
// signs.
func signedScheme(authorization []byte) string {
	for _, s := range schemes {
		if len(authorization) > len(s) && (authorization[len(s)] == ' ' || authorization[len(s)] == ',') &&
			foldedPrefix(authorization, s) {
			return s
		}
	}
	return ""
}

func findAuthorization(r *Request, auth string) *Signature {
	scheme := signedScheme([]byte(auth))
	params := auth[min(len(scheme)+1, len(auth)):]
	switch scheme {
	case "":
		return nil
	case string(AWS4):
		return findAWS4(r, params)
	case "SharedKey":
		return findSharedKey(r)
	case "Signature":
		return &Signature{Scheme: Message, covers: covered(cavageFields(params))}
	}
	s := &Signature{Scheme: Other, covers: []string{body, path, query}}
	s.covers = append(s.covers, fieldList(param(params, "SignedHeaders"))...)
	return s
}

// IsWebhook reports whether a field of that lower-case name holds a signature of the
// body, by its name alone: every sender of web hooks has one of its own.
func IsWebhook(lower string) bool {
	switch lower {
	case "paypal-transmission-sig":
		return true
	case "accept-signature", "want-signature":
		return false
	}
	for _, end := range []string{"-signature", "-signature-256", "-signature-sha256", "-signature-v2", "-hmac", "-hmac-sha256", "-signature-ed25519"} {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	return strings.HasPrefix(lower, "x-signature")
}

// Stale returns what s covers that is not the same in the request that is sent as in
// the one that came, in words for the operator; "" where s still holds. changed says
// that the body is another.
func (s *Signature) Stale(came, sent *Request, changed bool) string {
	for _, c := range s.covers {
		switch {
		case c == body && changed:
			return "the body"
		case c == host && !strings.EqualFold(came.Host, sent.Host):
			return "the Host field (keep_host)"
		case c == path && came.Path != sent.Path:
			return "the path (strip_prefix, path of the upstream's URL)"
		case c == query && came.Query != sent.Query:
			return "the query string"
		case c[0] != '@' && came.Get(c) != sent.Get(c):
			return fieldWords(c)
		}
	}
	return ""
}

// fieldWords names a field, unless the client made its name up: that may hold anything.
func fieldWords(name string) string {
	switch name {
	case "content-length", "content-md5", "content-digest", "digest", "content-encoding", "content-type", "accept-encoding",
		"x-amz-content-sha256", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "connection",
		"transfer-encoding", "te", "expect", "range", "if-range", "x-request-id":
		return "the field " + name
	}
	return "a field"
}

// ErrNoCredentials says that there are no credentials for a kind of signature.
var ErrNoCredentials = errors.New("no credentials to sign such a request with")

// Signer holds the credentials of an upstream. It is safe for concurrent use.
type Signer struct {
	AWS   *AWS   // or nil
	Azure *Azure // or nil
}

// Sign signs r, which is ready to be sent, in place of s: fields, query string and,
// of a chunked body, the body too are changed. On an error r must not be sent.
func (g *Signer) Sign(s *Signature, r *Request) error {
	switch {
	case g == nil:
	case s.Scheme == AWS4 && g.AWS != nil:
		return g.AWS.sign(s, r)
	case s.Scheme == Presigned && g.AWS != nil:
		return g.AWS.presign(r)
	case s.Scheme == SharedKey && g.Azure != nil:
		return g.Azure.sign(r)
	}
	return ErrNoCredentials
}

// param returns a parameter of an Authorization field, written name=value with commas,
// blanks or ampersands between them.
func param(params, name string) string {
	for p := range strings.FieldsFuncSeq(params, func(c rune) bool { return c == ',' || c == ' ' || c == '&' }) {
		if value, ok := strings.CutPrefix(p, name+"="); ok {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// fieldList reads names of signed fields, "content-type;host". Host is host.
func fieldList(list string) []string {
	var out []string
	for name := range strings.SplitSeq(list, ";") {
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "":
		case "host":
			out = append(out, host)
		default:
			out = append(out, name)
		}
	}
	return out
}

func foldedPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && strings.EqualFold(string(b[:len(prefix)]), prefix)
}

// containsFold reports whether b holds a lower-case word, in any case.
func containsFold(b []byte, lower string) bool {
	for i := 0; i+len(lower) <= len(b); i++ {
		if b[i] == lower[0] && foldedPrefix(b[i:], lower) {
			return true
		}
	}
	return false
}
