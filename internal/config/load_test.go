package config

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/tomlpos"
	"github.com/redactd/redactd/redact"
)

func TestGood(t *testing.T) {
	for name, data := range corpus(t, "*.good.toml") {
		cfg, err := Parse(name, data, corpusEnv(data))
		if err != nil {
			t.Errorf("%s", err)
			continue
		}
		if err := cfg.Check(testNames); err != nil {
			t.Errorf("%s", err)
		}
	}
}

func mustParse(t *testing.T, name, text string, env map[string]string) *Config {
	t.Helper()
	cfg, err := Parse(name, []byte(text), func(n string) (string, bool) { v, ok := env[n]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

const storeRoute = "[route.logs]\nupstream = \"store\"\nrequest = \"all\"\n"

func TestDefaults(t *testing.T) {
	cfg := mustParse(t, "etc/config.toml", storeRoute+"[upstream.u]\nurls = ['http://u']\n[rule.r]\npattern = 'x'\n", nil)
	if got := cfg.Server.Listen; !reflect.DeepEqual(got, []string{"127.0.0.1:8080"}) {
		t.Errorf("listen %q", got)
	}
	if cfg.Server.MaxBody != 128<<20 || time.Duration(cfg.Server.IdleTimeout) != 2*time.Minute {
		t.Errorf("max_body %v, idle_timeout %v", cfg.Server.MaxBody, cfg.Server.IdleTimeout)
	}
	r := cfg.Routes["logs"]
	if r.Name != "logs" || r.PathPrefix != "/" || r.Response != ScopeErrors || !r.Headers || r.Action != "mask" || r.Mode != ModeEnforce || r.OnFailure != FailBlock {
		t.Errorf("route %+v", r)
	}
	if u := cfg.Upstreams["u"]; u.Name != "u" || u.FailAfter != 3 {
		t.Errorf("upstream %+v", u)
	}
	if r := cfg.Rules["r"]; r.ID != "r" || r.Pack != RulePack || r.Severity != redact.High {
		t.Errorf("rule %+v", r)
	}
	if cfg.Audit.Dir != filepath.FromSlash("etc/data/audit") {
		t.Errorf("audit.dir %q is not beside the file", cfg.Audit.Dir)
	}
}

func TestDefaultConfig(t *testing.T) {
	cfg, err := Default("http://127.0.0.1:8000", "", "off")
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Routes) != 1 || cfg.Admin.Listen != "" || cfg.Digest == "" {
		t.Errorf("%+v", cfg)
	}
	for _, r := range cfg.Routes {
		if r.Request != ScopeLogs || r.Response != ScopeErrors || r.PathPrefix != "/" || cfg.Upstreams[r.Upstream] == nil {
			t.Errorf("route %+v", r)
		}
	}
	if _, err := Default("http://${HOST}", "80", "x y:1"); err == nil {
		t.Error("accepted")
	} else {
		want := []string{"--admin: ", "--listen: ", "--upstream: "}
		for i, line := range strings.Split(err.Error(), "\n") {
			if !strings.HasPrefix(line, want[i]) {
				t.Errorf("error %q, want it to begin with %q", line, want[i])
			}
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "none.toml"), os.LookupEnv); err == nil || !strings.Contains(err.Error(), "none.toml: cannot be read") {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Load(dir, os.LookupEnv); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("directory: %v", err)
	}
	secret := strings.Repeat("k", 20)
	write(t, filepath.Join(dir, "keys"), "# first\n"+secret+"1\n\n "+secret+"2\r\n")
	path := filepath.Join(dir, "config.toml")
	write(t, path, "\ufeff[token]\r\nkeys_file = \"keys\"\r\n"+storeRoute)
	cfg, err := Load(path, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if want := []Secret{Secret(secret + "1"), Secret(secret + "2")}; !reflect.DeepEqual(cfg.Token.Keys, want) {
		t.Error("keys are not those of the file")
	}
	if ring, err := cfg.Keyring(); err != nil || ring == nil {
		t.Errorf("Keyring: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTLSPair(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	name := filepath.Join(dir, "c.toml")
	for _, test := range []struct{ tls, want string }{
		{"tls_cert = 'cert.pem'\ntls_key = 'key.pem'\n", ""},
		{"tls_cert = 'cert.pem'\n", ":2: server.tls_cert: has no private key"},
		{"tls_key = 'key.pem'\n", ":2: server.tls_key: has no certificate"},
		{"tls_cert = 'key.pem'\ntls_key = 'cert.pem'\n", ":2: server.tls_cert: does not load together with tls_key"},
		{"[upstream.u]\nurls = ['https://u']\ntls_ca = 'key.pem'\n", ":4: upstream.u.tls_ca: holds no certificate"},
		{"[upstream.u]\nurls = ['https://u']\ntls_ca = 'cert.pem'\n", ""},
		{"[upstream.u]\nurls = ['https://u']\ntls_ca = 'cert.pem'\ntls_insecure_skip_verify = true\n", ":4: upstream.u.tls_ca: has no effect"},
	} {
		_, err := Parse(name, []byte("[server]\n"+test.tls+storeRoute), nil)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.tls, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want %q", test.tls, err, test.want)
		}
	}
}

func TestLocate(t *testing.T) {
	cfg := mustParse(t, "c.toml", storeRoute+"[rule.my-token]\nkeys = [\n'a',\n'b']\n", nil)
	for key, want := range map[string]int{
		"rule.my-token": 4, "rule.my-token.pattern": 4, "rule.my-token.keys[1]": 7,
		"rule.other": 4, "route.logs.request": 3, "server.listen": 1, "": 1,
	} {
		if file, line := cfg.Locate(key); file != "c.toml" || line != want {
			t.Errorf("Locate(%q) = %s:%d, want line %d", key, file, line, want)
		}
	}
	err := cfg.Place(errors.Join(
		&redact.RuleError{ID: "my-token", Key: "keys", Err: errors.New("is too general")},
		&redact.RuleError{ID: "built-in", Key: "pattern", Err: errors.New("is broken")},
	))
	const want = "c.toml:1: built-in: pattern: is broken\nc.toml:5: rule.my-token.keys: is too general"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if err := cfg.Place(nil); err != nil {
		t.Errorf("Place(nil) = %v", err)
	}
}

// TestPlaceCompile asks that what the kernel says gets its line.
func TestPlaceCompile(t *testing.T) {
	cfg := mustParse(t, "c.toml", storeRoute+"[rule.my-token]\nkeys = [\"abc\"]\npattern = \"(\"\n[allow.x]\npatterns = [\"[\"]\n", nil)
	_, err := redact.Compile([]redact.Rule{*cfg.Rules["my-token"]}, redact.Options{})
	if err = cfg.Place(err); err == nil || !strings.HasPrefix(err.Error(), "c.toml:6: rule.my-token.pattern: ") {
		t.Errorf("got %v", err)
	}
	_, err = redact.Compile(nil, redact.Options{Allow: []redact.Allow{{Name: "x", Patterns: cfg.Allow["x"].Patterns}}})
	if err = cfg.Place(err); err == nil || !strings.HasPrefix(err.Error(), "c.toml:8: allow.x.patterns: ") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsUnwrap(t *testing.T) {
	_, err := Parse("c.toml", []byte("[server]\nx = 1\n"+storeRoute), nil)
	var one Error
	if !errors.As(err, &one) || one.Line != 2 || one.Key != "server.x" {
		t.Errorf("got %+v", one)
	}
}

// FuzzParse asks that no input panics, that every error has a line within the
// file, and that what is accepted can be shown.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"*.good.toml", "*.bad.toml"} {
		names, _ := filepath.Glob(filepath.Join("testdata", pattern))
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(trimExpected(data))
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := Parse(filepath.Join(dir, "fuzz.toml"), data, func(name string) (string, bool) { return planted, name != "UNSET" })
		if err == nil {
			if cfg.Digest == "" || cfg.Public() == nil {
				t.Fatal("accepted without a digest or a copy for show")
			}
			err = cfg.Check(testNames)
		}
		if err == nil {
			return
		}
		var errs Errors
		if !errors.As(err, &errs) || len(errs) == 0 {
			t.Fatalf("error of type %T", err)
		}
		last := bytes.Count(data, []byte("\n")) + 1
		for _, e := range errs {
			if e.Line < 1 || e.Line > last {
				t.Fatalf("%v: the file has %d lines", e, last)
			}
		}
	})
}

func TestSuggest(t *testing.T) {
	names := []string{"listen", "max_body", "max_decoded", "request", "response"}
	for word, want := range map[string]string{
		"Listen": "listen", "lisen": "listen", "maxbody": "max_body", "max-body": "max_body",
		"requests": "request", "reqeust": "request", "respnse": "response", "zzz": "", "": "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestLinesAreThoseOfTomlpos(t *testing.T) {
	text := storeRoute
	cfg := mustParse(t, "c.toml", text, nil)
	if !reflect.DeepEqual(tomlpos.Lines(cfg.Positions), tomlpos.Find([]byte(text))) {
		t.Error("Positions differ")
	}
}
