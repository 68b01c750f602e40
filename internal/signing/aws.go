package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Signature Version 4, as described at
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

// AWS are credentials of Amazon Web Services.
type AWS struct {
	AccessKeyID, SecretAccessKey string
	SessionToken                 string // "" for none
	Region, Service              string // "" for those that the client's signature names
}

const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	streaming       = "STREAMING-"
	amzTime         = "20060102T150405Z"
)

func findAWS4(r *Request, params string) *Signature {
	s := &Signature{Scheme: AWS4, covers: append([]string{path, query}, fieldList(param(params, "SignedHeaders"))...)}
	hash := r.Get("X-Amz-Content-Sha256")
	s.Chunked = strings.HasPrefix(hash, streaming)
	if hash != unsignedPayload { // chunks without signatures still are framed as the fields say
		s.covers = append(s.covers, body)
	}
	return s
}

// findPresigned finds a signature in the query string.
func findPresigned(r *Request) *Signature {
	q := splitQuery(r.Query)
	if q.get("X-Amz-Signature") == "" {
		if q.get("X-Goog-Signature") == "" {
			return nil
		}
		return &Signature{Scheme: Other, covers: append([]string{path, query}, fieldList(q.get("X-Goog-SignedHeaders"))...)}
	}
	s := &Signature{Scheme: Presigned, covers: append([]string{path, query}, fieldList(q.get("X-Amz-SignedHeaders"))...)}
	if q.get("X-Amz-Algorithm") != string(AWS4) {
		s.Scheme = Other
	}
	if presignedHash(r, q) != unsignedPayload {
		s.covers = append(s.covers, body)
	}
	return s
}

// presignedHash returns what stands for the hash of the body under a presigned URL:
// UNSIGNED-PAYLOAD for S3, "" where it is that of the body.
func presignedHash(r *Request, q pairs) string {
	if hash := q.get("X-Amz-Content-Sha256"); hash != "" {
		return hash
	}
	if hash := r.Get("X-Amz-Content-Sha256"); hash != "" {
		return hash
	}
	if scope, err := parseScope(q.get("X-Amz-Credential")); err == nil && isS3(scope.service) {
		return unsignedPayload
	}
	return ""
}

// scope says what a signature is good for.
type scope struct{ date, region, service string }

func (s scope) String() string { return s.date + "/" + s.region + "/" + s.service + "/aws4_request" }

// parseScope reads a credential: KEYID/20150830/us-east-1/es/aws4_request.
func parseScope(credential string) (scope, error) {
	parts := strings.Split(credential, "/")
	n := len(parts)
	if n < 5 || parts[n-1] != "aws4_request" {
		return scope{}, errors.New("the credential has no scope")
	}
	return scope{parts[n-4], parts[n-3], parts[n-2]}, nil
}

// scopeFor returns the scope of a signature in place of one with that credential, at
// the time that the client gave: a request that is old stays old.
func (a *AWS) scopeFor(credential, stamp string) (scope, error) {
	s, err := parseScope(credential)
	if err != nil {
		return s, err
	}
	if len(stamp) != len(amzTime) {
		return s, errors.New("the signature has no time")
	}
	s.date = stamp[:8]
	if a.Region != "" {
		s.region = a.Region
	}
	if a.Service != "" {
		s.service = a.Service
	}
	return s, nil
}

// sign replaces the signature in the Authorization field.
func (a *AWS) sign(old *Signature, r *Request) error {
	params := r.Get("Authorization")
	stamp := r.Get("X-Amz-Date")
	if stamp == "" {
		stamp = basicTime(r.Get("Date"))
	}
	sc, err := a.scopeFor(param(params, "Credential"), stamp)
	if err != nil {
		return err
	}
	if old.Chunked && strings.HasPrefix(r.Get("X-Amz-Content-Sha256"), streaming) {
		if r.Body, err = Unchunk(r.Body); err != nil {
			return err
		}
		r.Unframe()
	}
	hash := r.Get("X-Amz-Content-Sha256")
	if hash != unsignedPayload {
		hash = payloadHash(r.Body)
		if r.Has("X-Amz-Content-Sha256") {
			r.Set("X-Amz-Content-Sha256", hash)
		}
	}
	if a.SessionToken != "" {
		r.Set("X-Amz-Security-Token", a.SessionToken)
	} else {
		r.Del("X-Amz-Security-Token")
	}
	names := signedNames(r, old)
	sig := a.signature(r, splitQuery(r.Query), names, hash, stamp, sc)
	r.Set("Authorization", string(AWS4)+" Credential="+a.AccessKeyID+"/"+sc.String()+
		", SignedHeaders="+strings.Join(names, ";")+", Signature="+sig)
	return nil
}

// presign replaces the signature in the query string. Time and lifetime stay, so that
// a URL lives no longer than it was to.
func (a *AWS) presign(r *Request) error {
	q := splitQuery(r.Query)
	stamp := q.get("X-Amz-Date")
	sc, err := a.scopeFor(q.get("X-Amz-Credential"), stamp)
	if err != nil {
		return err
	}
	hash := presignedHash(r, q)
	if hash == "" || hash != unsignedPayload && len(r.Body) > 0 {
		hash = payloadHash(r.Body)
	}
	var names []string
	for _, name := range fieldList(q.get("X-Amz-SignedHeaders")) {
		if name == host {
			name = "host"
		}
		if name == "host" || r.Has(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	q = slices.DeleteFunc(q, func(p pair) bool {
		return p.name == "X-Amz-Signature" || p.name == "X-Amz-Security-Token"
	})
	q.set("X-Amz-Credential", a.AccessKeyID+"/"+sc.String())
	q.set("X-Amz-SignedHeaders", strings.Join(names, ";"))
	if a.SessionToken != "" {
		q.set("X-Amz-Security-Token", a.SessionToken)
	}
	q.set("X-Amz-Signature", a.signature(r, q, names, hash, stamp, sc))
	r.Query = q.wire()
	return nil
}

// signedNames returns the fields to sign, sorted: those that the client signed, as far
// as they are sent, and all that AWS wants signed.
func signedNames(r *Request, old *Signature) []string {
	names := []string{"host"}
	for _, name := range old.covers {
		if name[0] != '@' && r.Has(name) {
			names = append(names, name)
		}
	}
	for _, f := range r.Fields {
		if name := strings.ToLower(f.Name); strings.HasPrefix(name, "x-amz-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (a *AWS) signature(r *Request, q pairs, names []string, hash, stamp string, sc scope) string {
	request := canonicalRequest(r, q, names, hash, isS3(sc.service))
	text := string(AWS4) + "\n" + stamp + "\n" + sc.String() + "\n" + payloadHash([]byte(request))
	key := []byte("AWS4" + a.SecretAccessKey)
	for _, part := range []string{sc.date, sc.region, sc.service, "aws4_request", text} {
		key = mac(key, part)
	}
	return hex.EncodeToString(key)
}

func canonicalRequest(r *Request, q pairs, names []string, hash string, s3 bool) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + canonicalPath(r.Path, s3) + "\n" + q.canonical() + "\n")
	for _, name := range names {
		value := r.Get(name)
		if name == "host" {
			value = r.Host
		}
		b.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + hash)
	return b.String()
}

// canonicalPath escapes a path as it is on the wire once more, without empty and dot
// segments. For S3, whose keys may hold those, it is escaped once.
func canonicalPath(path string, s3 bool) string {
	if s3 {
		segments := strings.Split(path, "/")
		for i, segment := range segments {
			if plain, err := url.PathUnescape(segment); err == nil {
				segments[i] = escape(plain, false)
			}
		}
		return strings.Join(segments, "/")
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if strings.HasSuffix(path, "/") && len(kept) > 0 {
		clean += "/"
	}
	return escape(clean, true)
}

// pair is a parameter of a query string, decoded.
type pair struct{ name, value string }

type pairs []pair

func splitQuery(query string) pairs {
	var out pairs
	for p := range strings.SplitSeq(query, "&") {
		if p != "" {
			name, value, _ := strings.Cut(p, "=")
			out = append(out, pair{unescape(name), unescape(value)})
		}
	}
	return out
}

func (q pairs) get(name string) string {
	for _, p := range q {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

func (q *pairs) set(name, value string) {
	for i := range *q {
		if (*q)[i].name == name {
			(*q)[i].value = value
			return
		}
	}
	*q = append(*q, pair{name, value})
}

func (q pairs) encoded() []string {
	out := make([]string, len(q))
	for i, p := range q {
		out[i] = escape(p.name, false) + "=" + escape(p.value, false)
	}
	return out
}

func (q pairs) wire() string { return strings.Join(q.encoded(), "&") }

// canonical sorts by name, then by value.
func (q pairs) canonical() string {
	sorted := make(pairs, len(q))
	for i, p := range q {
		sorted[i] = pair{escape(p.name, false), escape(p.value, false)}
	}
	slices.SortFunc(sorted, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	out := make([]string, len(sorted))
	for i, p := range sorted {
		out[i] = p.name + "=" + p.value
	}
	return strings.Join(out, "&")
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// escape percent-encodes all but the unreserved characters of RFC 3986.
func escape(s string, slash bool) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', slash && c == '/':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func isS3(service string) bool { return strings.HasPrefix(service, "s3") }

// basicTime turns the value of a Date field into the form that AWS signs.
func basicTime(date string) string {
	for _, layout := range []string{time.RFC1123, amzTime} {
		if t, err := time.Parse(layout, date); err == nil {
			return t.UTC().Format(amzTime)
		}
	}
	return ""
}

func payloadHash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
