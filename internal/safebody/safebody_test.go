package safebody

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A set with everything that can be shown, and one with nothing.
var (
	full = Options{
		Brand:   Brand{Name: "Ärzte & <Co>", Colour: "#ff8800", Logo: File{"logo.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)}},
		Support: "https://support.example/help?a=1&b=2",
	}
	bare = Options{}
)

func mustNew(t testing.TB, o Options) *Set {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGolden(t *testing.T) {
	shaped := func(shape string) Options { o := bare; o.Shape = shape; return o }
	for _, c := range []struct {
		file    string
		options Options
		request Request
	}{
		{"problem-500.json", bare, Request{Status: 500, Reference: "4bf92f3577b34da6a3ce929d0e0e4736"}},
		{"problem-404.json", full, Request{Status: 404, Reference: "a/b c"}},
		{"problem-418-none.json", bare, Request{Status: 418}},
		{"problem-type.json", Options{Type: "https://errors.example/{status}", Instance: "https://errors.example/of/{id}?a&b"}, Request{Status: 409, Reference: "x&y"}},
		{"drf-403.json", shaped("drf"), Request{Status: 403, Reference: "ref-1"}},
		{"graphql-200.json", shaped("graphql"), Request{Status: 200, Reference: "ref-1"}},
		{"grpc-503.json", shaped("grpc-json"), Request{Status: 503, Reference: "ref-1", AcceptLanguage: []byte("en")}},
		{"page-500.html", full, Request{Status: 500, Reference: "4bf92f3577b34da6a3ce929d0e0e4736", Accept: []byte("text/html")}},
		{"page-404-bare.html", bare, Request{Status: 404, Accept: []byte("text/html")}},
		{"plain-429.txt", Options{Support: "help@example.com"}, Request{Status: 429, Reference: "ref-1", Accept: []byte("text/plain")}},
		{"plain-599-bare.txt", bare, Request{Status: 599, Accept: []byte("text/plain")}},
		{"plain-504-fr.txt", Options{Support: "help@example.com"}, Request{Status: 504, Reference: "ref-1", Accept: []byte("text/plain"), AcceptLanguage: []byte("fr")}},
		{"drf-404-ja.json", shaped("drf"), Request{Status: 404, Reference: "ref-1", AcceptLanguage: []byte("ja")}},
		{"page-503-de.html", bare, Request{Status: 503, Reference: "ref-1", Accept: []byte("text/html"), AcceptLanguage: []byte("de")}},
		{"problem-502.xml", bare, Request{Status: 502, Reference: "ref-1", Accept: []byte("application/xml")}},
	} {
		t.Run(c.file, func(t *testing.T) {
			contentType, language, body := mustNew(t, c.options).Body(c.request)
			got := "Content-Type: " + contentType + "\nContent-Language: " + language + "\n\n" + string(body)
			path := filepath.Join("testdata", "golden", c.file)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			checkBody(t, contentType, body)
		})
	}
}

// checkBody asks that a body is well-formed for its type.
func checkBody(t testing.TB, contentType string, body []byte) {
	t.Helper()
	switch media, _, _ := strings.Cut(contentType, ";"); {
	case strings.HasSuffix(media, "json"):
		if !json.Valid(body) {
			t.Errorf("is no JSON: %s", body)
		}
	case strings.HasSuffix(media, "xml"):
		checkXML(t, body)
	case media == "text/html":
		checkPage(t, body)
	case media == "text/plain":
		if s := string(body); s != strings.ToValidUTF8(s, "") {
			t.Errorf("is no UTF-8: %q", body)
		}
	default:
		t.Errorf("unknown type %s", contentType)
	}
}

func checkXML(t testing.TB, body []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(body)))
	for {
		switch _, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			t.Errorf("is no XML: %v\n%s", err, body)
			return
		}
	}
}

// checkPage asks what every page has to have.
func checkPage(t testing.TB, body []byte) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		attributes := map[string]string{}
		for _, a := range n.Attr {
			attributes[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("<%s %s>", n.Data, a.Key)
			}
		}
		switch n.Data {
		case "html":
			if attributes["lang"] == "" || attributes["dir"] != "ltr" && attributes["dir"] != "rtl" {
				t.Errorf("<html> has %v", attributes)
			}
		case "img":
			if attributes["alt"] == "" || !strings.HasPrefix(attributes["src"], "data:image/") {
				t.Errorf("<img> has alt %q", attributes["alt"])
			}
		case "a":
			if h := attributes["href"]; !strings.HasPrefix(h, "https://") && !strings.HasPrefix(h, "mailto:") {
				t.Errorf("<a href=%q>", h)
			}
		case "script", "link", "iframe", "object", "base", "form":
			t.Errorf("has a <%s>", n.Data)
		}
	}
	for _, name := range []string{"html", "title", "main", "h1", "style"} {
		if count[name] != 1 {
			t.Errorf("has %d <%s>", count[name], name)
		}
	}
	if strings.Contains(string(body), "@import") || strings.Contains(string(body), "url(") {
		t.Error("the style loads something")
	}
}

func TestPageIsSmall(t *testing.T) {
	o := full
	o.Brand.Logo = File{}
	s := mustNew(t, o)
	for _, w := range s.languages.all {
		_, _, body := s.Body(Request{Status: 500, Reference: strings.Repeat("a", 64), Accept: []byte("text/html"), AcceptLanguage: []byte(w.name)})
		if len(body) > 8<<10 {
			t.Errorf("%s: %d bytes", w.name, len(body))
		}
	}
}

func TestBodyIsTheCallers(t *testing.T) {
	s := mustNew(t, full)
	r := Request{Status: 500, Reference: "x"}
	_, _, a := s.Body(r)
	before := string(a)
	clear(a)
	if _, _, b := s.Body(r); string(b) != before {
		t.Errorf("changed with another body: %s", b)
	}
}

func TestOptionErrors(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1a\n")
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{Shape: "soap"}, "shape: is none of drf, graphql, grpc-json, problem"},
		{Options{Type: "a b"}, `type: is no URI reference (such as "urn:error:{status}")`},
		{Options{Instance: "urn:error:{x}"}, `instance: is no URI reference (such as "urn:error:{id}")`},
		{Options{Instance: "urn:error"}, `instance: has no {id} (such as "urn:error:{id}")`},
		{Options{Support: "javascript:alert(1)"}, `support: is no address ("https://…" or "help@…")`},
		{Options{Support: "https://a:b@example.com/"}, `support: is no address ("https://…" or "help@…")`},
		{Options{Brand: Brand{Colour: "red"}}, `brand.colour: is no colour ("#rgb" or "#rrggbb")`},
		{Options{Brand: Brand{Colour: "#12345g"}}, `brand.colour: is no colour ("#rgb" or "#rrggbb")`},
		{Options{Brand: Brand{Colour: "#1234567"}}, `brand.colour: is no colour ("#rgb" or "#rrggbb")`},
		{Options{Brand: Brand{Name: "a\nb"}}, "brand.name: is longer than 100 bytes or holds a character that can't be printed"},
		{Options{Brand: Brand{Logo: File{"l.png", png}}}, "brand.name: is missing (it is what is read out for the logo)"},
		{Options{Brand: Brand{Name: "a", Logo: File{"l.txt", []byte("hello")}}}, "brand.logo: l.txt is no picture (PNG, JPEG, GIF, WebP or SVG)"},
		{Options{Brand: Brand{Name: "a", Logo: File{"l.png", nil}}}, "brand.logo: l.png is empty"},
		{Options{Brand: Brand{Name: "a", Logo: File{"l.png", append(png, make([]byte, MaxLogo)...)}}}, "brand.logo: l.png has 32776 bytes (at most 32768)"},
		{Options{Languages: []string{"en", "xx"}}, `languages: no texts for "xx" (there are`},
	} {
		_, err := New(c.options)
		var one Error
		if err == nil || !errors.As(err, &one) || len(err.(Errors)) != 1 || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.options, err, c.want)
		}
	}
}

func TestSupport(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.com/":     "https://example.com/ example.com",
		"https://example.com/a?b":  "https://example.com/a?b example.com/a?b",
		"help@example.com":         "mailto:help@example.com help@example.com",
		"mailto:help@example.com":  "mailto:help@example.com help@example.com",
		"first.last+x@example.com": "mailto:first.last+x@example.com first.last+x@example.com",
	} {
		var errs Errors
		if link, text := supportOf(in, &errs); link+" "+text != want || errs != nil {
			t.Errorf("%s: %s %s %v", in, link, text, errs)
		}
	}
}

// Whatever colour a brand has, it can be read on both backgrounds.
func TestAccentIsLegible(t *testing.T) {
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				c := colour{uint8(r), uint8(g), uint8(b)}
				if got := contrast(c.legible(lightCard, colour{}), lightCard); got < 4.5 {
					t.Errorf("%s light: %.2f", c, got)
				}
				if got := contrast(c.legible(darkCard, colour{255, 255, 255}), darkCard); got < 4.5 {
					t.Errorf("%s dark: %.2f", c, got)
				}
			}
		}
	}
	white, black := colour{255, 255, 255}, colour{}
	if got := contrast(white, black); got != 21 {
		t.Errorf("contrast of white and black is %v", got)
	}
	for _, s := range []string{lightCard.String(), darkCard.String()} {
		if !strings.Contains(string(standardTemplate("page.html").Data), "--card: "+s) {
			t.Errorf("the page has no card of colour %s", s)
		}
	}
}

func TestAllocations(t *testing.T) {
	s := mustNew(t, full)
	for _, r := range []Request{
		{Status: 500, Reference: "4bf92f3577b34da6a3ce929d0e0e4736", Accept: []byte("application/json"), AcceptLanguage: []byte("de,en;q=0.5")},
		{Status: 500, Reference: "4bf92f3577b34da6a3ce929d0e0e4736", Accept: []byte("text/html,*/*;q=0.8"), AcceptLanguage: []byte("en")},
	} {
		s.Body(r)
		if got := testing.AllocsPerRun(100, func() { s.Body(r) }); got != 1 {
			t.Errorf("%s: %v allocations, want that of the body", r.Accept, got)
		}
	}
}

func BenchmarkBody(b *testing.B) {
	s := mustNew(b, full)
	for _, accept := range []string{"application/json", "text/html", "text/plain"} {
		r := Request{Status: 500, Reference: "4bf92f3577b34da6a3ce929d0e0e4736", Accept: []byte(accept), AcceptLanguage: []byte("de-DE,de;q=0.9,en;q=0.8")}
		b.Run(accept, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Body(r)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustNew(b, full)
	}
}

// One set serves all connections at once. The race detector judges.
func TestConcurrently(t *testing.T) {
	s := mustNew(t, full)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for k := range 200 {
				w := s.languages.all[(i+k)%len(s.languages.all)]
				accept := []byte(w.name + ";q=0." + strconv.Itoa(1+k%9))
				if _, language, _ := s.Body(Request{Status: 400 + k, AcceptLanguage: accept}); language != w.name {
					t.Errorf("Accept-Language %s: %s", accept, language)
				}
			}
		})
	}
	group.Wait()
}
