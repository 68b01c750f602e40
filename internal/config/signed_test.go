package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestCredentials asks that credentials are read from keys and from files, are shown
// nowhere, and do not change the digest.
func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	id, secret, azure := "PLANT"+"ID", "plant"+"ed/secret", "cGxhbnRlZA=="
	write(t, filepath.Join(dir, "credentials"), "# of the tools\n[other]\naws_access_key_id = X\naws_secret_access_key=Y\n"+
		"[default]\naws_access_key_id = "+id+"\naws_secret_access_key="+secret+"\naws_session_token = planted-token\n")
	write(t, filepath.Join(dir, "azure"), azure+"\n")
	const rest = "\n[route.r]\nupstream = \"up\"\nsigned = \"resign\"\n"
	parse := func(keys string) *Config {
		return mustParse(t, filepath.Join(dir, "c.toml"), "[upstream.up]\nurls = [\"http://127.0.0.1:1\"]\n"+keys+rest, nil)
	}
	fromFile := parse("aws_credentials_file = \"credentials\"\nazure_account = \"acct\"\nazure_shared_key_file = \"azure\"\naws_region = \"eu-west-1\"")
	keys := func(secret string) *Config {
		return parse(fmt.Sprintf("aws_access_key_id = %q\naws_secret_access_key = %q\naws_session_token = \"planted-token\"\n"+
			"azure_account = \"acct\"\nazure_shared_key = %q", id, secret, azure))
	}
	for _, cfg := range []*Config{fromFile, keys(secret)} {
		u := cfg.Upstreams["up"]
		if string(u.AWSAccessKeyID) != id || string(u.AWSSecretAccessKey) != secret || u.AWSSessionToken != "planted-token" ||
			string(u.AzureSharedKey) != azure || cfg.Routes["r"].Signed != SignedResign {
			t.Error("the credentials are not those that were written")
		}
		text, err := cfg.TOML()
		if err != nil {
			t.Fatal(err)
		}
		shown := string(text) + fmt.Sprintf("%+v %#v", *u, *cfg.Public().Upstreams["up"])
		for _, bad := range []string{id, "planted", azure} {
			if strings.Contains(strings.ReplaceAll(shown, dir, ""), bad) {
				t.Errorf("%q is shown in %s", bad, shown)
			}
		}
	}
	if keys(secret).Digest != keys("another").Digest {
		t.Error("a secret changed the digest")
	}
}
