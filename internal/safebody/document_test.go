package safebody

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What docs/ERRORS.md shows of safe bodies works, and it tells of everything there is.
func TestDocument(t *testing.T) {
	data, err := os.ReadFile("../../docs/ERRORS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(data), "## Safe bodies\n")
	if !ok {
		t.Fatal("docs/ERRORS.md has no section about safe bodies")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := regexp.MustCompile("(?s)```([a-z]*)\n(.*?)```").FindAllStringSubmatch(section, -1)
	o := Options{}
	for _, b := range blocks {
		switch b[1] {
		case "":
			o.JSON = File{"t.json", []byte(b[2])}
		case "toml":
			o.Texts = []File{{"x.toml", []byte(b[2])}}
		case "json":
			_, _, body := mustNew(t, Options{}).Body(Request{Status: 500, Reference: "4bf92f3577b34da6a3ce929d0e0e4736"})
			if string(body) != b[2] {
				t.Errorf("the first body is\n%s", body)
			}
		}
	}
	if o.JSON.Data == nil || o.Texts == nil {
		t.Fatal("a template or a language file is missing")
	}
	mustNew(t, o)

	var errs Errors
	names := slices.Concat(slices.Collect(maps.Keys(fields)), slices.Collect(maps.Keys(constantsOf(Options{}, &errs))))
	for i, name := range names {
		names[i] = "{{" + name + "}}"
	}
	for _, name := range append(names, slices.Collect(maps.Keys(shapes))...) {
		if !strings.Contains(section, "`"+name+"`") {
			t.Errorf("%s is not documented", name)
		}
	}
	for _, offer := range otherOffers {
		if !strings.Contains(section, offer.media) {
			t.Errorf("%s is not documented", offer.media)
		}
	}
}
