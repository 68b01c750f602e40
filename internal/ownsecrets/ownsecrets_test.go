package ownsecrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// secret makes a value that is nobody's.
func secret(name string) string { return "Zx9" + name + "Qv7" + "kP2w" }

// store makes a Store of a configuration's tables, with files of that text in dir.
func store(t *testing.T, dir, tables string, environ []string, tell func(Status)) *Store {
	t.Helper()
	text := tables + "\n[route.r]\nupstream = 'echo'\n"
	cfg, err := config.Parse(filepath.Join(dir, "config.toml"), []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return New(cfg, Options{Environ: func() []string { return environ }, Tell: tell})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// found returns the names under which values in text are known.
func found(t *testing.T, s *Store, text string) (names []string) {
	t.Helper()
	set, err := redact.Compile([]redact.Rule{redact.KnownRule()}, redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set = set.WithKnown(s.Known())
	all, err := set.Find(set.NewScratch(), nil, redact.Field{Value: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		own, _ := f.Secret()
		names = append(names, own.Source+"/"+own.Name)
	}
	return names
}

func load(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Load(t.Context(), false); err != nil {
		t.Fatal(err)
	}
}

func TestSources(t *testing.T) {
	vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Vault-Token") != "t0ken" || r.Header.Get("X-Vault-Namespace") != "team" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		switch r.URL.Path {
		case "/v1/secret/data/app/db":
			fmt.Fprintf(w, `{"data":{"data":{"password":%q,"nested":{"pin":739182645501}},"metadata":{"version":3}}}`, secret("v2"))
		case "/v1/old/app":
			fmt.Fprintf(w, `{"data":{"password":%q}}`, secret("v1"))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer vault.Close()
	pem := "-----BEGIN PRIVATE KEY-----\n" + secret("line1") + strings.Repeat("b", 20) + "\n" + secret("line2") + strings.Repeat("c", 20) + "\n-----END PRIVATE KEY-----"
	tests := map[string]struct {
		table, file string
		text, want  string // what is logged, and what it is known as
	}{
		"variable":  {table: `env = ["API_TOKEN"]`, text: secret("env"), want: "s/API_TOKEN"},
		"glob":      {table: `env = ["*_TOKEN"]`, text: secret("env"), want: "s/API_TOKEN"},
		"except":    {table: "env = [\"*\"]\nexcept = [\"*_TOKEN\"]", text: secret("env"), want: ""},
		"address":   {table: `env = ["DB_URL"]`, text: "password " + secret("url") + " refused", want: "s/DB_URL"},
		"whole":     {table: `file = "f"`, file: secret("file") + "\n", text: secret("file"), want: "s/f"},
		"lines":     {table: "file = \"f\"\nformat = \"lines\"", file: "# list\n\n" + secret("a") + "\r\n" + secret("b"), text: secret("b"), want: "s/f:4"},
		"dotenv":    {table: "file = \"f\"\nformat = \"env\"", file: "# c\nexport A=" + secret("a") + " # no\nB = '" + secret("b") + "'\n", text: secret("a") + " " + secret("b"), want: "s/A s/B"},
		"keys":      {table: "file = \"f\"\nformat = \"env\"\nkeys = [\"B\"]", file: "A=" + secret("a") + "\nB=" + secret("b"), text: secret("a") + " " + secret("b"), want: "s/B"},
		"multiline": {table: "file = \"f\"\nformat = \"env\"", file: "K=\"" + pem + "\"\nB=" + secret("b"), text: pem + "; " + secret("b"), want: "s/K s/B"},
		"one line":  {table: "file = \"f\"\nformat = \"env\"", file: "K=\"" + strings.ReplaceAll(pem, "\n", `\n`) + "\"", text: secret("line2") + strings.Repeat("c", 20), want: "s/K"},
		"pem":       {table: `file = "f"`, file: pem, text: "at " + secret("line1") + strings.Repeat("b", 20), want: "s/f"},
		"json":      {table: "file = \"f\"\nformat = \"json\"", file: fmt.Sprintf(`{"db":{"pass":%q},"l":[%q]}`, secret("j"), secret("k")), text: secret("j") + secret("k"), want: "s/f.db.pass s/f.l"},
		"command":   {table: `command = ["printf", "` + secret("cmd") + `\\n"]`, text: secret("cmd"), want: "s/printf:1"},
		"kv 2":      {table: "vault = \"" + vault.URL + "\"\npaths = [\"app/db\"]\ntoken = \"t0ken\"\nnamespace = \"team\"", text: secret("v2") + " 739182645501", want: "s/app/db.password s/app/db.nested.pin"},
		"kv 1":      {table: "vault = \"" + vault.URL + "\"\nversion = 1\nmount = \"old\"\npaths = [\"app\"]\ntoken_file = \"f\"\nnamespace = \"team\"", file: "t0ken\n", text: secret("v1"), want: "s/app.password"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if test.file != "" {
				write(t, filepath.Join(dir, "f"), test.file)
			}
			environ := []string{"API_TOKEN=" + secret("env"), "DB_URL=postgres://app:" + secret("url") + "@db:5432/app", "HOME=/root"}
			s := store(t, dir, "[secret.s]\n"+test.table, environ, nil)
			load(t, s)
			if got := strings.Join(found(t, s, test.text), " "); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// Kubernetes puts a new directory in the place of the old one, by way of a link.
func TestMountedDirectory(t *testing.T) {
	dir := t.TempDir()
	mount := filepath.Join(dir, "mount")
	write(t, filepath.Join(mount, "..2026_1", "password"), secret("old"))
	write(t, filepath.Join(mount, "..2026_1", ".dockerconfigjson"), secret("docker"))
	link := func(to string) {
		t.Helper()
		tmp := filepath.Join(mount, "..tmp")
		if err := errors.Join(os.Symlink(to, tmp), os.Rename(tmp, filepath.Join(mount, "..data"))); err != nil {
			t.Fatal(err)
		}
	}
	link("..2026_1")
	for _, name := range []string{"password", ".dockerconfigjson"} {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(mount, name)); err != nil {
			t.Fatal(err)
		}
	}
	reads := 0
	s := store(t, dir, "[secret.s]\ndir = \"mount\"\n", nil, func(Status) { reads++ })
	load(t, s)
	if got := found(t, s, secret("old")+" "+secret("docker")); !slices.Equal(got, []string{"s/password", "s/.dockerconfigjson"}) {
		t.Fatalf("found %q", got)
	}
	s.Refresh(t.Context(), time.Now())
	if reads != 1 {
		t.Errorf("read %d times without a change", reads)
	}
	write(t, filepath.Join(mount, "..2026_2", "password"), secret("new"))
	write(t, filepath.Join(mount, "..2026_2", ".dockerconfigjson"), secret("docker"))
	link("..2026_2")
	s.Refresh(t.Context(), time.Now())
	if got := found(t, s, secret("old")+" "+secret("new")); !slices.Equal(got, []string{"s/password"}) || reads != 2 {
		t.Errorf("found %q after %d reads", got, reads)
	}
}

func TestFailureKeepsValues(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	write(t, file, secret("file"))
	var last Status
	s := store(t, dir, "[secret.s]\nfile = \"f\"\n", nil, func(st Status) { last = st })
	load(t, s)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	s.Refresh(t.Context(), time.Now())
	if last.Err == nil || last.Values != 1 || len(found(t, s, secret("file"))) != 1 {
		t.Errorf("without its file: %+v", last)
	}
	write(t, file, secret("other"))
	s.Refresh(t.Context(), time.Now())
	if last.Err != nil || !last.Changed || len(found(t, s, secret("other"))) != 1 || len(found(t, s, secret("file"))) != 0 {
		t.Errorf("with another file: %+v", last)
	}
}

func TestAskedAgain(t *testing.T) {
	n := 0
	vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		if n == 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, `{"data":{"data":{"password":%q}}}`, secret(fmt.Sprint("rev", n/4)))
	}))
	defer vault.Close()
	var told []Status
	s := store(t, t.TempDir(), "[secrets]\nrefresh = \"1m\"\n[secret.s]\nvault = \""+vault.URL+"\"\npaths = [\"a\"]\ntoken = \"t\"", nil,
		func(st Status) { told = append(told, st) })
	load(t, s)
	now := time.Now()
	for i := range 4 {
		s.Refresh(t.Context(), now.Add(time.Duration(i)*2*time.Minute))
		s.Refresh(t.Context(), now.Add(time.Duration(i)*2*time.Minute))
	}
	changed := ""
	for _, st := range told {
		changed += fmt.Sprint(st.Changed, st.Err != nil, " ")
	}
	if changed == "" || n < 4 {
		t.Errorf("asked %d times: %s", n, changed)
	}
	if len(found(t, s, secret("rev1"))) != 1 {
		t.Errorf("asked %d times, not found: %s", n, changed)
	}
}

func TestErrors(t *testing.T) {
	vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/secret/data/moved" {
			http.Redirect(w, r, "http://other.invalid/", http.StatusTemporaryRedirect)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, secret("body"))
	}))
	defer vault.Close()
	for table, want := range map[string]string{
		`env = ["MISSING"]`:                 "the environment has no MISSING",
		`file = "missing"`:                  "no such file or directory",
		`dir = "missing"`:                   "no such file or directory",
		`file = "."`:                        "is not a regular file",
		"file = \"bad\"\nformat = \"json\"": "is not JSON",
		"file = \"bad\"\nformat = \"env\"":  "has lines that are not KEY=VALUE",
		`command = ["sh", "-c", "echo ` + secret("err") + ` >&2; exit 3"]`:                     "exit code 3",
		"command = [\"sleep\", \"10\"]\ntimeout = \"50ms\"":                                    "took longer than its timeout",
		`command = ["/missing/program"]`:                                                       "does not start",
		"vault = \"" + vault.URL + "\"\npaths = [\"a\"]\ntoken = \"" + secret("token") + "\"":  "status 403",
		"vault = \"" + vault.URL + "\"\npaths = [\"moved\"]\ntoken = \"t\"":                    "status 307",
		"vault = \"http://127.0.0.1:1\"\npaths = [\"a\"]\ntoken = \"" + secret("token") + "\"": "can't ask Vault",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "bad"), secret("bad")+" and more")
		s := store(t, dir, "[secret.s]\n"+table, nil, nil)
		err := s.Load(t.Context(), false)
		var all config.Errors
		if !errors.As(err, &all) || len(all) != 1 || !strings.Contains(err.Error(), want) || all[0].Line < 2 || !strings.HasPrefix(all[0].Key, "secret.s.") {
			t.Errorf("%s: %v, want %q", table, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "Zx9") {
			t.Errorf("%s: the error quotes a value: %v", table, err)
		}
		optional := store(t, dir, "[secret.s]\n"+table+"\noptional = true", nil, nil)
		if err := optional.Load(t.Context(), false); err != nil || optional.Status()[0].Err == nil {
			t.Errorf("%s, though optional: %v", table, err)
		}
	}
	s := store(t, t.TempDir(), "[secret.s]\ncommand = [\"/missing/program\"]", nil, nil)
	if err := s.Load(t.Context(), true); err != nil || !s.Status()[0].Skipped {
		t.Errorf("a command was run though it is not local: %v", err)
	}
}

func TestRefused(t *testing.T) {
	environ := []string{"SHORT=a1B2c3", "WORD=production", "PLACE=${PASSWORD}", "GOOD=" + secret("good"), "EMPTY=", "LONG=" + strings.Repeat(secret("x"), redact.MaxKnown/10)}
	s := store(t, t.TempDir(), "[secret.s]\nenv = [\"*\"]", environ, nil)
	load(t, s)
	st := s.Status()[0]
	var refused []string
	for _, r := range st.Refused {
		refused = append(refused, r.Name)
		if strings.Contains(r.Reason, "a1B2c3") || strings.Contains(r.Reason, "production") {
			t.Errorf("the reason quotes the value: %s", r.Reason)
		}
	}
	if strings.Join(refused, " ") != "SHORT WORD PLACE LONG" || st.Values != 1 {
		t.Errorf("refused %q, took %d", refused, st.Values)
	}
	s = store(t, t.TempDir(), "[secrets]\nmin_length = 6\n[secret.s]\nenv = [\"*\"]\nallow_common = true", environ, nil)
	load(t, s)
	if got := found(t, s, "a1B2c3 production"); len(got) != 2 {
		t.Errorf("found %q", got)
	}
}

func TestSame(t *testing.T) {
	one := "[secret.s]\nenv = [\"A\"]"
	a := store(t, t.TempDir(), one, nil, nil)
	if b := store(t, t.TempDir(), one, nil, nil); !a.Same(b.cfg) {
		t.Error("the same sources are not the same")
	}
	if b := store(t, t.TempDir(), one+"\nallow_common = true", nil, nil); a.Same(b.cfg) {
		t.Error("other sources are the same")
	}
}

func TestRunEnds(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f"), secret("one"))
	told := make(chan Status, 8)
	s := store(t, dir, "[secrets]\npoll = \"100ms\"\n[secret.s]\nfile = \"f\"", nil, func(st Status) { told <- st })
	load(t, s)
	<-told
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	write(t, filepath.Join(dir, "f"), secret("other one"))
	if st := <-told; st.Err != nil || !st.Changed {
		t.Errorf("%+v", st)
	}
	cancel()
	<-done
}

// Nothing of a value may be in what is told of it.
func TestStatusHoldsNoValue(t *testing.T) {
	environ := []string{"A=" + secret("a"), "B=" + secret("b")[:7], "C=changeme"}
	s := store(t, t.TempDir(), "[secret.s]\nenv = [\"*\"]", environ, nil)
	load(t, s)
	text, err := json.Marshal(s.Status())
	if err != nil || strings.Contains(string(text), "Zx9") || strings.Contains(string(text), "changeme") {
		t.Errorf("%s, %v", text, err)
	}
}

func FuzzParseEnv(f *testing.F) {
	f.Add("A=b\nexport C='d'\nE=\"f\\ng\"")
	f.Add("A=\"b\nc\n")
	f.Fuzz(func(t *testing.T, text string) {
		before := text
		_ = parseEnv([]byte(text), "f", &config.Secrets{}, func(name string, value []byte) {
			if name == "" || strings.ContainsAny(name, "\n=") || len(value) > len(text) {
				t.Errorf("%q is %q in %q", name, value, before)
			}
		})
	})
}

// A file that is emptied, or a directory, may be in the middle of a change.
func TestEmptiedKeepsValues(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f"), secret("a"))
	s := store(t, dir, "[secret.f]\nfile = '"+filepath.Join(dir, "f")+"'\n", nil, nil)
	if err := s.Load(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "f"), "")
	s.Refresh(context.Background(), time.Now())
	if st := s.Status()[0]; st.Err == nil || st.Values != 1 {
		t.Errorf("%+v", st)
	}
	if got := found(t, s, "x "+secret("a")); len(got) != 1 {
		t.Errorf("found %v", got)
	}
	write(t, filepath.Join(dir, "f"), secret("b"))
	s.Refresh(context.Background(), time.Now())
	if st := s.Status()[0]; st.Err != nil || len(found(t, s, secret("a"))) != 0 || len(found(t, s, secret("b"))) != 1 {
		t.Errorf("%+v", st)
	}
}
