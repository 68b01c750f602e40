//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// errorApp is an application that fails in many ways, each the same in every
// framework (errorCases). It is handed what it leaks by its environment.
type errorApp struct {
	name string
	kit  string
	// command returns what starts it at an address, given the directory of its kit.
	command func(k kit, addr string, debug bool) *exec.Cmd
	// env is what it needs besides what all are given.
	env func(k kit, debug bool) []string
	// modes are the values of debug it is run with; nil means both.
	modes []bool
	// internals are what its answers must not tell: names of functions and files.
	internals []string
	// answers differ from errorCases in these.
	answers map[string]errorAnswer
}

// errorApps are all of them; their files add to it.
var errorApps []errorApp

// errorAppDir returns the directory of an application's sources.
func errorAppDir(name string) string {
	dir, err := filepath.Abs(filepath.Join("errorapps", name))
	if err != nil {
		panic(err)
	}
	return dir
}

// runningApp is an application that answers.
type runningApp struct {
	*process
	addr, dir, kit, data string
}

// startErrorApp starts an application with its secrets.
func startErrorApp(t *testing.T, app errorApp, ps errorPlants, debug bool) *runningApp {
	t.Helper()
	k := useKit(t, app.kit)
	r := &runningApp{addr: freeAddress(t), kit: string(k), data: t.TempDir()}
	cmd := app.command(k, r.addr, debug)
	r.dir = cmd.Dir
	on := "0"
	if debug {
		on = "1"
	}
	cmd.Env = append([]string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + r.data, "LANG=C.UTF-8", "TZ=UTC",
		"PYTHONDONTWRITEBYTECODE=1", "APP_DEBUG=" + on, "APP_DATA=" + r.data,
	}, ps.environment()...)
	if app.env != nil {
		cmd.Env = append(cmd.Env, app.env(k, debug)...)
	}
	r.process = start(t, cmd)
	r.await(t, app.name, func() bool { return answers(r.addr) })
	return r
}

// python returns the command of a Python application in errorapps.
func python(dir, file string) func(k kit, addr string, debug bool) *exec.Cmd {
	return func(k kit, addr string, _ bool) *exec.Cmd {
		return inDirectory(errorAppDir(dir), k.path("bin", "python"), file, addr)
	}
}

func inDirectory(dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), program, args...)
	cmd.Dir = dir
	return cmd
}

func init() {
	pythonNames := []string{"charge_ledger", "read_report", "Traceback", "site-packages"}
	for _, version := range []string{"3.2", "4.2", "5.2"} {
		errorApps = append(errorApps, errorApp{
			name: "django-" + version, kit: "django" + version, command: python("django", "manage.py"), internals: pythonNames,
		})
	}
	errorApps = append(errorApps,
		errorApp{name: "flask", kit: "flask", command: python("flask", "app.py"), internals: pythonNames},
		errorApp{name: "fastapi", kit: "fastapi", command: python("fastapi", "app.py"), internals: pythonNames},
	)
	for version, module := range map[string]string{"4": "express4", "5": "express"} {
		errorApps = append(errorApps, errorApp{
			name: "express-" + version, kit: "express",
			command: func(_ kit, addr string, _ bool) *exec.Cmd {
				return inDirectory(errorAppDir("express"), "node", "app.js", addr)
			},
			env: func(k kit, debug bool) []string {
				mode := "production"
				if debug {
					mode = "development"
				}
				return []string{"NODE_ENV=" + mode, "NODE_KIT=" + string(k), "EXPRESS=" + module}
			},
			internals: []string{"chargeLedger", "readReport", "node_modules", "app.js"},
		})
	}
}

// pythonPrefix returns where the Python of a virtual environment has its library.
func pythonPrefix(k string) string {
	path, err := filepath.EvalSymlinks(filepath.Join(k, "bin", "python"))
	if err != nil {
		return ""
	}
	return filepath.Dir(filepath.Dir(path))
}

// machine returns what of this machine stands in an application's answers, and
// what a capture has instead.
func (r *runningApp) machine() []string {
	list := []string{r.dir, "/srv/app", r.data, "/srv/data", r.kit, "/opt/kit", r.addr, "127.0.0.1:8000"}
	if prefix := pythonPrefix(r.kit); prefix != "" {
		list = append(list, prefix, "/usr/local")
	}
	if host, err := os.Hostname(); err == nil {
		list = append(list, "'"+host+"'", "'web-1'", "&#x27;"+host+"&#x27;", "&#x27;web-1&#x27;")
	}
	return list
}
