// Package deploy_test holds the files of deploy/ and the Dockerfile against
// the code that they run.
package deploy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/redactd/redactd/internal/config"
)

// files returns the files below this directory whose name ends in ext.
func files(t *testing.T, ext ...string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains(ext, filepath.Ext(path)) {
			names = append(names, path)
		}
		return err
	})
	if err != nil || len(names) == 0 {
		t.Fatalf("no %v: %v", ext, err)
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// documents decodes the YAML documents of a file.
func documents(t *testing.T, path string) []map[string]any {
	t.Helper()
	dec := yaml.NewDecoder(strings.NewReader(read(t, path)))
	var docs []map[string]any
	for {
		var doc map[string]any
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return docs
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		docs = append(docs, doc)
	}
}

// at follows keys and indexes into decoded YAML or JSON; nil if there is nothing.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func TestConfigurations(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte(strings.Repeat("k", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"REDACTD_TOKEN_KEY": strings.Repeat("k", 32), "REDACTD_KEYS_FILE": keys}
	for _, path := range files(t, ".toml") {
		cfg, err := config.Parse(path, []byte(read(t, path)), func(name string) (string, bool) { v, ok := env[name]; return v, ok })
		if err != nil {
			t.Error(err)
			continue
		}
		// In a container only the volume can be written, and other containers
		// reach only what listens on all interfaces.
		for _, dir := range []string{cfg.Audit.Dir, cfg.Store.Dir} {
			if !strings.HasPrefix(dir, "/data/") {
				t.Errorf("%s: %s is outside the volume", path, dir)
			}
		}
		if cfg.Admin.Listen != ":9090" || !slices.Equal(cfg.Server.Listen, []string{":8080"}) {
			t.Errorf("%s: listens on %v and %s", path, cfg.Server.Listen, cfg.Admin.Listen)
		}
	}
}

func TestDockerfile(t *testing.T) {
	text := read(t, "../Dockerfile")
	for _, want := range []string{
		"CGO_ENABLED=0", "\nFROM scratch\n", "\nUSER 65532:65532\n", "\nVOLUME /data\n",
		"\nEXPOSE 8080 9090\n", `"healthcheck"]`, "./cmd/redactd",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "COPY" || strings.HasPrefix(words[1], "--") {
			continue
		}
		for _, src := range words[1 : len(words)-1] {
			if _, err := os.Stat(filepath.Join("..", src)); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestDockerignore asks that the build gets every directory with packages.
func TestDockerignore(t *testing.T) {
	ignore := read(t, "../.dockerignore")
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "bench" || e.Name() == "e2e" || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		var sources int
		err := filepath.WalkDir(filepath.Join("..", e.Name()), func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				sources++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if sources > 0 && !strings.Contains(ignore, "\n!"+e.Name()+"\n") {
			t.Errorf("%s holds packages and is left out", e.Name())
		}
	}
}

func TestCompose(t *testing.T) {
	doc := documents(t, "compose.yaml")[0]
	for _, name := range []string{"api", "redactd", "elasticsearch", "kibana"} {
		if at(doc, "services", name) == nil {
			t.Errorf("no service %s", name)
		}
	}
	service := at(doc, "services", "redactd")
	if at(service, "read_only") != true || at(service, "cap_drop", 0) != "ALL" {
		t.Error("redactd may write outside its volume, or keeps capabilities")
	}
	if at(service, "volumes", 0) != "./redactd.compose.toml:/etc/redactd/config.toml:ro" || at(service, "volumes", 1) != "redactd:/data" {
		t.Errorf("volumes %v", at(service, "volumes"))
	}
	if at(service, "ports", 1) != "127.0.0.1:9090:9090" {
		t.Error("the admin port is open to the network")
	}
}

func TestKubernetes(t *testing.T) {
	const dir = "kubernetes"
	label := map[string]any{"app.kubernetes.io/name": "redactd"}
	objects := map[string]map[string]any{}
	var listed []string
	for _, path := range files(t, ".yaml") {
		if filepath.Dir(path) != dir {
			continue
		}
		for _, doc := range documents(t, path) {
			kind, _ := doc["kind"].(string)
			if kind == "Kustomization" {
				for _, r := range at(doc, "resources").([]any) {
					listed = append(listed, r.(string))
				}
				continue
			}
			name, _ := at(doc, "metadata", "name").(string)
			if doc["apiVersion"] == nil || name == "" {
				t.Errorf("%s: an object without apiVersion or name", path)
			}
			objects[kind+"/"+name] = doc
			if !strings.Contains(read(t, filepath.Join(dir, "kustomization.yaml")), "- "+filepath.Base(path)) {
				t.Errorf("%s is not in kustomization.yaml", path)
			}
		}
	}
	for _, name := range listed {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	for key, path := range map[string][]any{
		"StatefulSet/redactd":         {"spec", "selector", "matchLabels"},
		"Service/redactd":             {"spec", "selector"},
		"Service/redactd-replicas":    {"spec", "selector"},
		"PodDisruptionBudget/redactd": {"spec", "selector", "matchLabels"},
		"NetworkPolicy/redactd":       {"spec", "podSelector", "matchLabels"},
	} {
		if got := at(objects[key], path...); fmt.Sprint(got) != fmt.Sprint(label) {
			t.Errorf("%s selects %v", key, got)
		}
	}
	set := objects["StatefulSet/redactd"]
	if got := at(set, "spec", "template", "metadata", "labels"); fmt.Sprint(got) != fmt.Sprint(label) {
		t.Errorf("pods have the labels %v", got)
	}
	if got := at(set, "spec", "serviceName"); objects["Service/"+fmt.Sprint(got)] == nil {
		t.Errorf("serviceName %v is no service", got)
	}
	if got := at(objects["HorizontalPodAutoscaler/redactd"], "spec", "scaleTargetRef"); at(got, "kind") != "StatefulSet" || at(got, "name") != "redactd" {
		t.Errorf("the autoscaler scales %v", got)
	}
	checkPod(t, at(set, "spec", "template", "spec"))
}

func checkPod(t *testing.T, pod any) {
	if at(pod, "securityContext", "runAsNonRoot") != true || at(pod, "securityContext", "runAsUser") != 65532 {
		t.Error("the pod may run as root")
	}
	c := at(pod, "containers", 0)
	if at(c, "securityContext", "readOnlyRootFilesystem") != true || at(c, "securityContext", "allowPrivilegeEscalation") != false {
		t.Error("the container may write to its root file system, or gain privileges")
	}
	for probe, path := range map[string]string{"startupProbe": "/-/healthy", "livenessProbe": "/-/healthy", "readinessProbe": "/-/ready"} {
		if at(c, probe, "httpGet", "path") != path || at(c, probe, "httpGet", "port") != "admin" {
			t.Errorf("%s asks %v", probe, at(c, probe, "httpGet"))
		}
	}
}

var metricName = regexp.MustCompile(`\bredactd_[a-z_]+\b`)

// metrics returns the metrics that an expression names, histograms by their
// base name.
func metrics(expr string) []string {
	names := metricName.FindAllString(expr, -1)
	for i := range names {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			names[i] = strings.TrimSuffix(names[i], suffix)
		}
	}
	return names
}

// known fails for each metric of expr that docs/METRICS.md does not describe.
func known(t *testing.T, where, expr string) {
	t.Helper()
	documented := metrics(read(t, "../docs/METRICS.md"))
	for _, name := range metrics(expr) {
		if !slices.Contains(documented, name) {
			t.Errorf("%s: %s is not in docs/METRICS.md", where, name)
		}
	}
}

// The dashboard shows each metric that there is, and no other.
func TestDashboard(t *testing.T) {
	shown := map[string]bool{}
	for _, path := range files(t, ".json") {
		var doc map[string]any
		dec := json.NewDecoder(bytes.NewReader([]byte(read(t, path))))
		if err := dec.Decode(&doc); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		ids := map[any]bool{}
		cells := map[[2]int]any{}
		for _, p := range doc["panels"].([]any) {
			title := fmt.Sprintf("%s: panel %v", path, at(p, "title"))
			if ids[at(p, "id")] {
				t.Errorf("%s has an id that is taken", title)
			}
			ids[at(p, "id")] = true
			checkGrid(t, title, at(p, "gridPos"), cells)
			targets, _ := at(p, "targets").([]any)
			if len(targets) == 0 && at(p, "type") != "row" {
				t.Errorf("%s shows nothing", title)
			}
			for _, target := range targets {
				expr, _ := at(target, "expr").(string)
				known(t, title, expr)
				for _, name := range metrics(expr) {
					shown[name] = true
				}
				if at(target, "datasource", "uid") != "${datasource}" {
					t.Errorf("%s is bound to one data source", title)
				}
			}
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(redactd_[a-z_]+)`").FindAllStringSubmatch(read(t, "../docs/METRICS.md"), -1) {
		if !shown[m[1]] {
			t.Errorf("no panel shows %s", m[1])
		}
	}
}

// checkGrid asks that a panel lies on the grid of 24 columns and on no other.
func checkGrid(t *testing.T, title string, pos any, cells map[[2]int]any) {
	t.Helper()
	n := func(key string) int { f, _ := at(pos, key).(float64); return int(f) }
	if n("x")+n("w") > 24 || n("w") == 0 || n("h") == 0 {
		t.Errorf("%s lies outside the grid", title)
	}
	for x := n("x"); x < n("x")+n("w"); x++ {
		for y := n("y"); y < n("y")+n("h"); y++ {
			if other, ok := cells[[2]int{x, y}]; ok {
				t.Errorf("%s lies on %v", title, other)
				return
			}
			cells[[2]int{x, y}] = title
		}
	}
}
