package neutral

import (
	"bufio"
	"bytes"
	"encoding/json"
	"html"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestReal neutralises what real frameworks answered, as the end-to-end suite captured
// it: testdata/real/APPLICATION/CASE[.debug].ACCEPT.http. A file .want beside each says
// what must be gone, what must be kept word for word, and which function the frames tell.
func TestReal(t *testing.T) {
	set := builtin(t)
	n := 0
	err := filepath.WalkDir("testdata/real", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".http" {
			return err
		}
		n++
		t.Run(strings.TrimSuffix(filepath.ToSlash(path), ".http"), func(t *testing.T) {
			testReal(t, set, path)
		})
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d files: %v", n, err)
	}
}

func testReal(t *testing.T, set *Set, path string) {
	answer, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for name, values := range r.Header {
		for _, value := range values {
			if value, gone := set.Header(r.StatusCode, name, value); !gone {
				out.WriteString(name + ": " + value + "\n")
			}
		}
	}
	res, err := set.Neutralise(set.NewScratch(), Body{r.StatusCode, mediaKind(r.Header.Get("Content-Type")), body})
	switch {
	case err != nil:
		t.Fatal(err)
	case res.Whole:
	case res.Text != nil:
		_, _ = out.Write(res.Text)
	default:
		_, _ = out.Write(body)
	}
	if res.Text != nil && !res.Whole {
		if json.Valid(body) && !json.Valid(res.Text) {
			t.Errorf("no JSON any more: %.300q", res.Text)
		}
		again, err := set.Neutralise(set.NewScratch(), Body{r.StatusCode, mediaKind(r.Header.Get("Content-Type")), res.Text})
		if err != nil || again.Whole || again.Text != nil {
			t.Errorf("done again it changes once more, by %v: %.300q", again.Found, again.Text)
		}
	}
	text := readable(out.String())
	for what, values := range wanted(t, strings.TrimSuffix(path, ".http")+".want") {
		for _, value := range values {
			i := strings.Index(text, value)
			switch {
			case what == "gone" && i >= 0:
				t.Errorf("%q is left after %q", value, text[max(0, i-100):i])
			case what == "kept" && i < 0:
				t.Errorf("%q is gone", value)
			case what == "frame" && !slices.ContainsFunc(res.Frames, func(f Frame) bool { return strings.Contains(f.Function, value) }):
				t.Errorf("%q is none of the frames %v of %s, %s", value, res.Frames, res.Framework, res.Exception)
			}
		}
	}
}

func mediaKind(contentType string) Kind {
	media, _, _ := mime.ParseMediaType(contentType)
	switch {
	case media == "text/html":
		return HTML
	case strings.HasSuffix(media, "json"):
		return JSON
	case strings.HasSuffix(media, "xml"):
		return XML
	}
	return Text
}

// wanted reads lines of `word: "value"`.
func wanted(t *testing.T, path string) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for line := range strings.Lines(string(data)) {
		word, quoted, _ := strings.Cut(strings.TrimSpace(line), ": ")
		value, err := strconv.Unquote(quoted)
		if err != nil || !slices.Contains([]string{"gone", "kept", "frame"}, word) {
			t.Fatalf("%s: what is %q?", path, line)
		}
		want[word] = append(want[word], value)
	}
	return want
}

// readable returns a text as one would read it: without the escapes of HTML and JSON.
func readable(text string) string {
	return strings.NewReplacer(`\"`, `"`, `\/`, "/", `\t`, "\t", `\n`, "\n", `\u0026`, "&", `\u0027`, "'").Replace(html.UnescapeString(text))
}
