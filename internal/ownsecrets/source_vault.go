package ownsecrets

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/config"
)

func init() {
	register("vault", func(s *config.Secrets, _ *Options) source { return &vaultSource{s} })
}

// vaultSource is secrets in a KV engine of HashiCorp Vault. Reading one is a GET
// (https://developer.hashicorp.com/vault/api-docs/secret/kv), which needs no client.
type vaultSource struct{ cfg *config.Secrets }

func (v *vaultSource) files() []string { return nil }
func (v *vaultSource) remote() bool    { return true }

func (v *vaultSource) read(ctx context.Context, yield func(string, []byte)) error {
	token := string(v.cfg.Token)
	if v.cfg.TokenFile != "" {
		data, err := os.ReadFile(v.cfg.TokenFile)
		if err != nil {
			return fmt.Errorf("token_file: %w", plain(err))
		}
		token = string(bytes.TrimSpace(data))
		clear(data)
	}
	client, err := v.client()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	for _, path := range v.cfg.Paths {
		if err := v.get(ctx, client, token, path, yield); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func (v *vaultSource) client() (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if v.cfg.TLSCA != "" {
		pem, err := os.ReadFile(v.cfg.TLSCA)
		if err != nil {
			return nil, fmt.Errorf("tls_ca: %w", plain(err))
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, errors.New("tls_ca holds no certificate")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{
		Transport: transport, Timeout: time.Duration(v.cfg.Timeout),
		// The token goes to the address that the operator wrote, and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// get reads the secret at a path.
func (v *vaultSource) get(ctx context.Context, client *http.Client, token, path string, yield func(string, []byte)) error {
	parts := []string{"v1"}
	parts = append(parts, segments(v.cfg.Mount)...)
	if v.cfg.Version == 2 {
		parts = append(parts, "data")
	}
	parts = append(parts, segments(path)...)
	address := strings.TrimRight(v.cfg.Vault, "/") + "/" + strings.Join(parts, "/")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("is not a path")
	}
	req.Header.Set("X-Vault-Token", token)
	req.Header.Set("X-Vault-Request", "true")
	if v.cfg.Namespace != "" {
		req.Header.Set("X-Vault-Namespace", v.cfg.Namespace)
	}
	resp, err := client.Do(req)
	if err != nil {
		if ue := (*url.Error)(nil); errors.As(err, &ue) {
			err = ue.Err
		}
		return fmt.Errorf("can't ask Vault: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d of Vault%s", resp.StatusCode, vaultAdvice[resp.StatusCode])
	}
	data, err := readAll(resp.Body)
	if errors.Is(err, errTooLarge) {
		return err
	}
	if err != nil {
		return errors.New("the answer of Vault breaks off")
	}
	defer clear(data)
	return v.answer(data, path, yield)
}

var vaultAdvice = map[int]string{
	http.StatusForbidden: " (the token may not read this path)",
	http.StatusNotFound:  " (there is no such secret; mount and version name the engine)",
}

func segments(path string) (out []string) {
	for _, s := range strings.Split(strings.Trim(path, "/"), "/") {
		out = append(out, url.PathEscape(s))
	}
	return out
}

// answer takes the values of a secret out of Vault's answer.
func (v *vaultSource) answer(data []byte, path string, yield func(string, []byte)) error {
	var outer struct {
		Data json.RawMessage `json:"data"`
	}
	err := json.Unmarshal(data, &outer)
	defer func() { clear(outer.Data) }()
	secret := outer.Data
	if err == nil && v.cfg.Version == 2 {
		var inner struct {
			Data json.RawMessage `json:"data"`
		}
		err = json.Unmarshal(outer.Data, &inner)
		defer func() { clear(inner.Data) }()
		secret = inner.Data
	}
	if err != nil || len(secret) == 0 || secret[0] != '{' {
		return fmt.Errorf("the answer of Vault is not one of a KV engine of version %d", v.cfg.Version)
	}
	return parseJSON(secret, path, v.cfg, yield)
}
