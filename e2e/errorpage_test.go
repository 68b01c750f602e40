//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/safebody"
)

// TestErrorPage looks at the page that stands in place of an error body in Chromium:
// as it comes, in the dark, on a phone, in other languages, and where a policy
// forbids its style. E2E_PICTURES=1 takes the pictures of docs/images anew.
func TestErrorPage(t *testing.T) {
	set, err := safebody.New(safebody.Options{
		Brand:   safebody.Brand{Name: "Example Shop"},
		Support: "https://shop.example/help",
		Texts:   []safebody.File{{Name: "ar.toml", Data: []byte("language = 'ar'\n[status.500]\nheading = 'حدث خطأ ما'\n")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(errorPages(set))
	defer server.Close()
	b := startBrowser(t)
	for _, c := range []struct {
		screen    screen
		languages string
		picture   string
		title     string
	}{
		{desktopLight, "", "error-page-light.png", "Something went wrong on our side · Example Shop"},
		{desktopDark, "", "error-page-dark.png", "Something went wrong on our side · Example Shop"},
		{phoneLight, "", "error-page-phone.png", "Something went wrong on our side · Example Shop"},
		{phoneDark, "", "", "Something went wrong on our side · Example Shop"},
		{screen{width: 320, height: 500, scale: 1, phone: true}, "", "", "Something went wrong on our side · Example Shop"},
		{desktopLight, "ar", "", "حدث خطأ ما · Example Shop"},
	} {
		t.Run(fmt.Sprint(c.screen, c.languages), func(t *testing.T) {
			p := b.open(t, server.URL+"/500", c.screen, c.languages)
			checkErrorPage(t, p, c.title)
			if c.picture != "" {
				keepPicture(t, c.picture, p.screenshot(t))
			}
		})
	}
	t.Run("selecting", func(t *testing.T) {
		p := b.open(t, server.URL+"/500", desktopLight, "")
		var selected string
		p.eval(t, `(() => {
			const code = document.querySelector("code");
			return getComputedStyle(code).userSelect + " " + code.textContent;
		})()`, &selected)
		if want := "all " + pageReference; selected != want {
			t.Errorf("the reference is %q, want %q", selected, want)
		}
	})
	t.Run("without style", func(t *testing.T) {
		p := b.open(t, server.URL+"/500?policy", desktopLight, "")
		var text string
		p.eval(t, `document.body.innerText`, &text)
		for _, want := range []string{"Example Shop", "Error 500", "Something went wrong", "Try again", pageReference, "Contact support"} {
			i := strings.Index(text, want)
			if i < 0 {
				t.Errorf("the page does not say %q, or not in this order", want)
				continue
			}
			text = text[i:]
		}
		if !slices.ContainsFunc(p.complaints, func(s string) bool { return strings.Contains(s, "style") }) {
			t.Errorf("the policy forbade nothing: %q", p.complaints)
		}
		if bad := p.illegible(t); len(bad) > 0 {
			t.Errorf("hard to read: %q", bad)
		}
	})
}

const pageReference = "4bf92f3577b34da6a3ce929d0e0e4736"

// errorPages answers every request with the page for the status in its path.
func errorPages(set *safebody.Set) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var status int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &status); err != nil {
			status = http.StatusNotFound
		}
		contentType, language, body := set.Body(safebody.Request{
			Accept: []byte(r.Header.Get("Accept")), AcceptLanguage: []byte(r.Header.Get("Accept-Language")),
			Status: status, Reference: pageReference, Original: []byte("text/html"),
		})
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Language", language)
		if r.URL.RawQuery == "policy" {
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

// checkErrorPage asks what holds for the page however it is looked at.
func checkErrorPage(t *testing.T, p *page, title string) {
	t.Helper()
	var got string
	if p.eval(t, "document.title", &got); got != title {
		t.Errorf("the title is %q, want %q", got, title)
	}
	if bad := p.illegible(t); len(bad) > 0 {
		t.Errorf("hard to read: %q", bad)
	}
	if p.overflows(t) {
		t.Error("is wider than the window")
	}
	var box struct{ Direction, Side string }
	p.eval(t, `({direction: document.documentElement.dir, side: getComputedStyle(document.querySelector("h1")).textAlign})`, &box)
	if box.Direction != "ltr" && box.Direction != "rtl" || box.Side != "start" {
		t.Errorf("text runs %+v", box)
	}
	for _, complaint := range p.complaints {
		// That the page has the status of an error is as it should be, and what the
		// browser asks for by itself is not the page's.
		if !strings.Contains(complaint, "Failed to load resource: the server responded with a status of") {
			t.Errorf("the browser says: %s", complaint)
		}
	}
}
