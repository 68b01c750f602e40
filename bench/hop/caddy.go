package hop

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/redactd/redactd/bench/debian"
)

// caddyConf is a reverse proxy with kept connections to the upstream that leaves
// bodies alone.
const caddyConf = `{
	admin off
	auto_https off
	log {
		output discard
	}
}
http://LISTEN {
	reverse_proxy UPSTREAM {
		transport http {
			keepalive_idle_conns 1024
			keepalive_idle_conns_per_host 1024
			compression off
		}
	}
}
`

// CaddyPath returns the path of caddy, of the system or in the cache, "" where
// there is none.
func CaddyPath(cache debian.Cache) string {
	if path, err := exec.LookPath("caddy"); err == nil {
		return path
	}
	return cache.File("caddy", "usr/bin/caddy")
}

// Caddy starts the caddy at path.
func (p *Programs) Caddy(ctx context.Context, name, path, upstream string) (*Process, error) {
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(p.dir, "caddy-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "Caddyfile")
	conf := strings.NewReplacer("LISTEN", addr, "UPSTREAM", upstream).Replace(caddyConf)
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return nil, err
	}
	// Everything that it stores goes into dir.
	return Start(ctx, name, addr, "/usr/bin/env", "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir,
		path, "run", "--adapter", "caddyfile", "--config", file)
}
