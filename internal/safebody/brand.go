package safebody

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
)

// Brand is whose page the HTML body is.
type Brand struct {
	// Name of the service or company, shown above the text; at most 100 bytes.
	Name string
	// Colour of links and of the status, "#rgb" or "#rrggbb". It is darkened or
	// lightened as far as legibility wants (WCAG 2.2 AA, 4.5 to 1).
	Colour string
	// Logo is a picture (PNG, JPEG, GIF, WebP or SVG) of at most MaxLogo bytes, which
	// stands in the page itself. Its name is that of the brand.
	Logo File
}

// MaxLogo is the most bytes that a logo may have.
const MaxLogo = 32 << 10

// defaultColour is used where the operator has none.
const defaultColour = "#2f6feb"

// Backgrounds that the page's text stands on (templates/page.html).
var (
	lightCard = colour{0xff, 0xff, 0xff}
	darkCard  = colour{0x18, 0x1c, 0x22}
)

// constantsOf returns what templates are told of the brand and of support.
func constantsOf(o Options, errs *Errors) constants {
	c := constants{"brand": o.Brand.Name, "logo": logoOf(o.Brand, errs)}
	if o.Brand.Name != clean(o.Brand.Name, 100) {
		errs.option("brand.name", "is longer than 100 bytes or holds a character that can't be printed")
	}
	accent, ok := parseColour(o.Brand.Colour)
	if o.Brand.Colour == "" {
		accent, _ = parseColour(defaultColour)
	} else if !ok {
		errs.option("brand.colour", "is no colour (\"#rgb\" or \"#rrggbb\")")
	}
	c["accent_light"] = accent.legible(lightCard, colour{0, 0, 0}).String()
	c["accent_dark"] = accent.legible(darkCard, colour{0xff, 0xff, 0xff}).String()
	c["support"], c["support_text"] = supportOf(o.Support, errs)
	return c
}

// supportOf returns the address of a link and how it is shown.
func supportOf(s string, errs *Errors) (link, text string) {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return "", ""
	case s != clean(s, 500) || strings.ContainsAny(s, " \"'<>\\"):
	case err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil:
		return u.String(), strings.TrimSuffix(s[len(u.Scheme)+len("://"):], "/")
	default:
		address := strings.TrimPrefix(s, "mailto:")
		if parsed, err := mail.ParseAddress(address); err == nil && parsed.Name == "" && parsed.Address == address {
			return "mailto:" + (&url.URL{Path: address}).EscapedPath(), address
		}
	}
	errs.option("support", "is no address (\"https://…\" or \"help@…\")")
	return "", ""
}

// logoOf returns the logo as a data: URI.
func logoOf(b Brand, errs *Errors) string {
	data := b.Logo.Data
	if len(data) == 0 {
		if b.Logo.Name != "" {
			errs.option("brand.logo", "%s is empty", b.Logo.Name)
		}
		return ""
	}
	if len(data) > MaxLogo {
		errs.option("brand.logo", "%s has %d bytes (at most %d)", b.Logo.Name, len(data), MaxLogo)
		return ""
	}
	if b.Name == "" {
		errs.option("brand.name", "is missing (it is what is read out for the logo)")
	}
	media := http.DetectContentType(data)
	switch media {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
	default:
		if !bytes.Contains(data[:min(len(data), 1024)], []byte("<svg")) {
			errs.option("brand.logo", "%s is no picture (PNG, JPEG, GIF, WebP or SVG)", b.Logo.Name)
			return ""
		}
		media = "image/svg+xml"
	}
	return "data:" + media + ";base64," + base64.StdEncoding.EncodeToString(data)
}

// colour is a colour of sRGB.
type colour struct{ r, g, b uint8 }

func parseColour(s string) (colour, bool) {
	if len(s) == 4 {
		s = string([]byte{s[0], s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 24)
	return colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err == nil && len(s) == 7 && s[0] == '#'
}

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

// legible returns c, or c mixed with as much of toward as it needs to be legible
// as text on a background.
func (c colour) legible(on, toward colour) colour {
	const enough, steps = 4.5, 20
	for i := range steps {
		mixed := colour{mix(c.r, toward.r, i, steps), mix(c.g, toward.g, i, steps), mix(c.b, toward.b, i, steps)}
		if contrast(mixed, on) >= enough {
			return mixed
		}
	}
	return toward
}

func mix(a, b uint8, part, whole int) uint8 {
	return uint8((int(a)*(whole-part) + int(b)*part) / whole)
}
