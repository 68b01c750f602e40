package disguise

import (
	"bytes"
	"testing"
)

// A run of backslashes is looked at once, not once for each of them: this one would take
// hours.
func TestRunOfBackslashes(t *testing.T) {
	run := bytes.Repeat([]byte{'\\'}, 4<<20)
	for _, tt := range []struct {
		behind string
		short  bool
	}{{"", false}, {"q", false}, {"n", true}, {"\"", true}} {
		text := append(bytes.Clone(run), tt.behind...)
		if got := hasEscapes(text); got != tt.short {
			t.Errorf("backslashes and %q: escapes %v, want %v", tt.behind, got, tt.short)
		}
		if start, _ := (backslash{}).Next(text, 0); (start >= 0) != tt.short {
			t.Errorf("backslashes and %q: a stretch at %d", tt.behind, start)
		}
	}
}
