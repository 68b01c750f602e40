package neutral

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Answers that tell a caller what to do disclose nothing and stay as they are, byte by
// byte, with all rules on: what an API says on a 4xx, and what a page of words says.
func TestCalm(t *testing.T) {
	s := builtin(t)
	files, err := filepath.Glob("testdata/calm/*")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kind := Kind(strings.TrimPrefix(filepath.Ext(name), "."))
		bodies := []string{string(data)}
		if kind == JSON || strings.HasSuffix(name, "lines.text") {
			bodies = strings.Split(strings.TrimSpace(string(data)), "\n") // a body a line
		}
		statuses := []int{400, 404, 409, 422, 503}
		if strings.HasPrefix(filepath.Base(name), "client") {
			statuses = statuses[:4] // what is of use to who made a wrong request only
		}
		for _, body := range bodies {
			for _, status := range statuses {
				res, err := s.Neutralise(s.NewScratch(), Body{status, kind, []byte(body)})
				if err != nil {
					t.Fatal(err)
				}
				if res.Discloses() {
					t.Errorf("%s: %d %s: %s makes of it %q", filepath.Base(name), status, body, res.Found[0].ID, res.Text)
				}
			}
		}
	}
}
