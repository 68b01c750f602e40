package safebody

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
)

// Every language that comes with redactd has every text, in its own file.
func TestLanguagesAreComplete(t *testing.T) {
	var english texts
	entries, err := languageFiles.ReadDir("languages")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]texts{}
	for _, e := range entries {
		data, err := languageFiles.ReadFile("languages/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		var errs Errors
		own := parseTexts(File{e.Name(), data}, &errs)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if name := own.tag.String() + ".toml"; name != e.Name() {
			t.Errorf("%s is the language of %s", name, e.Name())
		}
		if all[e.Name()] = own; e.Name() == "en.toml" {
			english = own
		}
	}
	for file, own := range all {
		for _, key := range wordKeys {
			if own.words[key] == "" {
				t.Errorf("%s has no %s", file, key)
			}
		}
		if got, want := slices.Sorted(maps.Keys(own.status)), slices.Sorted(maps.Keys(english.status)); !slices.Equal(got, want) {
			t.Errorf("%s has the statuses %v, English %v", file, got, want)
		}
		for status, m := range own.status {
			for i, s := range m {
				if s == "" || s != strings.TrimSpace(s) {
					t.Errorf("%s: %s of %s is %q", file, messageKeys[i], status, s)
				}
			}
			if stop := strings.TrimSpace(own.words["punctuation.sentence"]); strings.HasSuffix(m[1], stop) || !strings.HasSuffix(m[2], stop) {
				t.Errorf("%s: the heading of %s ends without a full stop, the advice with one: %q %q", file, status, m[1], m[2])
			}
		}
	}
}

func TestAcceptLanguage(t *testing.T) {
	arabic := File{"ar.toml", []byte("language = 'ar'\nlabel.error = 'خطأ'\n")}
	for _, c := range []struct {
		options      Options
		accept, want string
	}{
		{Options{}, "", "en"},
		{Options{}, "*", "en"},
		{Options{}, "xx-YY;;;q", "en"},
		{Options{}, "de-AT,de;q=0.9,en;q=0.8", "de"},
		{Options{}, "gsw", "de"},
		{Options{}, "pt-BR", "pt"},
		{Options{}, "pt-PT", "pt"},
		{Options{}, "es-419", "es"},
		{Options{}, "zh-CN", "zh-Hans"},
		{Options{}, "zh-Hans-SG, en;q=0.5", "zh-Hans"},
		{Options{}, "zh-TW, en;q=0.5", "en"},
		{Options{}, "sv, nl;q=0.3", "nl"},
		{Options{}, "da;q=0.9, it;q=0.1, en;q=0", "it"},
		{Options{}, "ja", "ja"},
		{Options{Languages: []string{"fr", "de"}}, "ja", "fr"},
		{Options{Languages: []string{"fr", "de"}}, "en, de;q=0.1", "de"},
		{Options{}, "en-GB,en;q=0.9,de;q=0.8", "en"},
		{Options{}, strings.Repeat("de,", 400), "en"},
		{Options{Texts: []File{arabic}}, "ar-EG", "ar"},
		{Options{Texts: []File{arabic}, Languages: []string{"ar", "en"}}, "ja", "ar"},
		{Options{Texts: []File{arabic}, Languages: []string{"ar", "en"}}, "fr;q=0.9, en-US;q=0.5", "en"},
	} {
		s := mustNew(t, c.options)
		for range 2 { // the second is remembered
			if got := s.languages.choose([]byte(c.accept)).name; got != c.want {
				t.Errorf("Accept-Language %q: %s, want %s", c.accept, got, c.want)
			}
		}
	}
}

// What a file of the operator's does not have comes from the built-in texts of
// the language, then from the class of the status, then from English.
func TestOwnTexts(t *testing.T) {
	s := mustNew(t, Options{Texts: []File{
		{"en.toml", []byte("language = 'en'\n[status.404]\nadvice = 'Ask Ann.'\n[status.418]\nheading = 'A pot'\n")},
		{"he.toml", []byte("language = 'he'\n[label]\nerror = 'שגיאה'\n[status.4xx]\nheading = 'four'\n[status.409]\ntitle = 'nine'\nadvice = 'Do.'\n")},
		{"eo.toml", []byte("language = 'eo'\npunctuation.sentence = '! '\ndirection = 'rtl'\n")},
	}})
	for _, c := range []struct {
		language string
		status   int
		want     message
	}{
		{"en", 404, message{"Not Found", "There is nothing at this address", "Ask Ann.", "There is nothing at this address. Ask Ann."}},
		{"en", 418, message{"I'm a teapot", "A pot", "Check what was entered or sent, then try again.", "A pot. Check what was entered or sent, then try again."}},
		{"he", 404, message{"Not Found", "four", "Ask Ann.", "four. Ask Ann."}},
		{"he", 409, message{"nine", "four", "Do.", "four. Do."}},
		{"eo", 503, message{"Service Unavailable", "This service is not available right now", "It may be busy or under maintenance. Try again in a few minutes.",
			"This service is not available right now! It may be busy or under maintenance. Try again in a few minutes."}},
	} {
		w := s.languages.choose([]byte(c.language))
		if got := *w.message(c.status); got != c.want || w.name != c.language {
			t.Errorf("%s %d: %+v of %s", c.language, c.status, got, w.name)
		}
	}
	for name, want := range map[string]string{"he": "rtl שגיאה Reference", "eo": "rtl Error Reference", "en": "ltr Error Reference"} {
		w := s.languages.choose([]byte(name))
		if got := w.direction + " " + w.labelError + " " + w.labelReference; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	_, _, body := s.Body(Request{Status: 404, Accept: []byte("text/html"), AcceptLanguage: []byte("he")})
	if !strings.Contains(string(body), `<html lang="he" dir="rtl">`) {
		t.Error("the page is not written from right to left")
	}
}

func TestTextErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "x.toml:1: language: is missing (wants a language tag: \"de\")"},
		{"language = 'de", "x.toml:1: "},
		{"language = 7", "x.toml:1: language: is no language tag (such as \"de\" or \"pt-BR\")"},
		{"\nlanguage = 'not a tag'", "x.toml:2: language: is no language tag (such as \"de\" or \"pt-BR\")"},
		{"language = 'de'\nDirection = 'ltr'", "x.toml:2: Direction: unknown key"},
		{"language = 'de'\ndirection = 'up'", "x.toml:2: direction: is neither \"ltr\" nor \"rtl\""},
		{"language = 'de'\nlabel = 'x'", "x.toml:2: label: is no table"},
		{"language = 'de'\n[label]\nhelp = 'x'", "x.toml:3: label.help: unknown key"},
		{"language = 'de'\n[status.399]\n", "x.toml:2: status.399: is no status from 400 to 599 and no class (4xx, 5xx)"},
		{"language = 'de'\n[status.500]\ntext = 'x'", "x.toml:3: status.500.text: unknown key (known are title, heading, advice)"},
		{"language = 'de'\n[status.500]\ntitle = 5", "x.toml:3: status.500.title: is no string"},
		{"language = 'de'\n[status.500]\ntitle = ''", "x.toml:3: status.500.title: is empty (leave the key out for the English text)"},
		{"language = 'de'\n[status.500]\ntitle = \"a\\nb\"", "x.toml:3: status.500.title: holds a character that can't be printed (one line of text)"},
		{"language = 'de'\n[status.500]\ntitle = '" + strings.Repeat("x", maxText+1) + "'", "x.toml:3: status.500.title: is longer than 500 bytes"},
		{"language = 'de'\n" + strings.Repeat("#\n", MaxTemplate/2), "x.toml:1: is larger than 65536 bytes"},
	} {
		_, err := New(Options{Texts: []File{{"x.toml", []byte(c.text)}}})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.60q: %v, want %s", c.text, err, c.want)
		}
	}
	broken := []File{{"a.toml", []byte("language = 1")}, {"b.toml", []byte("language = 2")}}
	if _, err := New(Options{Texts: broken}); err == nil || len(err.(Errors)) != 2 {
		t.Error(err)
	}
	twice := []File{{"a.toml", []byte("language = 'de'")}, {"b.toml", []byte("language = 'de'")}}
	if _, err := New(Options{Texts: twice}); err == nil || err.Error() != "b.toml:1: language: is the language of a.toml too" {
		t.Error(err)
	}
}

func TestDirection(t *testing.T) {
	for tag, want := range map[string]string{"ar": "rtl", "he": "rtl", "fa": "rtl", "ur": "rtl", "uz-Arab": "rtl", "dv": "rtl", "de": "ltr", "ja": "ltr", "uz": "ltr"} {
		if got := directionOf(language.MustParse(tag)); got != want {
			t.Errorf("%s: %s", tag, got)
		}
	}
}
