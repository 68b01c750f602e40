package proxy

import (
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
)

// What is wrong with an allowlist is told with its key and line.
func TestAllowErrorsHaveAPlace(t *testing.T) {
	cfg, err := config.Parse("c.toml", []byte("[route.x]\nupstream = \"store\"\nrequest = \"all\"\n\n"+
		"[allow.b]\npatterns = [\"(\"]\n\n[allow.c]\npatterns = [\".*\"]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = Check(cfg, nil, nil)
	for _, want := range []string{"c.toml:6: allow.b.patterns: missing closing )", "c.toml:9: allow.c.patterns: matches the empty text"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
