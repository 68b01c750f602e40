package proxy

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// adminToken looks random and is made of what stands here.
var adminToken = strings.Repeat("0123456789abcdef", 2)

// TestAdminPage asks who is served the console, and that there is none without records.
func TestAdminPage(t *testing.T) {
	up := newBackend(t, nil)
	for _, tt := range []struct {
		page    config.AdminPage
		host    string
		records bool
		want    int
	}{
		{config.PageLocal, "localhost", true, 200}, {config.PageLocal, "evil.example", true, 403}, {config.PageAll, "evil.example", true, 200},
		{config.PageOff, "localhost", true, 404}, {config.PageLocal, "localhost", false, 404},
	} {
		cfg := settings(up.URL)
		cfg.Admin.Page = tt.page
		if tt.records {
			cfg.Records.DSN, cfg.Errors.Store = "sqlite:"+filepath.Join(t.TempDir(), "records.db"), true
		}
		h := start(t, cfg)
		req, _ := http.NewRequest("GET", h.admin+"/errors", nil)
		req.Host = tt.host
		resp, err := client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%+v: %d", tt, resp.StatusCode)
		}
	}
}

// TestAdminLogIn asks that tokens and the certificate are those of the configuration in
// force.
func TestAdminLogIn(t *testing.T) {
	up := newBackend(t, nil)
	dir := t.TempDir()
	cert, key := writeCert(t, dir, "a")
	cfg := settings(up.URL)
	cfg.Admin.Page, cfg.Admin.Metrics, cfg.Admin.TLSCert, cfg.Admin.TLSKey = config.PageLocal, config.MetricsLogIn, cert, key
	cfg.Admin.Tokens = map[string]*config.AdminToken{"ops": {Name: "ops", Value: config.Secret(adminToken), Role: config.RoleOperator}}
	later := *cfg
	h := start(t, cfg, func(o *Options) {
		o.Load = func() (*config.Config, error) { now := later; return &now, nil }
	})
	for !h.ready.Load() {
		time.Sleep(time.Millisecond)
	}
	served := ""
	ask := func(method, path, token string) int {
		t.Helper()
		req, _ := http.NewRequest(method, "https"+strings.TrimPrefix(h.admin, "http")+path, nil)
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		c := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		}}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		served = resp.TLS.PeerCertificates[0].Subject.CommonName
		return resp.StatusCode
	}
	for _, path := range []string{"/metrics", "/-/config"} {
		if anybody, ops := ask("GET", path, ""), ask("GET", path, adminToken); anybody != 401 || ops != 200 {
			t.Errorf("%s: %d and %d", path, anybody, ops)
		}
	}
	if ask("GET", "/-/healthy", "") != 200 || ask("GET", "/-/ready", "") != 200 || ask("POST", "/-/reload", "") != 401 {
		t.Error("health is not open, or reload is")
	}

	newCert, newKey := writeCert(t, dir, "b")
	for from, to := range map[string]string{newCert: cert, newKey: key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	other := strings.ToUpper(adminToken)
	later.Admin.Tokens = map[string]*config.AdminToken{"ops": {Name: "ops", Value: config.Secret(other), Role: config.RoleViewer}}
	if got := ask("POST", "/-/reload", adminToken); got != 200 {
		t.Fatalf("reload: %d", got)
	}
	if before, now := ask("GET", "/metrics", adminToken), ask("GET", "/metrics", other); before != 401 || now != 200 || served != "b" {
		t.Errorf("after the reload: %d, %d, certificate %s", before, now, served)
	}
	if got := ask("POST", "/-/reload", other); got != 403 {
		t.Errorf("a viewer reloads: %d", got)
	}
	later.Admin.TLSCert, later.Admin.TLSKey = "", ""
	if err := h.Reload(); err == nil || !strings.Contains(err.Error(), "admin.tls_cert") {
		t.Errorf("TLS goes away by a reload: %v", err)
	}
}
