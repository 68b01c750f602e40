//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redactd/redactd/internal/records/recordstest"
)

// TestPostgres holds the database of package records, on a server of PostgreSQL, to the
// tests that SQLite passes.
func TestPostgres(t *testing.T) {
	server := startPostgres(t)
	recordstest.Run(t, server.database)
}

// postgres is a server with nothing in it but what the test made.
type postgres struct {
	addr, psql, password string
	databases            atomic.Int64
	server               func() *exec.Cmd
	process              *process
}

// postgresUser may be any but root, as whom PostgreSQL refuses to run.
const postgresUser = "65534"

// startPostgres starts a server on the loopback interface that asks for a password.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	k := useKit(t, "postgres")
	s := &postgres{addr: freeAddress(t), psql: k.path("bin", "psql"), password: random(24, alnum)}
	dir, err := os.MkdirTemp("", "redactd-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // after the server has ended
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		t.Fatal(err)
	}
	as := func(ctx context.Context, program string, args ...string) *exec.Cmd {
		args = append([]string{k.path("bin", program)}, args...)
		if os.Geteuid() == 0 {
			args = append([]string{"setpriv", "--reuid=" + postgresUser, "--regid=" + postgresUser, "--clear-groups"}, args...)
		}
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env, cmd.Dir = environment("LC_ALL=C.UTF-8"), dir
		return cmd
	}
	if os.Geteuid() == 0 {
		id, _ := strconv.Atoi(postgresUser)
		for _, path := range []string{dir, secret} {
			if err := os.Chown(path, id, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	data := filepath.Join(dir, "data")
	run(t, func(ctx context.Context) *exec.Cmd {
		return as(ctx, "initdb", "--pgdata", data, "--username", "redactd", "--pwfile", secret, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync")
	})
	host, port, _ := strings.Cut(s.addr, ":")
	s.server = func() *exec.Cmd {
		return as(context.Background(), "postgres", "-D", data, "-h", host, "-p", port, "-k", dir, "-c", "fsync=off")
	}
	s.start(t)
	return s
}

// start starts the server, for the first time or again.
func (s *postgres) start(t *testing.T) {
	t.Helper()
	s.process = start(t, s.server())
	s.process.await(t, "PostgreSQL", func() bool { return s.sql(context.Background(), "SELECT 1").Run() == nil })
}

// sql runs a statement on the server's own database.
func (s *postgres) sql(ctx context.Context, statement string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.psql, "--no-psqlrc", "--tuples-only", "--no-align", "--command", statement, s.dsn("postgres"))
	cmd.Env = environment()
	return cmd
}

func (s *postgres) dsn(database string) string {
	return fmt.Sprintf("postgres://redactd:%s@%s/%s?sslmode=disable", s.password, s.addr, database)
}

// database makes an empty database and returns its DSN.
func (s *postgres) database(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.databases.Add(1))
	run(t, func(ctx context.Context) *exec.Cmd { return s.sql(ctx, "CREATE DATABASE "+name) })
	return s.dsn(name)
}
