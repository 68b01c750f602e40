package safebody

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// FuzzBody asks that nothing a client sends makes a body that is not well-formed.
func FuzzBody(f *testing.F) {
	var sets []*Set
	for _, shape := range []string{"problem", "drf", "graphql", "grpc-json"} {
		o := full
		o.Shape = shape
		sets = append(sets, mustNew(f, o))
	}
	f.Add("4bf92f3577b34da6a3ce929d0e0e4736", []byte("*/*"), []byte("de"), []byte("text/html"), 500)
	f.Add(`"}<script>'&\`, []byte("text/html"), []byte("ja, en;q=0.5"), []byte("application/json"), 404)
	f.Add("\x00\u2028\u202e\xff\ufffe]]>--\r\n", []byte("application/xml"), []byte("*"), []byte(""), 200)
	f.Add(strings.Repeat("é", 200), []byte("text/plain;q=0.5, a/b"), []byte("zh-TW"), []byte("x"), -1)
	f.Fuzz(func(t *testing.T, reference string, accept, language, original []byte, status int) {
		for _, s := range sets {
			contentType, contentLanguage, body := s.Body(Request{accept, language, status, reference, original})
			checkBody(t, contentType, body)
			if contentLanguage == "" {
				t.Error("no language")
			}
			if len(body) > 16<<10 {
				t.Errorf("%d bytes", len(body))
			}
		}
	})
}

// FuzzTexts asks that a language file that is taken makes bodies that are well-formed,
// and that one that is not is refused with a line.
func FuzzTexts(f *testing.F) {
	f.Add("label.reference", `<b>"x"</b>`)
	f.Add("status.404.heading", "\\u0000{{status}}")
	f.Add("direction", "rtl")
	f.Fuzz(func(t *testing.T, key, text string) {
		tree := map[string]any{key: text}
		if table, name, ok := strings.Cut(key, "."); ok {
			tree = map[string]any{table: map[string]any{name: text}}
			if status, name, ok := strings.Cut(name, "."); ok {
				tree = map[string]any{table: map[string]any{status: map[string]any{name: text}}}
			}
		}
		tree["language"] = "de"
		data, err := toml.Marshal(tree)
		if err != nil || !utf8.Valid(data) {
			return
		}
		s, err := New(Options{Texts: []File{{"x.toml", data}}, Support: "help@example.com"})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.toml:") {
				t.Error(err)
			}
			return
		}
		for _, accept := range []string{"application/json", "text/html", "text/plain", "application/xml"} {
			contentType, _, body := s.Body(Request{Status: 404, Reference: "x", Accept: []byte(accept), AcceptLanguage: []byte("de")})
			checkBody(t, contentType, body)
		}
	})
}

// FuzzTemplate asks that a template that is taken gives what it should, whatever
// the reference is.
func FuzzTemplate(f *testing.F) {
	f.Add(`{"a":"{{reference}}","b":{{status}}}`, `"\`)
	f.Add(`[{{#reference}}"{{reference}}"{{/reference}}]`, "")
	for _, page := range []string{
		`<p title="{{reference}}">{{reference}}`, `<textarea>{{reference}}</textarea><title>{{reference}}</title>`,
		`<a b='{{reference}}' c="{{status}}"><svg><text>{{reference}}</text></svg>`, `<!doctype html><select><option>{{reference}}`,
		`<style>a{}</style><math>{{detail}}<mi>{{reference}}`, `<p a="'{{reference}}'" {{#reference}}b="{{reference}}"{{/reference}}>`,
	} {
		mustNew(f, Options{HTML: File{"t", []byte(page)}}) // or it would try nothing
		f.Add(page, `"><script>`)
		f.Add(page, `' onclick='x --></textarea></title>`)
	}
	f.Fuzz(func(t *testing.T, text, reference string) {
		if s, err := New(Options{JSON: File{"t", []byte(text)}, Languages: []string{"en"}}); err == nil {
			contentType, _, body := s.Body(Request{Status: 500, Reference: reference})
			checkBody(t, contentType, body)
		}
		s, err := New(Options{HTML: File{"t", []byte(text)}, Languages: []string{"en"}})
		if err != nil {
			return
		}
		// The value is text wherever it stands: another one changes no tag.
		_, _, a := s.Body(Request{Status: 500, Reference: reference + "x", Accept: []byte("text/html")})
		_, _, b := s.Body(Request{Status: 500, Reference: "x", Accept: []byte("text/html")})
		if tags(t, a) != tags(t, b) {
			t.Errorf("%q with %q:\n%s\n%s", text, reference, a, b)
		}
	})
}
