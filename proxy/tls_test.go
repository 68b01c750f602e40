package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// writeCert writes a certificate for 127.0.0.1 and its key.
func writeCert(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &priv.PublicKey, priv)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestTLSBothSides(t *testing.T) {
	dir := t.TempDir()
	cert, key := writeCert(t, dir, "a")
	up := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-Proto")+" "+secret)
	}))
	defer up.Close()
	upCA := filepath.Join(dir, "up.crt")
	if err := os.WriteFile(upCA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: up.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := settings(up.URL)
	cfg.Server.TLSCert, cfg.Server.TLSKey = cert, key
	cfg.Upstreams["up"].TLSCA = upCA
	h := start(t, cfg, func(o *Options) { o.Load = func() (*config.Config, error) { return cfg, nil } })
	ask := func() (string, string) {
		c := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		}}
		resp, err := c.Get("https://" + h.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return string(b), resp.TLS.PeerCertificates[0].Subject.CommonName
	}
	for range 3 { // a pooled connection, too
		if body, _ := ask(); body != "https "+placeholder {
			t.Errorf("got %q", body)
		}
	}
	newCert, newKey := writeCert(t, dir, "b")
	if err := os.Rename(newCert, cert); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(newKey, key); err != nil {
		t.Fatal(err)
	}
	if err := h.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, name := ask(); name != "b" {
		t.Errorf("the renewed certificate is not in use: %s", name)
	}
	cfg2 := settings(up.URL) // without the CA
	h2 := start(t, cfg2)
	if r := h2.do("GET", "/", ""); r.StatusCode != 502 {
		t.Errorf("an unknown authority is trusted: %d", r.StatusCode)
	}
}

func TestOneBigSlowReader(t *testing.T) {
	// A client that takes its time for a body at hand is not cut off as long
	// as it makes progress.
	big := make([]byte, 16<<20) // more than socket buffers take
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(big) })
	cfg := settings(up.URL)
	cfg.Server.WriteTimeout = config.Duration(2 * time.Second)
	cfg.Server.BufferBody = 32 << 20
	cfg.Upstreams["up"].MaxResponse = 32 << 20
	h := start(t, cfg)
	resp, err := client().Get("http://" + h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var n int64
	for {
		m, err := io.CopyN(io.Discard, resp.Body, 512<<10)
		n += m
		if err != nil {
			break
		}
		time.Sleep(80 * time.Millisecond)
	}
	if n != int64(len(big)) {
		t.Errorf("got %d of %d bytes", n, len(big))
	}
}
