//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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
	// internals are what its answers must not tell: names of functions and files.
	internals  []string
	compresses bool // for clients that accept it
	jsonOnly   bool // answers 406 to those who accept text/html only
	// answers are what is said of some answers of its own, by the name of the case:
	// a status, if it is another than in errorCases, and more words to keep.
	answers map[string]errorAnswer
	// more are cases of its own; own stand in place of errorCases.
	more, own []errorCase
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
	app                  errorApp
	addr, dir, kit, data string
}

// startErrorApp starts an application with its secrets.
func startErrorApp(t *testing.T, app errorApp, ps errorPlants, debug bool) *runningApp {
	t.Helper()
	k := useKit(t, app.kit)
	r := &runningApp{app: app, addr: freeAddress(t), kit: string(k), data: t.TempDir()}
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
			name: "django-" + version, kit: "django" + version, compresses: true, command: python("django", "manage.py"), internals: pythonNames,
			answers: map[string]errorAnswer{"validation": {kept: []string{"This field is required.", "Ensure this value is less than or equal to 10.", "is not a valid choice."}}},
		})
	}
	errorApps = append(errorApps,
		errorApp{name: "flask", kit: "flask", command: python("flask", "app.py"), internals: pythonNames,
			answers: map[string]errorAnswer{"validation": {status: 422, kept: []string{"Must be at most 10.", "'GBP' is not one of EUR, USD.", "This field is required."}}}},
		errorApp{name: "fastapi", kit: "fastapi", command: python("fastapi", "app.py"), internals: pythonNames,
			answers: map[string]errorAnswer{"validation": {status: 422, kept: []string{"Input should be less than or equal to 10", "Input should be 'EUR' or 'USD'", "Field required"}}}},
	)
	for _, version := range []string{"4", "5"} {
		module := strings.TrimSuffix("express"+version, "5")
		errorApps = append(errorApps, errorApp{
			name: "express-" + version, kit: "express",
			command: func(_ kit, addr string, _ bool) *exec.Cmd {
				return inDirectory(errorAppDir("express"), "node", "app.js", addr)
			},
			env:       func(k kit, debug bool) []string { return append(nodeEnvironment(k, debug), "EXPRESS="+module) },
			internals: []string{"chargeLedger", "readReport", "node_modules", "app.js"},
			answers:   map[string]errorAnswer{"validation": {kept: []string{"Must be at most 10.", "is not one of EUR, USD.", "This field is required."}}},
		})
	}
}

func init() {
	errorApps = append(errorApps,
		errorApp{
			name: "go", kit: "errors-go",
			command:   func(k kit, addr string, _ bool) *exec.Cmd { return inDirectory(string(k), k.path("shop"), addr) },
			internals: []string{"chargeLedger", "readReport", "goroutine", "main.go"},
			answers:   map[string]errorAnswer{"validation": {kept: []string{"quantity: must be at most 10", "currency: GBP is not one of EUR, USD", "address: required"}}},
		},
		errorApp{name: "spring", kit: "errors-spring", compresses: true, command: springBoot, internals: []string{"chargeLedger", "readReport", "Shop.java", "\tat "},
			// Tomcat answers itself.
			more: []errorCase{{"server-page", "GET", "/invoices%2F7", "", errorAnswer{status: 400}}},
		},
		errorApp{name: "axum", kit: "errors-axum", internals: []string{"charge_ledger", "read_report", "main.rs", "rustc"},
			command: func(k kit, addr string, _ bool) *exec.Cmd { return inDirectory(string(k), k.path("shop"), addr) },
			env:     func(kit, bool) []string { return []string{"RUST_BACKTRACE=1"} },
			answers: map[string]errorAnswer{"validation": {status: 422, kept: []string{"unknown variant `GBP`, expected `EUR` or `USD`"}}},
			more:    []errorCase{{"panic", "GET", "/reports/reload", "", errorAnswer{status: 500}}},
		},
	)
	rubyNames := []string{"charge_ledger", "read_report", "app.rb", "vendor_ruby", "gems/", "actionpack (", "RoutingError"}
	missing := []errorCase{{"missing-record", "GET", "/customers/999", "", errorAnswer{status: 404}}}
	invalid := map[string]errorAnswer{"validation": {status: 422, kept: []string{"Quantity must be less than or equal to 10", "Currency is not included in the list", "Address can't be blank"}}}
	errorApps = append(errorApps,
		errorApp{name: "sinatra", kit: "ruby", command: ruby("sinatra"), env: rubyEnvironment, internals: rubyNames,
			answers: map[string]errorAnswer{"validation": {status: 422, kept: []string{"must be less than or equal to 10", "GBP is not one of EUR, USD", "can't be blank"}}}},
		errorApp{name: "rails", kit: "ruby", command: ruby("rails"), env: rubyEnvironment, internals: rubyNames,
			answers: invalid, more: missing},
		errorApp{name: "rails-api", kit: "ruby", command: ruby("rails"), internals: rubyNames,
			env:     func(k kit, debug bool) []string { return append(rubyEnvironment(k, debug), "RAILS_API=1") },
			answers: invalid, more: missing},
	)
}

func nodeEnvironment(k kit, debug bool) []string {
	mode := "production"
	if debug {
		mode = "development"
	}
	return []string{"NODE_ENV=" + mode, "NODE_KIT=" + string(k)}
}

func springBoot(k kit, addr string, debug bool) *exec.Cmd {
	host, port, _ := strings.Cut(addr, ":")
	show := "never"
	if debug {
		show = "always"
	}
	return inDirectory(string(k), "java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", k.path("classes")+":"+k.path("lib", "*"),
		"com.example.shop.Shop", "--server.address="+host, "--server.port="+port, "--spring.main.banner-mode=off", "--server.compression.enabled=true",
		"--server.error.include-stacktrace="+show, "--server.error.include-binding-errors="+show,
		// Without their message the errors of ResponseStatusException are of no use to a caller.
		"--server.error.include-message=always", "--server.error.include-exception="+strconv.FormatBool(debug))
}

func init() {
	errorApps = append(errorApps, errorApp{
		name: "php", kit: "php", command: phpServer, internals: []string{"charge_ledger", "read_report", "shop.php", "Stack trace"},
		env: func(k kit, _ bool) []string {
			libraries, err := filepath.Glob(k.path("usr", "lib", "*-linux-gnu*"))
			if err != nil || len(libraries) != 1 {
				panic("the kit has no libraries for this machine")
			}
			return []string{"LD_LIBRARY_PATH=" + libraries[0]}
		},
		answers: map[string]errorAnswer{"validation": {status: 422, kept: []string{"Must be at most 10.", "GBP is not one of EUR, USD.", "This field is required."}}},
		more:    []errorCase{{"warnings", "GET", "/reports/rates", "", errorAnswer{status: 500}}},
	})
}

// phpServer returns PHP's own server, with the settings of php.ini-development
// or php.ini-production that matter to errors.
func phpServer(k kit, addr string, debug bool) *exec.Cmd {
	show := "0"
	if debug {
		show = "1"
	}
	modules, err := filepath.Glob(k.path("usr", "lib", "php", "2*"))
	if err != nil || len(modules) != 1 {
		panic("the kit has no modules")
	}
	args := []string{"-n", "-d", "extension_dir=" + modules[0]}
	for _, module := range []string{"pdo", "pdo_sqlite", "pdo_pgsql"} {
		args = append(args, "-d", "extension="+module)
	}
	args = append(args, "-d", "display_errors="+show, "-d", "error_reporting=32767", "-d", "zend.exception_ignore_args=0",
		"-S", addr, "shop.php")
	return inDirectory(errorAppDir("php"), k.path("usr", "bin", "php8.2"), args...)
}

func ruby(dir string) func(k kit, addr string, debug bool) *exec.Cmd {
	return func(_ kit, addr string, _ bool) *exec.Cmd {
		return inDirectory(errorAppDir(dir), "ruby", "app.rb", addr)
	}
}

// rubyEnvironment has Ruby find the libraries of the kit beside its own.
func rubyEnvironment(k kit, _ bool) []string {
	machine, err := filepath.Glob(k.path("usr", "lib", "*-linux-gnu*"))
	if err != nil || len(machine) != 1 {
		panic("the kit has no libraries for this machine")
	}
	common := []string{"rubygems-integration/all", "rubygems-integration/3.1.0"}
	gems := []string{filepath.Join(machine[0], "rubygems-integration/3.1.0")}
	for _, dir := range common {
		gems = append(gems, k.path("usr", "share", dir), filepath.Join("/usr/share", dir))
	}
	return []string{
		"LD_LIBRARY_PATH=" + machine[0], "GEM_PATH=" + strings.Join(gems, ":"),
		"RUBYLIB=" + k.path("usr/lib/ruby/vendor_ruby") + ":" + filepath.Join(machine[0], "ruby/vendor_ruby/3.1.0"),
	}
}

// frame returns the function that an operator must find among the frames of an answer
// that has a trace, "" if none.
func (app errorApp) frame(e errorCase, text string) string {
	if e.name != "unhandled" {
		return ""
	}
	for _, name := range []string{"charge_ledger", "chargeLedger"} {
		if strings.Contains(text, name) {
			return name
		}
	}
	return ""
}

// cases returns the requests to an application and what is said of its answers.
func (app errorApp) cases() []errorCase {
	if app.own != nil {
		return app.own
	}
	var list []errorCase
	for _, c := range errorCases {
		own := app.answers[c.name]
		if own.status != 0 {
			c.status = own.status
		}
		c.kept = append(slices.Clone(c.kept), own.kept...)
		list = append(list, c)
	}
	return append(list, app.more...)
}

// accepts returns the values of Accept that it is asked with.
func (app errorApp) accepts() []accept {
	if app.jsonOnly {
		return errorAccepts[1:]
	}
	return errorAccepts
}

// pythonPrefix returns where the Python of a virtual environment has its library.
func pythonPrefix(k string) string {
	path, err := filepath.EvalSymlinks(filepath.Join(k, "bin", "python"))
	if err != nil {
		return ""
	}
	return filepath.Dir(filepath.Dir(path))
}

// places returns the directories whose names an answer must not tell.
func (r *runningApp) places() []string {
	places := []string{r.dir, r.data, r.kit}
	if prefix := pythonPrefix(r.kit); prefix != "" {
		places = append(places, prefix)
	}
	return places
}

// machine returns what of this machine stands in an application's answers, and
// what a capture has instead.
func (r *runningApp) machine() []string {
	list := []string{r.dir, "/srv/app", r.data, "/srv/data", r.kit, "/opt/kit", r.addr, "127.0.0.1:8000"}
	if source, err := filepath.Abs(filepath.Join("kits", r.app.kit)); err == nil {
		list = append(list, source, "/srv/app")
	}
	if prefix := pythonPrefix(r.kit); prefix != "" {
		list = append(list, prefix, "/usr/local")
	}
	if home, err := os.UserHomeDir(); err == nil {
		list = append(list, filepath.Join(home, ".cargo"), "/usr/local/cargo")
	}
	if host, err := os.Hostname(); err == nil {
		list = append(list, "'"+host+"'", "'web-1'", "&#x27;"+host+"&#x27;", "&#x27;web-1&#x27;")
	}
	for _, slash := range []string{"&#x2F;", `\/`} {
		for _, s := range slices.Clone(list) {
			list = append(list, strings.ReplaceAll(s, "/", slash))
		}
	}
	return list
}
