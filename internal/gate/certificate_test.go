package gate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// authority is a CA in files.
type authority struct {
	t      *testing.T
	dir    string
	file   string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	server pair
}

// pair is a certificate with its key, in files.
type pair struct{ cert, key string }

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, dir: t.TempDir(), key: key}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.file = a.write("ca.pem", "CERTIFICATE", der)
	a.server = a.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	return a
}

func (a *authority) write(name, kind string, der []byte) string {
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}

// issue signs a certificate, for clients unless the template says otherwise.
func (a *authority) issue(template *x509.Certificate) pair {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	template.NotBefore = time.Now().Add(-24 * time.Hour)
	if template.ExtKeyUsage == nil {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	name := template.SerialNumber.String()
	return pair{a.write(name+".pem", "CERTIFICATE", der), a.write(name+".key", "PRIVATE KEY", secret)}
}

// load returns the pair as a client shows it.
func (p pair) load(t *testing.T) tls.Certificate {
	t.Helper()
	c, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustURL(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
}

// TestCertificates asks over real connections: who has which role by their certificate,
// and what becomes of a connection whose certificate is good no more.
func TestCertificates(t *testing.T) {
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	byHash := ours.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "other"}})
	names := certificateNames(byHash.load(t).Leaf)
	admin := &config.Admin{
		Listen: "0.0.0.0:9090", Page: config.PageLocal, TLSCert: ours.server.cert, TLSKey: ours.server.key, TLSClientCA: ours.file,
		Clients: map[string]*config.AdminClient{
			"deploy": {Match: []string{"uri:spiffe://example.com/deploy", names[0]}, Role: config.RoleOperator},
			"eyes":   {Match: []string{"dns:eyes.example.com", "email:eyes@example.com", "cn:eyes"}, Role: config.RoleViewer},
		},
	}
	f := newFixture(t, admin)
	server := httptest.NewUnstartedServer(f)
	server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.inForce().TLS(), nil }}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	client := func(certs ...tls.Certificate) *http.Client {
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost",
			// A client that shows its certificate whatever the server asks for.
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if len(certs) == 0 {
					return &tls.Certificate{}, nil
				}
				return &certs[0], nil
			}}}}
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
	ask := func(c *http.Client, path string) int {
		resp, err := c.Get(server.URL + path)
		if err != nil {
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	uri := pkix.Name{CommonName: "x"}
	for name, tt := range map[string]struct {
		cert       *x509.Certificate
		by         *authority
		view, acts int
	}{
		"operator by URI":   {&x509.Certificate{Subject: uri, URIs: []*url.URL{mustURL("spiffe://example.com/deploy")}}, ours, 200, 200},
		"viewer by name":    {&x509.Certificate{DNSNames: []string{"a.example.com", "eyes.example.com"}}, ours, 200, 403},
		"viewer by mail":    {&x509.Certificate{EmailAddresses: []string{"eyes@example.com"}}, ours, 200, 403},
		"the best of two":   {&x509.Certificate{Subject: pkix.Name{CommonName: "eyes"}, URIs: []*url.URL{mustURL("spiffe://example.com/deploy")}}, ours, 200, 200},
		"name of no client": {&x509.Certificate{Subject: pkix.Name{CommonName: "deploy"}}, ours, 401, 401},
		"name in place of URI": {&x509.Certificate{Subject: pkix.Name{CommonName: "spiffe://example.com/deploy"},
			DNSNames: []string{"eyes"}}, ours, 401, 401},
		"another CA": {&x509.Certificate{Subject: pkix.Name{CommonName: "eyes"}}, theirs, 0, 0},
		"of a server": {&x509.Certificate{Subject: pkix.Name{CommonName: "eyes"},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, ours, 0, 0},
		"expired": {&x509.Certificate{Subject: pkix.Name{CommonName: "eyes"}, NotAfter: time.Now().Add(-time.Hour)}, ours, 0, 0},
	} {
		c := client(tt.by.issue(tt.cert).load(t))
		if view, acts := ask(c, "/leaks"), ask(c, "/leaks/1"); view != tt.view || acts != tt.acts {
			t.Errorf("%s: got %d and %d, want %d and %d", name, view, acts, tt.view, tt.acts)
		}
	}
	kept := client(byHash.load(t))
	if ask(kept, "/leaks/1") != 200 || ask(client(), "/leaks") != 401 || ask(client(), "/open") != 200 {
		t.Fatal("by its hash, or without a certificate")
	}
	// A connection that is open since before its certificate expired, and since before
	// its CA was taken out.
	f.pass(2 * time.Hour)
	if got := ask(kept, "/leaks/1"); got != 401 {
		t.Errorf("an expired certificate on an open connection: %d", got)
	}
	f.pass(-2 * time.Hour)
	if got := ask(kept, "/leaks/1"); got != 200 {
		t.Fatalf("not the certificate's age: %d", got)
	}
	changed := *admin
	changed.TLSClientCA = theirs.file
	f.reload(&changed)
	if got := ask(kept, "/leaks/1"); got != 401 {
		t.Errorf("a CA that is trusted no more: %d", got)
	}
}

func TestCompileErrors(t *testing.T) {
	ca := newAuthority(t, "ca")
	for name, a := range map[string]*config.Admin{
		"no key":      {TLSCert: ca.server.cert},
		"other key":   {TLSCert: ca.server.cert, TLSKey: newAuthority(t, "b").server.key},
		"no CA":       {TLSCert: ca.server.cert, TLSKey: ca.server.key, TLSClientCA: filepath.Join(ca.dir, "planted")},
		"empty CA":    {TLSCert: ca.server.cert, TLSKey: ca.server.key, TLSClientCA: ca.server.key},
		"empty token": {Tokens: map[string]*config.AdminToken{"a": {Role: config.RoleOperator}}},
		"half a hash": {Tokens: map[string]*config.AdminToken{"a": {SHA256: "abcd", Role: config.RoleOperator}}},
		"no network":  {Proxy: config.AdminProxy{Trust: []string{"planted"}}},
	} {
		if _, err := Compile(a); err == nil {
			t.Errorf("%s: compiled", name)
		}
	}
}
