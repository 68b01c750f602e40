package proxy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
)

// The keys of clients and of redactd, which a signature tells apart.
const (
	clientID, clientSecret = "CLIENT", "the-client's"
	ownID, ownSecret       = "OWN", "redactd's own"
	signedAt               = "20261122T101112Z"
)

func hmacOf(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func shaHex(b string) string {
	sum := sha256.Sum256([]byte(b))
	return hex.EncodeToString(sum[:])
}

// awsSignature is Signature Version 4 written anew for these tests, for paths and
// queries that need no escapes: a verifier that has nothing of the code under test.
func awsSignature(secret, method, host, path, query, scope string, names []string, get func(string) string, payload string) string {
	text := method + "\n" + path + "\n" + query + "\n"
	for _, n := range names {
		v := host
		if n != "host" {
			v = get(n)
		}
		text += n + ":" + v + "\n"
	}
	text += "\n" + strings.Join(names, ";") + "\n" + payload
	text = "AWS4-HMAC-SHA256\n" + signedAt + "\n" + scope + "\n" + shaHex(text)
	key := []byte("AWS4" + secret)
	for _, part := range append(strings.Split(scope, "/"), text) {
		key = hmacOf(key, part)
	}
	return hex.EncodeToString(key)
}

const awsScope = "20261122/eu-west-1/es/aws4_request"

// awsHeaders signs a request as a client does.
func awsHeaders(method, host, path, query, body string, more ...string) []string {
	headers := append([]string{"Host", host, "Content-Type", "text/plain", "X-Amz-Date", signedAt}, more...)
	names := []string{"content-type", "host", "x-amz-date"}
	get := func(n string) string {
		for i := 0; i < len(headers); i += 2 {
			if strings.EqualFold(headers[i], n) {
				return headers[i+1]
			}
		}
		return ""
	}
	payload := shaHex(body)
	if hash := get("X-Amz-Content-Sha256"); hash != "" {
		names = []string{"content-type", "host", "x-amz-content-sha256", "x-amz-date"}
		payload = hash
	}
	sig := awsSignature(clientSecret, method, host, path, query, awsScope, names, get, payload)
	return append(headers, "Authorization", "AWS4-HMAC-SHA256 Credential="+clientID+"/"+awsScope+
		", SignedHeaders="+strings.Join(names, ";")+", Signature="+sig)
}

// azureHeaders signs a request for the HTTP Data Collector API.
func azureHeaders(body string) []string {
	date := "Sun, 22 Nov 2026 10:11:12 GMT"
	return []string{"Content-Type", "text/plain", "X-Ms-Date", date, "Authorization", "SharedKey " + clientID + ":" +
		collectorSignature(clientSecret, len(body), "text/plain", date)}
}

func collectorSignature(secret string, length int, contentType, date string) string {
	return base64.StdEncoding.EncodeToString(hmacOf([]byte(secret),
		fmt.Sprintf("POST\n%d\n%s\nx-ms-date:%s\n/api/logs", length, contentType, date)))
}

// verifier refuses what is not signed, or by a stale signature, with 403 and says who
// signed it in X-Signer.
func verifier(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	signer := ""
	for id, secret := range map[string]string{clientID: clientSecret, ownID: ownSecret} {
		if verified(r, string(body), id, secret) {
			signer = id
		}
	}
	w.Header().Set("X-Signer", signer)
	if signer == "" {
		w.WriteHeader(http.StatusForbidden)
	}
}

func verified(r *http.Request, body, id, secret string) bool {
	auth := r.Header.Get("Authorization")
	if strings.HasPrefix(auth, "SharedKey ") {
		return auth == "SharedKey "+id+":"+collectorSignature(secret, int(r.ContentLength), r.Header.Get("Content-Type"), r.Header.Get("X-Ms-Date"))
	}
	if sig := r.Header.Get("X-Hub-Signature-256"); sig != "" {
		return sig == "sha256="+hex.EncodeToString(hmacOf([]byte(secret), body))
	}
	if q := r.URL.Query(); q.Get("X-Amz-Signature") != "" {
		sig := q.Get("X-Amz-Signature")
		q.Del("X-Amz-Signature")
		scope, ok := strings.CutPrefix(q.Get("X-Amz-Credential"), id+"/")
		return ok && sig == awsSignature(secret, r.Method, r.Host, r.URL.EscapedPath(), strings.ReplaceAll(q.Encode(), "+", "%20"), scope,
			strings.Split(q.Get("X-Amz-SignedHeaders"), ";"), r.Header.Get, "UNSIGNED-PAYLOAD")
	}
	rest, ok := strings.CutPrefix(auth, "AWS4-HMAC-SHA256 Credential="+id+"/")
	parts := strings.Split(rest, ", ")
	if !ok || len(parts) != 3 {
		return false
	}
	payload := shaHex(body)
	if hash := r.Header.Get("X-Amz-Content-Sha256"); strings.HasPrefix(hash, "UNSIGNED") || strings.HasPrefix(hash, "STREAMING-") {
		payload = hash
	} else if hash != "" && hash != payload {
		return false
	}
	names := strings.Split(strings.TrimPrefix(parts[1], "SignedHeaders="), ";")
	return parts[2] == "Signature="+awsSignature(secret, r.Method, r.Host, r.URL.EscapedPath(), r.URL.Query().Encode(), parts[0], names, r.Header.Get, payload)
}

// signing returns a configuration with that policy for signed requests.
func signingSettings(url string, signed config.Signed) *config.Config {
	cfg := settings(url)
	cfg.Routes["main"].Signed = signed
	if signed == config.SignedResign {
		u := cfg.Upstreams["up"]
		u.AWSAccessKeyID, u.AWSSecretAccessKey = ownID, ownSecret
		u.AzureAccount, u.AzureSharedKey = ownID, config.Secret(base64.StdEncoding.EncodeToString([]byte(ownSecret)))
	}
	return cfg
}

func chunked(text string) string {
	sig := ";chunk-signature=" + strings.Repeat("0", 64) + "\r\n"
	half := len(text) / 2 // a cut through a secret
	return fmt.Sprintf("%x%s%s\r\n%x%s%s\r\n0%s\r\n", half, sig, text[:half], len(text)-half, sig, text[half:], sig)
}

// TestSignedRequests sends signed requests, clean and with a secret in the body, small
// and larger than what is buffered, under each policy, to an upstream that verifies.
func TestSignedRequests(t *testing.T) {
	long := strings.Repeat("a line of a log\n", 8<<10)
	for _, tt := range []struct {
		name, method, path, text string
		body                     func(string) string
		sign                     func(host, body string) []string
		block, pass, resign      string // who signed what arrives; "" is withheld
	}{
		{name: "AWS, clean", text: "clean", sign: signAWS, block: clientID, pass: clientID, resign: clientID},
		{name: "AWS, dirty", text: "a " + secret, sign: signAWS, block: "", pass: clientID, resign: ownID},
		{name: "AWS, long and clean", text: long, sign: signAWS, block: clientID, pass: clientID, resign: clientID},
		{name: "AWS, long and dirty", text: long + secret, sign: signAWS, block: "", pass: clientID, resign: ownID},
		{name: "AWS with hash, clean", text: "clean", sign: signAWSHash, block: clientID, pass: clientID, resign: clientID},
		{name: "AWS with hash, dirty", text: secret, sign: signAWSHash, block: "", pass: clientID, resign: ownID},
		{name: "AWS without the payload, dirty", text: secret, sign: signAWSUnsigned, block: clientID, pass: clientID, resign: clientID},
		{name: "AWS chunks, clean", text: "clean text", body: chunked, sign: signAWSChunks, block: clientID, pass: clientID, resign: clientID},
		{name: "AWS chunks, dirty", text: secret, body: chunked, sign: signAWSChunks, block: "", pass: clientID, resign: ownID},
		{name: "AWS for another host, clean", text: "clean", sign: signAWSElsewhere, block: "", pass: "", resign: ownID},
		{name: "AWS for another host, dirty", text: secret, sign: signAWSElsewhere, block: "", pass: "", resign: ownID},
		{name: "presigned, dirty", text: secret, method: "PUT", path: presigned, sign: signQuery, block: clientID, pass: clientID, resign: clientID},
		{name: "presigned for another host", text: "clean", method: "PUT", path: presignedElsewhere, sign: signQueryElsewhere, block: "", pass: "", resign: ownID},
		{name: "SharedKey, clean", text: "clean", path: "/api/logs", sign: signAzure, block: clientID, pass: clientID, resign: clientID},
		{name: "SharedKey, dirty", text: secret, path: "/api/logs", sign: signAzure, block: "", pass: clientID, resign: ownID},
		{name: "GitHub, clean", text: "clean", sign: signHub, block: clientID, pass: clientID, resign: clientID},
		{name: "GitHub, dirty", text: secret, sign: signHub, block: "", pass: clientID, resign: ""},
	} {
		for policy, want := range map[config.Signed]string{config.SignedBlock: tt.block, config.SignedPass: tt.pass, config.SignedResign: tt.resign, "": tt.block} {
			t.Run(tt.name+" "+string(policy), func(t *testing.T) {
				up := newBackend(t, verifier)
				h := start(t, signingSettings(up.URL, policy))
				host := strings.TrimPrefix(up.URL, "http://")
				method, path, body := tt.method, tt.path, tt.text
				if method == "" {
					method = "POST"
				}
				if path == "" {
					path = "/logs/_bulk"
				}
				if tt.body != nil {
					body = tt.body(tt.text)
				}
				if strings.HasPrefix(path, "presigned:") {
					path = presign(strings.NewReplacer("presigned:", "", "HOST", host).Replace(path))
				}
				r := h.do(method, path, body, tt.sign(host, body)...)
				checkSigned(t, h, up, r, want, policy, body)
			})
		}
	}
}

// checkSigned compares what became of a signed request with what should have.
func checkSigned(t *testing.T, h *hop, up *backend, r reply, want string, policy config.Signed, body string) {
	t.Helper()
	if want == "" {
		if r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || up.count() != 0 {
			t.Errorf("not withheld: got %d, upstream asked %d times", r.StatusCode, up.count())
		}
		if h.metric("redactd_blocked_total", "kind", "signed", "direction", "request") != 1 || h.metric("redactd_findings_total") != 0 {
			t.Error("not counted as blocked, or its findings as replaced")
		}
		return
	}
	if r.StatusCode != 200 || r.Header.Get("X-Signer") != want {
		t.Fatalf("got %d, signed by %q", r.StatusCode, r.Header.Get("X-Signer"))
	}
	_, got := up.last(t)
	dirty := strings.Contains(body, secret)
	switch {
	case policy == config.SignedPass:
		if got != body || h.metric("redactd_uninspected_bytes_total", "reason", "signed", "direction", "request") != float64(len(body)) {
			t.Errorf("%d bytes arrive, %v counted", len(got), h.metric("redactd_uninspected_bytes_total"))
		}
	case strings.Contains(got, secret) || dirty && !strings.Contains(got, placeholder):
		t.Error("the secret got through")
	case !dirty && want == clientID && got != body:
		t.Error("a clean body changed")
	}
}

func signAWS(host, body string) []string {
	return awsHeaders("POST", host, "/logs/_bulk", "", body)
}

func signAWSHash(host, body string) []string {
	return awsHeaders("POST", host, "/logs/_bulk", "", body, "X-Amz-Content-Sha256", shaHex(body))
}

func signAWSUnsigned(host, body string) []string {
	return awsHeaders("POST", host, "/logs/_bulk", "", body, "X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
}

func signAWSChunks(host, body string) []string {
	return awsHeaders("POST", host, "/logs/_bulk", "", body, "X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
		"Content-Encoding", "aws-chunked", "X-Amz-Decoded-Content-Length", "10")
}

func signAWSElsewhere(_, body string) []string {
	return awsHeaders("POST", "redactd.internal", "/logs/_bulk", "", body)
}

func signQuery(host, _ string) []string { return []string{"Host", host, "Content-Type", "text/plain"} }

func signQueryElsewhere(string, string) []string {
	return []string{"Host", "redactd.internal", "Content-Type", "text/plain"}
}

func signAzure(_, body string) []string { return azureHeaders(body) }

func signHub(_, body string) []string {
	return []string{"Content-Type", "text/plain", "X-Hub-Signature-256", "sha256=" + hex.EncodeToString(hmacOf([]byte(clientSecret), body))}
}

const (
	presigned          = "presigned:HOST"
	presignedElsewhere = "presigned:redactd.internal"
)

// presign returns the target of a presigned URL of S3 on host.
func presign(host string) string {
	scope := strings.Replace(awsScope, "/es/", "/s3/", 1)
	q := url.Values{"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Credential": {clientID + "/" + scope}, "X-Amz-Date": {signedAt},
		"X-Amz-Expires": {"300"}, "X-Amz-SignedHeaders": {"host"}}
	sig := awsSignature(clientSecret, "PUT", host, "/bucket/key", q.Encode(), scope, []string{"host"}, nil, "UNSIGNED-PAYLOAD")
	return "/bucket/key?" + q.Encode() + "&X-Amz-Signature=" + sig
}

// TestSignedRouting asks what routing alone does to signatures: the Host field is the
// upstream's or, with keep_host, the client's; a path that is cut is another.
func TestSignedRouting(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy config.Signed
		edit   func(c *config.Config)
		sign   func(host, body string) []string
		path   string
		want   string
	}{
		{"the client's host is kept", config.SignedBlock, func(c *config.Config) { c.Upstreams["up"].KeepHost = true }, signAWSElsewhere, "/logs/_bulk", clientID},
		{"and passes", config.SignedPass, func(c *config.Config) { c.Upstreams["up"].KeepHost = true }, signAWSElsewhere, "/logs/_bulk", clientID},
		{"prefix cut", config.SignedBlock, cutPrefix, signAWS, "/logs/_bulk", ""},
		{"prefix cut, signed anew", config.SignedResign, cutPrefix, signAWS, "/logs/_bulk", ownID},
		{"nothing in scope", config.SignedBlock, outOfScope, signAWS, "/logs/_bulk", clientID},
		{"nothing in scope, another host", config.SignedBlock, outOfScope, signAWSElsewhere, "/logs/_bulk", ""},
		{"nothing in scope, signed anew", config.SignedResign, outOfScope, signAWSElsewhere, "/logs/_bulk", ownID},
		{"shadow, another host", config.SignedResign, func(c *config.Config) { c.Routes["main"].Mode = config.ModeShadow }, signAWSElsewhere, "/logs/_bulk", ownID},
		{"the upstream's own region", config.SignedResign, func(c *config.Config) { c.Upstreams["up"].AWSRegion = "us-east-1" }, signAWSElsewhere, "/logs/_bulk", ownID},
		{"with a session", config.SignedResign, func(c *config.Config) { c.Upstreams["up"].AWSSessionToken = "session" }, signAWSElsewhere, "/logs/_bulk", ownID},
		{"no host in SharedKey", config.SignedBlock, func(*config.Config) {}, signAzure, "/api/logs", clientID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			up := newBackend(t, verifier)
			cfg := signingSettings(up.URL, tt.policy)
			tt.edit(cfg)
			h := start(t, cfg)
			body := strings.Repeat("clean ", 20<<10) // more than what is gathered of a body out of scope
			r := h.do("POST", tt.path, body, tt.sign(strings.TrimPrefix(up.URL, "http://"), body)...)
			if tt.want == "" {
				if r.StatusCode != 503 || up.count() != 0 {
					t.Errorf("got %d, upstream asked %d times", r.StatusCode, up.count())
				}
				return
			}
			req, got := up.last(t)
			if r.StatusCode != 200 || r.Header.Get("X-Signer") != tt.want || got != body {
				t.Errorf("got %d, signed by %q, %d bytes", r.StatusCode, r.Header.Get("X-Signer"), len(got))
			}
			if token := cfg.Upstreams["up"].AWSSessionToken; req.Header.Get("X-Amz-Security-Token") != string(token) {
				t.Errorf("session token %q", req.Header.Get("X-Amz-Security-Token"))
			}
		})
	}
}

func cutPrefix(c *config.Config) {
	c.Routes["main"].PathPrefix, c.Routes["main"].StripPath = "/logs", true
}

func outOfScope(c *config.Config) { c.Routes["main"].Request = config.ScopeNone }

// TestSignedFieldsAndQuery asks that a secret in a signed field or the query is not
// sent under the signature of what it was.
func TestSignedFieldsAndQuery(t *testing.T) {
	for policy, want := range map[config.Signed]string{config.SignedBlock: "", config.SignedResign: ownID, config.SignedPass: clientID} {
		up := newBackend(t, verifier)
		h := start(t, signingSettings(up.URL, policy))
		host := strings.TrimPrefix(up.URL, "http://")
		for _, headers := range [][]string{
			awsHeaders("POST", host, "/logs/_bulk", "q="+secret, "x"),
			awsHeaders("POST", host, "/logs/_bulk", "", "x", "X-Note", secret), // not signed: scrubbed, and sent as signed
		} {
			target, expect := "/logs/_bulk", want
			if len(headers) == 8 {
				target += "?q=" + secret
			} else if policy != config.SignedPass {
				expect = clientID
			}
			r := h.do("POST", target, "x", headers...)
			if expect == "" {
				if r.StatusCode != 503 {
					t.Errorf("%s: got %d", policy, r.StatusCode)
				}
				continue
			}
			req, _ := up.last(t)
			leaks := strings.Contains(req.URL.RawQuery+req.Header.Get("X-Note"), secret)
			if r.Header.Get("X-Signer") != expect || leaks != (policy == config.SignedPass) {
				t.Errorf("%s: got %d, signed by %q, secret sent: %v", policy, r.StatusCode, r.Header.Get("X-Signer"), leaks)
			}
		}
	}
}

// TestSignedForEachURL asks that a request that goes on to another URL is signed for
// that one.
func TestSignedForEachURL(t *testing.T) {
	up := newBackend(t, verifier)
	cfg := signingSettings(up.URL, config.SignedResign)
	cfg.Upstreams["up"].URLs = []string{"http://127.0.0.1:1", up.URL, "http://127.0.0.1:2"}
	cfg.Upstreams["up"].FailAfter = 100
	h := start(t, cfg)
	for range 4 {
		body := chunked(secret)
		r := h.do("POST", "/logs/_bulk", body, signAWSChunks("redactd.internal", body)...)
		if r.StatusCode != 200 || r.Header.Get("X-Signer") != ownID {
			t.Fatalf("got %d, signed by %q", r.StatusCode, r.Header.Get("X-Signer"))
		}
		if req, got := up.last(t); got != placeholder || req.Header.Get("Content-Encoding") != "" || req.Header.Get("X-Amz-Decoded-Content-Length") != "" {
			t.Errorf("upstream got %q, %v", got, req.Header)
		}
	}
}

// TestSignedInTheStore: a route to the store sends nothing on, so that nothing can go
// stale.
func TestSignedInTheStore(t *testing.T) {
	cfg := signingSettings("http://127.0.0.1:1", config.SignedBlock)
	cfg.Routes["main"].Upstream = config.StoreUpstream
	h := start(t, cfg)
	h.do("POST", "/logs", secret, signAWSElsewhere("", secret)...)
	if h.metric("redactd_blocked_total") != 0 || h.metric("redactd_findings_total") != 1 {
		t.Error("a signed request for the store was not scrubbed")
	}
}

// TestSignedLogsNothingOfTheClient: the names of signed fields are the client's.
func TestSignedLogsNothingOfTheClient(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, signingSettings(up.URL, config.SignedBlock))
	h.do("POST", "/x", "x", "Connection", secret, secret, "v", "Authorization",
		"AWS4-HMAC-SHA256 Credential="+clientID+"/"+awsScope+", SignedHeaders="+secret+", Signature=0")
	if logs := h.logs.String(); up.count() != 0 || !strings.Contains(logs, "stale") || strings.Contains(logs, secret) || strings.Contains(logs, clientID) {
		t.Errorf("upstream asked %d times, log: %s", up.count(), logs)
	}
}
