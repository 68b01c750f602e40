//go:build e2e

package e2e

import (
	"crypto/sha256"
	"os"
	"testing"
)

// TestErrorResponses runs applications that fail in many ways.
func TestErrorResponses(t *testing.T) {
	var captures *capture
	if dir := os.Getenv("E2E_CAPTURE"); dir != "" {
		captures = &capture{dir: dir, seen: map[[sha256.Size]byte]bool{}}
	}
	for _, app := range errorApps {
		modes := app.modes
		if modes == nil {
			modes = []bool{true, false}
		}
		t.Run(app.name, func(t *testing.T) {
			for _, debug := range modes {
				t.Run(map[bool]string{true: "debug on", false: "debug off"}[debug], func(t *testing.T) {
					if captures != nil {
						captures.app(t, app, debug)
					}
				})
			}
		})
	}
}
