// Package deptest holds the directions in which the packages of this module may
// import each other.
package deptest

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/redactd/redactd/"

// may lists what of this module each package may import; what stands under
// outside, it may import of other modules. A package that is not named fails
// the test, so that every new one is placed.
var may = map[string]struct{ inside, outside []string }{
	"redact":              {nil, []string{"github.com/dlclark/regexp2/v2", "golang.org/x/sys"}},
	"patterns":            {[]string{"redact", "internal/tomlpos"}, []string{"github.com/BurntSushi/toml"}},
	"disclosure":          {[]string{"internal/tomlpos"}, []string{"github.com/BurntSushi/toml"}},
	"internal/neutral":    {[]string{"disclosure", "redact"}, []string{"golang.org/x/net/html"}},
	"internal/deflate":    {nil, nil},
	"internal/codec":      {[]string{"internal/deflate"}, []string{"github.com/klauspost/compress", "github.com/andybalholm/brotli", "golang.org/x/text"}},
	"internal/disguise":   {[]string{"internal/codec"}, []string{"golang.org/x/sys"}},
	"internal/tomlpos":    {nil, []string{"github.com/BurntSushi/toml"}},
	"internal/signing":    {nil, nil},
	"internal/safebody":   {[]string{"internal/tomlpos"}, []string{"github.com/BurntSushi/toml", "golang.org/x/text/language", "golang.org/x/net/html"}},
	"internal/seglog":     {nil, []string{"golang.org/x/sys"}},
	"internal/dialect":    {nil, []string{"github.com/klauspost/compress"}},
	"internal/ruleimport": {[]string{"redact", "patterns", "internal/tomlpos"}, []string{"github.com/BurntSushi/toml", "go.yaml.in/yaml/v3"}},
	"internal/config":     {[]string{"redact", "disclosure", "internal/tomlpos", "internal/ruleimport"}, []string{"github.com/BurntSushi/toml"}},
	"internal/audit":      {[]string{"internal/seglog", "internal/tomlpos"}, []string{"golang.org/x/mod/sumdb", "github.com/BurntSushi/toml"}},
	"internal/otlpgrpc": {
		[]string{"internal/config", "internal/codec", "internal/dialect", "internal/door", "internal/relay"},
		[]string{"google.golang.org/grpc", "google.golang.org/genproto", "google.golang.org/protobuf", "golang.org/x/net"},
	},
	"internal/records": {
		nil,
		[]string{"modernc.org/sqlite", "github.com/jackc/pgx/v5", "github.com/klauspost/compress"},
	},
	"internal/errlog": {
		[]string{"internal/records", "internal/config"},
		[]string{"filippo.io/age", "github.com/getsentry/sentry-go", "go.opentelemetry.io/proto/otlp", "google.golang.org/protobuf"},
	},
	"internal/tracing": {
		nil,
		[]string{"go.opentelemetry.io/otel", "go.opentelemetry.io/proto/otlp", "google.golang.org/protobuf"},
	},
	"internal/notify":              {[]string{"internal/records"}, nil},
	"internal/coverage":            {[]string{"internal/audit", "internal/config"}, nil},
	"internal/lookup":              {nil, nil},
	"internal/leakexport":          {[]string{"internal/records"}, nil},
	"internal/projector":           {[]string{"internal/audit", "internal/records"}, nil},
	"internal/records/recordstest": {[]string{"internal/records"}, nil}, // tests only
	"internal/ownsecrets":          {[]string{"redact", "internal/config"}, nil},
	"internal/store":               {[]string{"internal/seglog", "internal/dialect"}, nil},
	"internal/scrub":               {[]string{"redact", "internal/codec", "internal/disguise"}, nil},
	"internal/explain":             {[]string{"redact", "internal/scrub", "internal/codec", "internal/config"}, nil},
	"internal/relay":               {[]string{"internal/codec", "internal/config", "internal/dialect", "internal/door"}, nil},
	"internal/door":                {nil, nil},
	"internal/canary":              {[]string{"redact", "patterns", "internal/codec"}, []string{"google.golang.org/protobuf/encoding/protowire"}},
	"internal/gate":                {[]string{"internal/config"}, nil},
	"internal/adminui": {
		[]string{"internal/audit", "internal/canary", "internal/coverage", "internal/explain", "internal/gate", "internal/lookup", "internal/records", "redact"},
		[]string{"github.com/prometheus", "github.com/danielgtaylor/huma/v2"},
	},
	"proxy": {
		[]string{"internal/tracing", "internal/coverage", "internal/canary", "internal/door", "internal/adminui", "internal/gate", "internal/explain", "disclosure", "internal/neutral", "internal/safebody", "internal/errlog", "internal/notify", "internal/projector", "internal/records", "internal/relay", "internal/otlpgrpc", "internal/ownsecrets", "redact", "internal/scrub", "internal/codec", "internal/config", "internal/audit", "internal/store", "internal/dialect", "internal/signing"},
		[]string{"github.com/valyala/fasthttp", "github.com/prometheus", "google.golang.org/protobuf/encoding/protowire", "golang.org/x/sys"},
	},
	"cmd/redactd": {
		[]string{"internal/canary", "internal/coverage", "disclosure", "internal/neutral", "redact", "patterns", "proxy", "internal/scrub", "internal/codec", "internal/config", "internal/ownsecrets", "internal/audit", "internal/store", "internal/dialect", "internal/ruleimport", "internal/records", "internal/errlog", "internal/projector", "internal/leakexport", "internal/lookup", "internal/explain"},
		[]string{"github.com/spf13", "github.com/schollz/progressbar/v3", "github.com/prometheus", "github.com/BurntSushi/toml",
			"github.com/klauspost/compress", "golang.org/x/term", "golang.org/x/sys"},
	},
	"deploy":           {nil, nil},
	"e2e":              {nil, nil},
	"internal/deptest": {nil, nil},

	"internal/conformance": {nil, nil}, // tests only
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) < 10 {
		t.Fatalf("go list names %d packages only", len(lines))
	}
	for _, line := range lines {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], module)
		allowed, ok := may[name]
		if !ok {
			t.Errorf("%s is not placed: say in this test what it may import", name)
		}
		for _, path := range fields[1:] {
			if inside, ok := strings.CutPrefix(path, module); ok {
				if !slices.Contains(allowed.inside, inside) {
					t.Errorf("%s imports %s", name, inside)
				}
			} else if strings.Contains(strings.SplitN(path, "/", 2)[0], ".") && !hasPrefix(allowed.outside, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}

func hasPrefix(modules []string, path string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") })
}

// regexp2 stays in one file of the kernel.
func TestOneFileKnowsRegexp2(t *testing.T) {
	out, err := exec.Command("grep", "-rl", "--include=*.go", "--exclude-dir=bench", "--exclude-dir=deptest", `"github.com/dlclark/regexp2`, "../..").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != "../../redact/engine_regexp2.go" {
		t.Errorf("regexp2 is imported by:\n%s", got)
	}
}
