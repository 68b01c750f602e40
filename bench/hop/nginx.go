package hop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nginxConf is a reverse proxy of one worker with buffers large enough that no
// body goes through a file, and kept connections to the upstream.
const nginxConf = `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
USER
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
	client_max_body_size 64m;
	client_body_buffer_size 1m;
	keepalive_requests 1000000000;
	upstream backend { server UPSTREAM; keepalive 128; keepalive_requests 1000000000; }
	server {
		listen LISTEN;
		location / {
			proxy_pass http://backend;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffers 16 32k;
			proxy_buffer_size 32k;
			proxy_busy_buffers_size 64k;
			FILTER
		}
	}
}
`

// nginxFilter replaces one fixed text: what nginx itself has for scrubbing.
const nginxFilter = `sub_filter_types *; sub_filter_once off; sub_filter "postgres://" "[REDACTED]";`

// NginxPath returns the path of nginx, "" where it is not installed.
func NginxPath() string {
	path, err := exec.LookPath("nginx")
	if err != nil {
		return ""
	}
	return path
}

// StartNginx starts nginx with its files in dir, with or without a filter of
// answers.
func StartNginx(ctx context.Context, name, dir, upstream string, filter bool) (*Process, error) {
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	user, text := "", ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	if filter {
		text = nginxFilter
	}
	conf := strings.NewReplacer("UPSTREAM", upstream, "LISTEN", addr, "USER", user, "FILTER", text).Replace(nginxConf)
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return nil, err
	}
	p, err := Start(ctx, name, addr, NginxPath(), "-p", dir, "-c", file, "-e", "stderr")
	if err != nil {
		return nil, fmt.Errorf("nginx: %w", err)
	}
	return p, nil
}
