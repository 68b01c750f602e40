package signing

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// published are the credentials of AWS's own examples, put together here.
func published() *AWS {
	return &AWS{AccessKeyID: "AKID" + "EXAMPLE", SecretAccessKey: strings.Join([]string{"wJalrXUtnFEMI", "K7MDENG+bPxRfiCY" + "EXAMPLEKEY"}, "/")}
}

// signedBy returns a request that a client signed, with a signature that is none.
func signedBy(r *Request, region, service, names string) *Request {
	r.Set("Authorization", "AWS4-HMAC-SHA256 Credential=OLD/20150830/"+region+"/"+service+"/aws4_request, SignedHeaders="+names+", Signature=0")
	return r
}

// TestPublishedVectors signs the requests of AWS's Signature Version 4 test suite.
func TestPublishedVectors(t *testing.T) {
	for _, tt := range []struct {
		name, method, path, query string
		fields                    []Field
		body, names, signature    string
	}{
		{name: "get-vanilla", method: "GET", path: "/", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{name: "get-relative", method: "GET", path: "/example/..", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{name: "get-slashes", method: "GET", path: "//", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{name: "get-slash-dot-slash", method: "GET", path: "/./", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{name: "get-utf8", method: "GET", path: "/\u1234", signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
		{name: "get-vanilla-query-order-key-case", method: "GET", path: "/", query: "Param2=value2&Param1=value1",
			signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{name: "post-vanilla", method: "POST", path: "/", signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{name: "post-header-value-case", method: "POST", path: "/", fields: []Field{{"My-Header1", "VALUE1"}}, names: ";my-header1",
			signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
		{name: "post-x-www-form-urlencoded", method: "POST", path: "/", fields: []Field{{"Content-Type", "application/x-www-form-urlencoded"}},
			body: "Param1=value1", names: ";content-type", signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &Request{Method: tt.method, Host: "example.amazonaws.com", Path: tt.path, Query: tt.query, Body: []byte(tt.body), Fields: tt.fields}
			r.Set("X-Amz-Date", "20150830T123600Z")
			found := Find(signedBy(r, "us-east-1", "service", "host;x-amz-date"+tt.names))
			if len(found) != 1 {
				t.Fatalf("%d signatures found", len(found))
			}
			if err := (&Signer{AWS: published()}).Sign(found[0], r); err != nil {
				t.Fatal(err)
			}
			if got := param(r.Get("Authorization"), "Signature"); got != tt.signature {
				t.Errorf("signed %s", r.Get("Authorization"))
			}
		})
	}
}

// TestAWSLikeTheSDK compares signatures of random requests with those of AWS's own
// library.
func TestAWSLikeTheSDK(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func(letters string) string {
		b := make([]byte, 1+rng.IntN(8))
		for i := range b {
			b[i] = letters[rng.IntN(len(letters))]
		}
		return string(b)
	}
	at := time.Date(2026, 11, 22, 10, 11, 12, 0, time.UTC)
	for i := range 500 {
		service := []string{"es", "logs", "s3", "firehose"}[i%4]
		path := "/" + escape(word("abc/ü +:="), false) + "/" + escape(word("xy z%$"), false)
		if service != "s3" { // which clients escape in whatever way; S3 takes keys as SDKs escape them
			path += "/" + url.PathEscape(word("a:=+$&"))
		}
		query := url.Values{word("ab"): {word("a b&=é*~")}, word("cd"): {""}}.Encode()
		body := word("body text")
		req, err := http.NewRequest("POST", "https://logs.example.com:9200"+path+"?"+query, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "text/plain;  charset="+word("ab"))
		req.Header.Add("X-Amz-Meta-A", " "+word("a b"))
		req.Header.Add("X-Amz-Meta-A", word("c"))
		if service == "s3" {
			req.Header.Set("X-Amz-Content-Sha256", payloadHash([]byte(body)))
		}
		own := *published()
		if i%3 == 0 {
			own.SessionToken = word("token")
		}
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
		creds := aws.Credentials{AccessKeyID: own.AccessKeyID, SecretAccessKey: own.SecretAccessKey, SessionToken: own.SessionToken}
		r := fromHTTP(req, body)
		if err := signer.SignHTTP(context.Background(), creds, req, payloadHash([]byte(body)), service, "eu-west-1", at); err != nil {
			t.Fatal(err)
		}
		r.Set("X-Amz-Date", at.Format(amzTime))
		want := req.Header.Get("Authorization")
		signedBy(r, "eu-west-1", service, param(want, "SignedHeaders"))
		if err := (&Signer{AWS: &own}).Sign(Find(r)[0], r); err != nil {
			t.Fatal(err)
		}
		if got := r.Get("Authorization"); got != want {
			t.Fatalf("%s %s?%s %v\ngot  %s\nwant %s", service, path, query, req.Header, got, want)
		}
	}
}

// TestPresignedLikeTheSDK does the same for URLs.
func TestPresignedLikeTheSDK(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 11, 12, 0, time.UTC)
	for _, token := range []string{"", "session/token+="} {
		own := *published()
		own.SessionToken = token
		presign := func(id, secret string) *Request {
			req, err := http.NewRequest("PUT", "https://s3.example.com/bucket/a%20b?x-id=PutObject&X-Amz-Expires=300", nil)
			if err != nil {
				t.Fatal(err)
			}
			signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
			creds := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}
			text, _, err := signer.PresignHTTP(context.Background(), creds, req, unsignedPayload, "s3", "eu-west-1", at)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			return &Request{Method: "PUT", Host: u.Host, Path: u.EscapedPath(), Query: u.RawQuery}
		}
		r, want := presign("OTHER", "other"), presign(own.AccessKeyID, own.SecretAccessKey)
		found := Find(r)
		if len(found) != 1 || found[0].Scheme != Presigned {
			t.Fatalf("found %v", found)
		}
		if err := (&Signer{AWS: &own}).Sign(found[0], r); err != nil {
			t.Fatal(err)
		}
		got, exp := splitQuery(r.Query), splitQuery(want.Query)
		if got.get("X-Amz-Signature") != exp.get("X-Amz-Signature") || got.canonical() != exp.canonical() {
			t.Errorf("got  %s\nwant %s", r.Query, want.Query)
		}
	}
}

func fromHTTP(req *http.Request, body string) *Request {
	r := &Request{Method: req.Method, Host: req.Host, Path: req.URL.EscapedPath(), Query: req.URL.RawQuery, Body: []byte(body)}
	for name, values := range req.Header {
		for _, v := range values {
			r.Fields = append(r.Fields, Field{name, v})
		}
	}
	r.Set("Content-Length", fmt.Sprint(len(body)))
	return r
}

// TestSharedKey compares the strings that Azure has signed with ones written out by
// its documents.
func TestSharedKey(t *testing.T) {
	key := bytes.Repeat([]byte("k"), 32)
	azure, err := NewAzure("acct", base64.StdEncoding.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		r    Request
		text string
	}{
		{"collector", Request{Method: "POST", Path: "/api/logs", Query: "api-version=2016-04-01", Body: []byte("{}"), Fields: []Field{
			{"Content-Length", "2"}, {"Content-Type", "application/json"}, {"x-ms-date", "Mon, 04 Apr 2016 08:00:00 GMT"}}},
			"POST\n2\napplication/json\nx-ms-date:Mon, 04 Apr 2016 08:00:00 GMT\n/api/logs"},
		{"blob", Request{Method: "GET", Path: "/acct/mycontainer", Query: "restype=container&comp=metadata&timeout=20", Fields: []Field{
			{"x-ms-version", "2015-02-21"}, {"x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"}, {"Date", "not signed"}}},
			"GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n" +
				"/acct/acct/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"},
		{"append", Request{Method: "PUT", Path: "/logs/a%20b", Query: "comp=appendblock&x=2&x=1", Body: []byte("line"), Fields: []Field{
			{"Content-Length", "4"}, {"Content-MD5", "bWQ1"}, {"Content-Type", "text/plain"}, {"If-Match", "*"}, {"Date", "Fri, 26 Jun 2015 23:39:12 GMT"}}},
			"PUT\n\n\n4\nbWQ1\ntext/plain\nFri, 26 Jun 2015 23:39:12 GMT\n\n*\n\n\n\n/acct/logs/a%20b\ncomp:appendblock\nx:1,2"},
	} {
		r := tt.r
		r.Fields = append(slices.Clone(r.Fields), Field{"Authorization", "SharedKey other:c2ln"})
		found := Find(&r)
		if len(found) != 1 || found[0].Scheme != SharedKey {
			t.Fatalf("%s: found %v", tt.name, found)
		}
		if err := (&Signer{Azure: azure}).Sign(found[0], &r); err != nil {
			t.Fatal(err)
		}
		want := "SharedKey acct:" + base64.StdEncoding.EncodeToString(mac(key, tt.text))
		if got := r.Get("Authorization"); got != want {
			t.Errorf("%s: %s, want %s", tt.name, got, want)
		}
	}
	if _, err := NewAzure("a", "no base64!"); err == nil || strings.Contains(err.Error(), "base64!") {
		t.Errorf("a key that is none: %v", err)
	}
}

// TestStale asks of each kind of signature what makes it stale.
func TestStale(t *testing.T) {
	base := Request{Method: "POST", Host: "a.example", Path: "/p", Query: "q=1", Fields: []Field{
		{"Content-Type", "text/plain"}, {"Content-Length", "3"}, {"X-Amz-Date", "20150830T123600Z"}, {"Content-Digest", "v"},
	}}
	changes := map[string]func(r *Request){
		"body":   func(*Request) {},
		"host":   func(r *Request) { r.Host = "b.example" },
		"path":   func(r *Request) { r.Path = "/x/p" },
		"query":  func(r *Request) { r.Query = "q=2" },
		"length": func(r *Request) { r.Set("Content-Length", "4") },
		"type":   func(r *Request) { r.Set("Content-Type", "text/html") },
		"digest": func(r *Request) { r.Del("Content-Digest") },
		"other":  func(r *Request) { r.Set("X-Forwarded-For", "::1") },
	}
	aws4 := func(names string) Field {
		return Field{"Authorization", "AWS4-HMAC-SHA256 Credential=A/20150830/r/es/aws4_request,SignedHeaders=" + names + ",Signature=0"}
	}
	for _, tt := range []struct {
		name   string
		fields []Field
		query  string
		scheme Scheme
		stale  string
	}{
		{"aws", []Field{aws4("content-type;host;x-amz-date")}, "", AWS4, "body host path query type"},
		{"aws with length", []Field{aws4("content-length;x-amz-date")}, "", AWS4, "body length path query"},
		{"aws, unsigned payload", []Field{aws4("host"), {"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"}}, "", AWS4, "host path query"},
		{"presigned for S3", nil, "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20150830%2Fr%2Fs3%2Faws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=0",
			Presigned, "host path query"},
		{"presigned for others", nil, "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20150830%2Fr%2Fes%2Faws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=0",
			Presigned, "body host path query"},
		{"presigned by Google", nil, "&X-Goog-Signature=0&X-Goog-SignedHeaders=host", Other, "host path query"},
		{"ECDSA", []Field{{"Authorization", "AWS4-ECDSA-P256-SHA256 Credential=A/20150830/es/aws4_request, SignedHeaders=host, Signature=0"}}, "", Other, "body host path query"},
		{"SharedKey", []Field{{"Authorization", "SharedKey a:b"}}, "", SharedKey, "body length path query type"},
		{"SharedKeyLite", []Field{{"Authorization", "SharedKeyLite a:b"}}, "", Other, "body path query"},
		{"RFC 9421, body", []Field{{"Signature-Input", `s=("@method" "@path" "content-digest";req);created=1`}, {"Signature", "s=:AA==:"}}, "", Message, "body digest path"},
		{"RFC 9421, head", []Field{{"Signature-Input", `s=("@method" "@authority" "@target-uri")`}, {"Signature", "s=:AA==:"}}, "", Message, "path query"},
		{"RFC 9421, unknown", []Field{{"Signature", "s=:AA==:"}}, "", Message, "body path query"},
		{"draft-cavage", []Field{{"Authorization", `Signature keyId="k",headers="(request-target) host content-type",signature="AA=="`}}, "", Message, "host path query type"},
		{"GitHub", []Field{{"X-Hub-Signature-256", "sha256=00"}}, "", Webhook, "body query"},
		{"Stripe", []Field{{"Stripe-Signature", "t=1,v1=00"}}, "", Webhook, "body query"},
		{"Shopify", []Field{{"X-Shopify-Hmac-Sha256", "AA=="}}, "", Webhook, "body query"},
		{"Discord", []Field{{"X-Signature-Ed25519", "00"}}, "", Webhook, "body query"},
		{"some other", []Field{{"X-Acme-Signature", "00"}}, "", Webhook, "body query"},
	} {
		came := base
		came.Query += tt.query
		came.Fields = append(slices.Clone(base.Fields), tt.fields...)
		found := Find(&came)
		if len(found) != 1 || found[0].Scheme != tt.scheme {
			t.Errorf("%s: found %v", tt.name, found)
			continue
		}
		var stale []string
		for name, change := range changes {
			sent := came
			sent.Fields = slices.Clone(came.Fields)
			change(&sent)
			if found[0].Stale(&came, &sent, name == "body") != "" {
				stale = append(stale, name)
			}
		}
		slices.Sort(stale)
		if got := strings.Join(stale, " "); got != tt.stale {
			t.Errorf("%s: stale by %s, want %s", tt.name, got, tt.stale)
		}
		if why := found[0].Stale(&came, &came, false); why != "" {
			t.Errorf("%s: stale as it came: %s", tt.name, why)
		}
	}
}

// TestUnsigned asks that ordinary credentials are not taken for signatures.
func TestUnsigned(t *testing.T) {
	for _, f := range []Field{
		{"Authorization", "Bearer x"}, {"Authorization", "Basic eDp5"}, {"Authorization", "Splunk x"}, {"Authorization", "AWS4-HMAC-SHA256"},
		{"Accept-Signature", "s=()"}, {"Signature-Input", "s=()"}, {"X-Api-Key", "x"}, {"X-Amz-Firehose-Access-Key", "x"}, {"Cookie", "signature=1"},
	} {
		if found := Find(&Request{Path: "/", Query: "sig=1&signature=2", Fields: []Field{f}}); len(found) > 0 {
			t.Errorf("%s: %s is a %s", f.Name, f.Value, found[0].Scheme)
		}
	}
}

func TestNoSigner(t *testing.T) {
	r := &Request{Path: "/", Fields: []Field{{"Authorization", "SharedKeyLite a:b"}}}
	for _, g := range []*Signer{nil, {}, {AWS: published()}} {
		if err := g.Sign(Find(r)[0], r); err != ErrNoCredentials {
			t.Errorf("got %v", err)
		}
	}
	for _, auth := range []string{"Credential=A", "Credential=A/20150830/r/es/aws4_request"} { // no scope, no time
		r := &Request{Path: "/", Fields: []Field{{"Authorization", "AWS4-HMAC-SHA256 " + auth}}}
		if err := (&Signer{AWS: published()}).Sign(Find(r)[0], r); err == nil {
			t.Errorf("%s was signed", auth)
		}
	}
}

func TestUnchunk(t *testing.T) {
	for framed, want := range map[string]string{
		"4;chunk-signature=00\r\nabcd\r\n2;chunk-signature=00\r\nef\r\n0;chunk-signature=00\r\n\r\n": "abcdef",
		"3\r\na\r\n\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n":                                       "a\r\n",
		"0;chunk-signature=00\r\n\r\n":                                                               "",
	} {
		if got, err := Unchunk([]byte(framed)); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", framed, got, err)
		}
	}
	for _, framed := range []string{"", "abcd", "4\r\nabc", "4\r\nabcdxx0\r\n", "z\r\n", "-1\r\n\r\n", "ffffffffff\r\nabc\r\n", "1\r\na\r\n"} {
		if got, err := Unchunk([]byte(framed)); err == nil {
			t.Errorf("%q: %q", framed, got)
		}
	}
}

// FuzzFind asks that nothing a client sends makes reading or signing fail badly, and
// that a signature made anew is not stale against itself.
func FuzzFind(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20150830/r/es/aws4_request, SignedHeaders=host, Signature=0", "a=b&X-Amz-Signature=1", "/p", "4\r\nabcd\r\n0\r\n\r\n")
	f.Add(`Signature headers="date"`, "X-Amz-Credential=/////aws4_request&X-Amz-Signature=%zz", "/..//", "")
	f.Add("SharedKey a:b", "x=%", "/api/logs", "")
	azure, _ := NewAzure("a", "AAAA")
	f.Fuzz(func(t *testing.T, auth, query, path, body string) {
		r := &Request{Method: "POST", Host: "h", Path: path, Query: query, Body: []byte(body), Fields: []Field{
			{"Authorization", auth}, {"Signature-Input", auth}, {"X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, {"X-Amz-Date", "20150830T123600Z"}}}
		for _, s := range Find(r) {
			if why := s.Stale(r, r, false); why != "" {
				t.Errorf("stale as it came: %s", why)
			}
			_ = (&Signer{AWS: published(), Azure: azure}).Sign(s, r)
		}
	})
}
