package ownsecrets

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/config"
)

func init() {
	register("env", func(s *config.Secrets, o *Options) source { return &envSource{s, o.Environ} })
}

// envSource is the environment of the process.
type envSource struct {
	cfg     *config.Secrets
	environ func() []string
}

func (e *envSource) read(_ context.Context, yield func(string, []byte)) error {
	missing := slices.DeleteFunc(slices.Clone(e.cfg.Env), func(s string) bool { return strings.ContainsAny(s, `*?[\`) })
	for _, v := range e.environ() {
		name, value, _ := strings.Cut(v, "=")
		if !slices.ContainsFunc(e.cfg.Env, func(glob string) bool { return match(glob, name) }) || !wanted(e.cfg, name) {
			continue
		}
		missing = slices.DeleteFunc(missing, func(s string) bool { return s == name })
		yield(name, []byte(value))
	}
	if len(missing) > 0 {
		return fmt.Errorf("the environment has no %s", strings.Join(missing, ", "))
	}
	return nil
}

func (e *envSource) files() []string { return []string{} }
func (e *envSource) remote() bool    { return false }
