package safebody

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestTemplates(t *testing.T) {
	const reference = `a"b'c<d>&\e`
	for _, c := range []struct {
		name     string
		options  Options
		accept   string
		want     string
		wantType string
	}{
		{"json", Options{JSON: File{"t.json", []byte(`{"error":{"code":{{status}},"text":"{{ title }}: {{reference}}","s":"{{support}}"}}`)}, Shape: "drf", Support: "https://e.example/?a&b"},
			"*/*", `{"error":{"code":404,"text":"Not Found: a\"b'c\u003cd\u003e\u0026\\e","s":"https://e.example/?a\u0026b"}}`, "application/json"},
		{"json without a reference", Options{JSON: File{"t.json", []byte(`{"a":"{{title}}"{{#support}},"s":"{{support}}"{{/support}}{{^support}},"n":1{{/support}}}`)}},
			"*/*", `{"a":"Not Found","n":1}`, "application/json"},
		{"html", Options{HTML: File{"t.html", []byte("<p title='{{reference}}'>{{reference}}</p>")}},
			"text/html", "<p title='a&#34;b&#39;c&lt;d&gt;&amp;\\e'>a&#34;b&#39;c&lt;d&gt;&amp;\\e</p>", "text/html; charset=utf-8"},
		{"html with an address", Options{HTML: File{"t.html", []byte(`<a href="{{support}}">{{label_support}}</a><style>a{color:{{accent_light}}}</style>`)}, Support: "https://e.example/?a&b", Brand: Brand{Colour: "#000"}},
			"text/html", `<a href="https://e.example/?a&amp;b">Contact support</a><style>a{color:#000000}</style>`, "text/html; charset=utf-8"},
		{"text", Options{Text: File{"t.txt", []byte("{{status}} {{instance}} {{reference}}\n{{#brand}}\nnever\n{{/brand}}\nend")}},
			"text/plain", "404 urn:error:a%22b%27c%3Cd%3E%26%5Ce " + reference + "\nend", "text/plain; charset=utf-8"},
		{"nested", Options{Text: File{"t.txt", []byte("{{#reference}}a{{#brand}}b{{/brand}}{{^brand}}c{{/brand}}d{{/reference}}")}},
			"text/plain", "acd", "text/plain; charset=utf-8"},
	} {
		contentType, _, body := mustNew(t, c.options).Body(Request{Status: 404, Reference: reference, Accept: []byte(c.accept)})
		if string(body) != c.want || contentType != c.wantType {
			t.Errorf("%s: %s\n%s\nwant %s\n%s", c.name, contentType, body, c.wantType, c.want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	json := func(s string) Options { return Options{JSON: File{"t.json", []byte(s)}} }
	page := func(s string) Options { return Options{HTML: File{"t.html", []byte(s)}} }
	text := func(s string) Options { return Options{Text: File{"t.txt", []byte(s)}} }
	where := " (only in text and in quoted attributes that are no address, style or script)"
	for _, c := range []struct {
		options Options
		want    string
	}{
		{text("a\n{{refrence}}"), "t.txt:2: unknown placeholder {{refrence}} (known are accent_dark, "},
		{text("\n\n{{}}"), "t.txt:3: unknown placeholder {{ }}"},
		{text("{{#nothing}}{{/nothing}}"), "t.txt:1: unknown placeholder {{nothing}}"},
		{text("{{status"), "t.txt:1: {{ without }}"},
		{text("{{#brand}}"), "t.txt:1: {{#brand}} or {{^brand}} is not closed by {{/brand}}"},
		{text("\n{{/brand}}"), "t.txt:2: {{/brand}} closes nothing that is open here"},
		{text(strings.Repeat("{{#brand}}", 9) + strings.Repeat("{{/brand}}", 9)), "t.txt:1: sections nest deeper than 8"},
		{text(strings.Repeat("x", MaxTemplate+1)), "t.txt:1: is larger than 65536 bytes"},
		{json("{\n\"a\": {{title}}}"), `t.json:2: {{title}} stands outside of a string (write "{{title}}")`},
		{json(`{"a": "{{#brand}}"{{/brand}}}`), "t.json:1: {{#brand}} begins in a string and ends outside of it, or the other way round"},
		{json("{\"a\": 1,\n}"), "t.json:2: is no JSON once filled in: "},
		{json(`{"a": "x"{{^reference}},{{/reference}}}`), "t.json:1: is no JSON once filled in: "},
		{json(`["\"", {{detail}}]`), `t.json:1: {{detail}} stands outside of a string (write "{{detail}}")`},
		{page("<p>\n<script>x = '{{reference}}'</script>"), "t.html:2: {{reference}} can't stand in <script>" + where},
		{page("<style>{{title}}</style>"), "t.html:1: {{title}} can't stand in <style>" + where},
		{page("<a href=\"{{reference}}\">"), "t.html:1: {{reference}} can't stand in the attribute href" + where},
		{page("<a onclick=\"{{support}}\">"), "t.html:1: {{support}} can't stand in the attribute onclick" + where},
		{page("<a title={{reference}}>"), "t.html:1: {{reference}} can't stand in a tag outside of quotes" + where},
		{page("<a title=x'{{reference}}'>"), "t.html:1: {{reference}} can't stand in a tag outside of quotes" + where},
		{page("<{{title}}>"), "t.html:1: "},
		{page("<ptitle=\"{{reference}}\">"), "t.html:1: {{reference}} can't stand in a tag outside of quotes" + where},
		{page("<p =\"{{reference}}\">"), "t.html:1: {{reference}} can't stand in a tag outside of quotes" + where},
		{page("<p a=\"x\"=\"{{reference}}\">"), "t.html:1: {{reference}} can't stand in a tag outside of quotes" + where},
		{page("<p>\n<!-- {{#reference}}\n{{reference}}{{/reference}} -->"), "t.html:3: {{reference}} can't stand in a comment or declaration" + where},
	} {
		_, err := New(c.options)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
}

// tags returns the elements of a page and the names of their attributes.
func tags(t testing.TB, body []byte) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		b.WriteString("<" + n.Data)
		for _, a := range n.Attr {
			b.WriteString(" " + a.Key)
		}
		b.WriteString(">")
	}
	return b.String()
}
