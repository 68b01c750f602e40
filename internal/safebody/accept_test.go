package safebody

import (
	"slices"
	"strings"
	"testing"
)

func TestAccept(t *testing.T) {
	problem := slices.Concat(shapes["problem"].offers, otherOffers)
	graphql := slices.Concat(shapes["graphql"].offers, otherOffers)
	const (
		pj, aj, th, tp = "application/problem+json", "application/json", "text/html", "text/plain"
		px, ax, tx     = "application/problem+xml", "application/xml", "text/xml"
		browser        = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
		oldJava        = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
	)
	for _, c := range []struct {
		offers           []offer
		accept, original string
		want             string
	}{
		// Anything: the kind that was there.
		{problem, "", "application/json", pj},
		{problem, "", "application/vnd.api+json; charset=utf-8", pj},
		{problem, "", "Text/HTML; charset=utf-8", th},
		{problem, "", "text/plain", tp},
		{problem, "", "text/csv", tp},
		{problem, "", "application/soap+xml", px},
		{problem, "", "application/xhtml+xml", th},
		{problem, "", "", pj},
		{problem, "", "image/png", pj},
		{problem, "*/*", "text/html", th},
		{problem, "*/*", "application/json", pj},
		{graphql, "*/*", "application/json", aj},
		{problem, "image/*", "text/html", th},
		{problem, "application/pdf", "", pj},

		// By name.
		{problem, "application/json", "text/html", aj},
		{problem, "application/problem+json", "text/html", pj},
		{problem, "application/problem+json, application/json", "text/html", pj},
		{problem, "application/json, application/problem+json;q=0.9", "", aj},
		{problem, "APPLICATION/JSON", "text/html", aj},
		{graphql, "application/graphql-response+json, application/json;q=0.9", "", "application/graphql-response+json"},
		{problem, "text/plain", "application/json", tp},
		{problem, "application/xml", "application/json", ax},
		{problem, "text/xml", "application/json", tx},
		{problem, "application/problem+xml", "application/json", px},
		{problem, browser, "application/json", th},
		{problem, browser, "text/plain", th},
		{problem, "application/json, text/plain, */*", "application/json", aj},
		{problem, "application/json, text/plain, */*", "text/html", aj},
		{problem, "application/json, text/plain, */*", "text/plain", tp},

		// Quality, and which range decides.
		{problem, "text/html;q=0.5, application/json;q=0.9", "text/html", aj},
		{problem, "text/html; q=0.5 , application/json ; q=0.49", "application/json", th},
		{problem, "text/html;q=0, */*", "text/html", pj},
		{problem, "*/*, text/html;q=0.1", "text/html", pj},
		{problem, "text/*;q=0.9, text/html;q=0.1, text/plain;q=0.2", "", tx},
		{problem, "text/*", "text/plain", tp},
		{problem, "text/*", "application/json", th},
		{problem, "application/*", "", pj},
		{problem, "application/*, text/html;q=0.2", "text/html", pj},
		{problem, "*/*;q=0", "text/plain", tp},
		{problem, "text/html;level=1;q=0.3, application/json;q=0.2", "", th},
		{problem, `application/json;profile="a,b;q=0", text/html;q=0.5`, "", aj},
		{problem, `application/json;profile="a\",q=0";q=0.4, text/html;q=0.5`, "", th},

		// Another type of the family.
		{problem, "application/vnd.github+json", "text/html", pj},
		{problem, "application/vnd.api+json, text/html;q=0.9", "text/html", pj},
		{problem, "application/atom+xml", "application/json", px},
		{problem, "application/xhtml+xml", "application/json", th},
		{problem, "image/svg+xml,image/*", "text/html", th},
		{problem, "application/vnd.a+json;q=0, */*", "text/html", th},

		// What can't be read does not count.
		{problem, oldJava, "application/json", th},
		{problem, "*", "text/plain", tp},
		{problem, ";;,,/", "text/html", th},
		{problem, "*/html", "text/plain", tp},
		{problem, "text/html;q=x", "application/json", pj},
		{problem, "text/html;q=2, text/plain", "application/json", tp},
		{problem, "text/html;q=, text/plain", "application/json", tp},
		{problem, "text/html;q=1.0.0, text/plain", "application/json", tp},
		{problem, "text /html, text/plain", "application/json", tp},
		{problem, "\x00\xff", "text/html", th},
		{problem, `"`, "text/html", th},
		{problem, strings.Repeat("text/plain;q=0.1,", maxRanges) + "application/json", "text/html", tp},
	} {
		got := choose(c.offers, []byte(c.accept), kindOf([]byte(c.original)))
		if got.media != c.want {
			t.Errorf("Accept %q of %q: %s, want %s", c.accept, c.original, got.media, c.want)
		}
	}
}

func TestQuality(t *testing.T) {
	for in, want := range map[string]int{
		"0": 0, "1": 1000, "0.5": 500, ".2": 200, "1.": 1000, "0.123": 123, "0.1239": 123, "1.000": 1000,
		"": -1, ".": -1, "1.001": -1, "2": -1, "-1": -1, "0.x": -1, "00": -1, "1e0": -1,
	} {
		q, ok := quality([]byte(in))
		if got := int(q); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %d %v", in, got, ok)
		}
	}
}

func TestOffersFit(t *testing.T) {
	for name, s := range shapes {
		if n := len(s.offers) + len(otherOffers); n > maxOffers {
			t.Errorf("%s has %d offers", name, n)
		}
	}
}
