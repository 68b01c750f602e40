package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const secretive = `
[upstream.api]
urls = ["http://user:in-the-file@${HOST}:8000", "http://${HOST}"]
[route.api]
upstream = "${UP:-api}"
action = "replace:${TEXT:-planted-default}"
[rule.r]
pattern = '://x(\w)@'
[token]
keys = ["literal-planted-value", "${KEY}"]
[audit]
dir = "${DIR}/audit"
[server]
max_body = "${SIZE:-1MiB}"
[records]
dsn = "postgres://user:in-the-file@db.internal/x?sslmode=disable&password=in-the-file&user=${KEY}"
[errors]
otlp = "http://user:in-the-file@collector:4318"
otlp_headers = { A = "in-the-file" }
sentry_dsn = "https://in-the-file@sentry/7"
`

func secretiveEnv() map[string]string {
	return map[string]string{
		"HOST": "planted-host", "KEY": "planted-value-0123456789", "DIR": "/planted-dir", "TEXT": "planted-text",
	}
}

func TestPublic(t *testing.T) {
	cfg := mustParse(t, "c.toml", secretive, secretiveEnv())
	if cfg.Upstreams["api"].URLs[0] != "http://user:in-the-file@planted-host:8000" || cfg.Routes["api"].Upstream != "api" {
		t.Fatalf("not expanded: %q", cfg.Upstreams["api"].URLs)
	}
	public := cfg.Public()
	text, err := cfg.TOML()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(public)
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	fmt.Fprintf(&all, "%s\n%s\n%+v\n%#v\n%+v", text, asJSON, *public, *public, public.Token)
	for _, u := range public.Upstreams {
		fmt.Fprintf(&all, "%+v", *u)
	}
	for _, bad := range []string{"planted", "in-the-file", "user:"} {
		if strings.Contains(all.String(), bad) {
			t.Errorf("%q is shown in\n%s", bad, all.String())
		}
	}
	for _, want := range []string{
		`"http://[hidden]@${HOST}:8000", "http://${HOST}"`, `dir = "${DIR}/audit"`, `max_body = "1MiB"`,
		`action = "replace:${TEXT}"`, `pattern = "://x(\\w)@"`, `keys = ["[hidden]", "[hidden]"]`,
		`dsn = "postgres://[hidden]@db.internal/x?sslmode=disable&password=[hidden]&user=${KEY}"`, `otlp = "http://[hidden]@collector:4318"`,
		`A = "[hidden]"`, `sentry_dsn = "https://[hidden]@sentry/7"`, `idle_timeout = "2m"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if public.Routes["api"].Name != "api" || public.Rules["r"].ID != "r" || public.Digest != cfg.Digest {
		t.Error("names or digest are lost")
	}
	public.Upstreams["api"].URLs[0] = "changed"
	public.Routes["api"].Upstream = "changed"
	if cfg.Upstreams["api"].URLs[0] == "changed" || cfg.Routes["api"].Upstream == "changed" {
		t.Error("Public is no deep copy")
	}
}

// TestDigest asks that what matters changes the digest, and that secrets and
// places do not.
func TestDigest(t *testing.T) {
	base := mustParse(t, "c.toml", secretive, secretiveEnv()).Digest
	if len(base) != 64 {
		t.Fatalf("digest %q", base)
	}
	same := secretiveEnv()
	same["KEY"], same["HOST"] = "another-key-0123456789", "other"
	if got := mustParse(t, "/elsewhere/d.toml", "# comment\n"+secretive, same).Digest; got != base {
		t.Error("secrets, place or comments changed the digest")
	}
	for _, change := range []string{"[store]\nmax_files = 7\n", "[allow.x]\nvalues = ['y']\n", "[admin]\nlisten = '127.0.0.1:9999'\n"} {
		if got := mustParse(t, "c.toml", secretive+change, secretiveEnv()).Digest; got == base {
			t.Errorf("%q did not change the digest", change)
		}
	}
	if got := mustParse(t, "c.toml", strings.Replace(secretive, `x(\w)@`, `y(\w)@`, 1), secretiveEnv()).Digest; got == base {
		t.Error("a rule's pattern did not change the digest")
	}
}

func TestSecretPrintsHidden(t *testing.T) {
	s := Secret("plant" + "ed")
	for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q"} {
		if got := fmt.Sprintf(format, s); strings.Contains(got, "plant") {
			t.Errorf("%s gives %s", format, got)
		}
	}
}

func TestDurationAndSize(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "1500ms": 1500 * time.Millisecond, "90d": 90 * 24 * time.Hour, "1d12h": 36 * time.Hour, "1h30m": 90 * time.Minute,
	} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s: %v, %v", text, d, err)
		}
		var again Duration
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%s prints as %s: %v", text, d, err)
		}
	}
	for text, want := range map[string]Size{"0": 0, "512": 512, "64KB": 64000, "8MiB": 8 << 20, "1 GiB": 1 << 30, "7B": 7} {
		var z Size
		if err := z.UnmarshalText([]byte(text)); err != nil || z != want {
			t.Errorf("%s: %v, %v", text, z, err)
		}
		var again Size
		if err := again.UnmarshalText([]byte(z.String())); err != nil || again != z {
			t.Errorf("%s prints as %s: %v", text, z, err)
		}
	}
	for _, text := range []string{"", " ", "x", "-1", "1.5MiB", "9223372036854775807GiB", "MiB", "8 Megs", "+1", "1e3"} {
		if err := new(Size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("size %q accepted", text)
		}
	}
	for _, text := range []string{"", "d", "-1s", "1", "30 s", "1.5d", "99999999d", "-0s", "106751d2562048h"} {
		if err := new(Duration).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("duration %q accepted", text)
		}
	}
}

func TestExpand(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"A": "1", "B_2": "$$ ${A}", "E": ""}[name]
		return v, ok
	}
	for in, want := range map[string][2]string{
		"plain":         {"plain", ""},
		"$$":            {"$", ""},
		"$":             {"$", ""},
		"a$":            {"a$", ""},
		"$A $1":         {"$A $1", ""},
		"$${A}":         {"${A}", ""},
		"$$${A}":        {"$1", "$$${A}"},
		"x${A}y${B_2}$": {"x1y$$ ${A}$", "x${A}y${B_2}$"},
		"${E}":          {"", "${E}"},
		"${E:-d}":       {"d", "${E}"},
		"${N:-}":        {"", "${N}"},
		"${N:-a:-b}":    {"a:-b", "${N}"},
		"${A:-d}":       {"1", "${A}"},
	} {
		out, shown, err := expand(in, env)
		if got := [2]string{out, shown}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"${", "${}", "${A", "${1}", "${a b}", "${A-b}", "${N}"} {
		if _, _, err := expand(in, env); err == nil {
			t.Errorf("%s accepted", in)
		}
	}
}
