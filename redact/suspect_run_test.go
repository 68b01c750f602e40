package redact

import (
	"strings"
	"testing"
)

// What a run of letters and digits begins behind may be an escape, of which the last
// letter belongs to the run in a payload.
func TestSuspectSeesRunsBehindEscapes(t *testing.T) {
	set, err := Compile([]Rule{
		{ID: "words", Pattern: `(?:\n|\t|é)([A-Za-z0-9_-]{20,}=?)(?:\s|$)`},
		{ID: "digits", Pattern: `(?:\n|\t|é)([0-9]{12,19})(?:\s|$)`},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc := set.NewScratch()
	for _, value := range []string{"e408516ed723097df589448489853d7c", "4408516172309715"} {
		for _, escape := range []string{`\n`, `\t`, `\\n`, `\u000a`, `\u00e9`} {
			for pad := range 70 { // across blocks and chunks
				raw := `{"a":"` + strings.Repeat(" ", 13*pad) + "note" + escape + value + `"}`
				if !set.Suspect(sc, []byte(raw)) {
					t.Fatalf("%d blanks: %q is no suspect", 13*pad, strings.TrimSpace(raw))
				}
			}
		}
	}
}
