//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// failures are what a backend says of its errors, by path.
var failures = map[string]string{
	"/orders": "Traceback (most recent call last):\n  File \"/srv/app/shop/views.py\", line 41, in charge\n    gateway.send(order)\n" +
		"  File \"/srv/app/shop/gateway.py\", line 17, in send\n    raise GatewayTimeout(order.id)\nshop.gateway.GatewayTimeout: no answer\n",
	"/invoices": "java.lang.IllegalStateException: ledger is closed\n\tat com.example.shop.Ledger.post(Ledger.java:88)\n" +
		"\tat com.example.shop.InvoiceController.create(InvoiceController.java:31)\n",
	"/search": "TypeError: Cannot read properties of undefined (reading 'hits')\n    at rank (/srv/app/search.js:12:9)\n    at handle (/srv/app/server.js:30:5)\n",
}

// TestErrorListPage looks at the page of grouped errors in Chromium, and at one of them.
// E2E_PICTURES=1 takes the pictures of docs/images anew.
func TestErrorListPage(t *testing.T) {
	planted := random(20, alnum)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "%s\npassword = %q\n", failures[r.URL.Path], planted)
	}))
	defer backend.Close()
	r := startRedactd(t, keyedConfig+`
[upstream.shop]
urls = ["`+backend.URL+`"]
[route.shop]
upstream = "shop"
response = "errors"
`)
	for path, n := range map[string]int{"/orders": 12, "/invoices": 5, "/search": 3} {
		for range n {
			answer, err := http.Get("http://" + r.addr + path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || strings.Contains(string(body), "/srv/app") {
				t.Fatalf("%v: %s", err, body)
			}
		}
	}
	list := "http://" + r.admin + "/errors"
	r.await(t, "the errors in the list", func() bool {
		answer, err := http.Get(list)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return err == nil && strings.Contains(string(body), `<td class="number">12</td>`) &&
			strings.Contains(string(body), `<td class="number">5</td>`) && strings.Contains(string(body), `<td class="number">3</td>`)
	})
	b := startBrowser(t)
	for _, c := range []struct {
		screen  screen
		picture string
	}{{desktopLight, "error-list-light.png"}, {desktopDark, "error-list-dark.png"}, {phoneLight, ""}, {phoneDark, ""}} {
		t.Run(fmt.Sprint(c.screen), func(t *testing.T) {
			p := b.open(t, list, c.screen, "")
			checkAdminPage(t, p, "Errors · redactd")
			var rows int
			if p.eval(t, `document.querySelectorAll("tbody tr").length`, &rows); rows != len(failures) {
				t.Errorf("%d groups, want %d", rows, len(failures))
			}
			if c.picture != "" {
				keepPicture(t, c.picture, p.screenshot(t))
			}
			var next string
			p.eval(t, `[...document.querySelectorAll("tbody a")].find(a => a.textContent.includes("GatewayTimeout")).href`, &next)
			p.load(t, next)
			checkAdminPage(t, p, "shop.gateway.GatewayTimeout · redactd")
			var text string
			p.eval(t, `document.body.innerText`, &text)
			for _, want := range []string{"send (/srv/app/shop/gateway.py:17)", "charge (/srv/app/shop/views.py:41)", "GET /orders", "[REDACTED:"} {
				if !strings.Contains(text, want) {
					t.Errorf("the page of an error does not say %q", want)
				}
			}
			if strings.Contains(text, planted) {
				t.Error("the page of an error shows a secret")
			}
			if c.screen == desktopLight {
				keepPicture(t, "error-one-light.png", p.screenshot(t))
			}
		})
	}
}

// checkAdminPage asks what holds for each page for operators.
func checkAdminPage(t *testing.T, p *page, title string) {
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
	if len(p.complaints) > 0 {
		t.Errorf("the browser says: %q", p.complaints)
	}
}
