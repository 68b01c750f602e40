package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/redact"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version string

// buildInfo says what program this is.
type buildInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"` // of the commit
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Kernel   string `json:"kernel"` // see redact.Kernel
}

func readBuildInfo() buildInfo {
	b := buildInfo{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Kernel: redact.Kernel()}
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = s.Value
			case "vcs.time":
				b.Time = s.Value
			case "vcs.modified":
				b.Modified = s.Value == "true"
			}
		}
		if b.Version == "" {
			b.Version = info.Main.Version
		}
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "dev"
	}
	return b
}

func newVersion(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Print the version, the commit it was built from, by which version of Go, and the
kernel: the inner loop of the search that fits the processor (REDACTD_KERNEL
chooses another).`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  always"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			b := readBuildInfo()
			if asJSON {
				return json.NewEncoder(e.stdout).Encode(b)
			}
			commit := ""
			if b.Commit != "" {
				commit = " (" + b.Commit[:min(len(b.Commit), 12)] + ")"
			}
			_, err := fmt.Fprintf(e.stdout, "redactd %s%s, %s, %s, kernel %s\n", b.Version, commit, b.Go, b.Platform, b.Kernel)
			return err
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}
