package hop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs are the built programs and the directory for everything that servers
// write.
type Programs struct{ dir string }

// Build builds redactd and peerd from the sources, which needs the go command,
// each with the dependencies of its own module.
// The working directory must be that of the bench module.
func Build(ctx context.Context) (*Programs, error) {
	dir, err := os.MkdirTemp("", "redactd-bench-")
	if err != nil {
		return nil, err
	}
	for module, pkg := range map[string]string{".": "./peerd", "..": "./cmd/redactd"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator), pkg)
		cmd.Dir = module
		if out, err := cmd.CombinedOutput(); err != nil {
			_ = os.RemoveAll(dir)
			return nil, fmt.Errorf("building %s: %w\n%s", pkg, err, out)
		}
	}
	return &Programs{dir}, nil
}

// Remove removes everything.
func (p *Programs) Remove() error { return os.RemoveAll(p.dir) }

// Peer starts peerd as what. upstream is "" for the upstream itself.
func (p *Programs) Peer(ctx context.Context, name, what, upstream string) (*Process, error) {
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	return Start(ctx, name, addr, filepath.Join(p.dir, "peerd"), "-listen", addr, "-upstream", upstream, what)
}

// redactdConf scrubs the errors at ErrorPath, the answers at JSONPath and the requests at
// LogsPath, and neutralises errors at the other paths, with all that is on by default but
// canaries: they are sent at the start, into the time that is measured.
const redactdConf = `
[server]
listen = ["LISTEN"]
[admin]
listen = "ADMIN"
pprof = true
[canary]
every = "0s"
[upstream.peer]
urls = ["http://UPSTREAM"]
[route.error]
upstream = "peer"
path_prefix = "/error"
request = "none"
response = "errors"
errors.5xx = "scrub"
[route.trace]
upstream = "peer"
path_prefix = "/trace"
[route.page]
upstream = "peer"
path_prefix = "/page"
[route.fine]
upstream = "peer"
path_prefix = "/fine"
[route.json]
upstream = "peer"
path_prefix = "/json"
request = "none"
response = "all"
[route.logs]
upstream = "peer"
path_prefix = "/logs"
request = "all"
response = "none"
[audit]
AUDIT
`

// Redactd starts redactd, with an audit trail where audited. admin is the
// address of its admin listener.
func (p *Programs) Redactd(ctx context.Context, name, upstream string, audited bool) (proc *Process, admin string, err error) {
	dir := ""
	if audited {
		if dir, err = p.TrailDir(); err != nil {
			return nil, "", err
		}
	}
	return p.RedactdWith(ctx, name, upstream, fmt.Sprintf("dir = %q\n[errors]\nstore = false\n[records]\ndsn = \"\"", dir))
}

// RedactdKept is Redactd that keeps reports of errors in a database.
func (p *Programs) RedactdKept(ctx context.Context, name, upstream string) (proc *Process, admin string, err error) {
	dir, err := os.MkdirTemp(p.dir, "records-")
	if err != nil {
		return nil, "", err
	}
	return p.RedactdWith(ctx, name, upstream, fmt.Sprintf("dir = \"\"\n[records]\ndsn = %q", "sqlite:"+filepath.Join(dir, "records.db")))
}

// TrailDir makes a directory for an audit trail.
func (p *Programs) TrailDir() (string, error) { return os.MkdirTemp(p.dir, "audit-") }

// RedactdWith is Redactd with the keys of the table "audit".
func (p *Programs) RedactdWith(ctx context.Context, name, upstream, audit string) (proc *Process, admin string, err error) {
	addr, err := FreeAddr()
	if err != nil {
		return nil, "", err
	}
	if admin, err = FreeAddr(); err != nil {
		return nil, "", err
	}
	conf := strings.NewReplacer("LISTEN", addr, "ADMIN", admin, "UPSTREAM", upstream, "AUDIT", audit).Replace(redactdConf)
	file := filepath.Join(p.dir, name+".toml")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return nil, "", err
	}
	proc, err = Start(ctx, name, addr, filepath.Join(p.dir, "redactd"), "serve", "--config", file, "--log-level", "error")
	return proc, admin, err
}

// Output runs redactd and returns what it prints.
func (p *Programs) Output(ctx context.Context, args ...string) ([]byte, error) {
	return exec.CommandContext(ctx, filepath.Join(p.dir, "redactd"), args...).Output()
}

// Nginx starts nginx.
func (p *Programs) Nginx(ctx context.Context, name, upstream string, filter bool) (*Process, error) {
	dir, err := os.MkdirTemp(p.dir, "nginx-")
	if err != nil {
		return nil, err
	}
	return StartNginx(ctx, name, dir, upstream, filter)
}
