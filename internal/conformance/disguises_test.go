package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/quotedprintable"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// disguise is a way to write text as other text, and to read that back.
type disguise struct {
	name  string
	write func(text string) string
	// split is instead of write where it depends on where the secret stands.
	split func(s *sample) string
	read  func(s string) (text string, err error)
	// whole says that a rule may take all of it.
	whole bool
	// pads says that it puts words before the text, so that this is not all that stands
	// in its field.
	pads bool
	// apt says of which texts something is disguised, if not of all.
	apt func(s *sample, written string) bool
	// ascii says that only text of ASCII can be written so.
	ascii bool
}

var errForm = errors.New("not of its form any more")

// within returns what stands between before and after in s.
func within(s, before, after string) (string, error) {
	if len(s) < len(before)+len(after) || !strings.HasPrefix(s, before) || !strings.HasSuffix(s, after) {
		return "", errForm
	}
	return s[len(before) : len(s)-len(after)], nil
}

func inJSON(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func fromJSON(s string) (text string, err error) {
	err = json.Unmarshal([]byte(s), &text)
	return text, err
}

func escaped(text string) string { q := inJSON(text); return q[1 : len(q)-1] }

func unescaped(s string) (string, error) { return fromJSON(`"` + s + `"`) }

// times does fn to text n times.
func times(n int, fn func(string) string) func(string) string {
	return func(text string) string {
		for range n {
			text = fn(text)
		}
		return text
	}
}

func timesBack(n int, fn func(string) (string, error)) func(string) (string, error) {
	return func(s string) (_ string, err error) {
		for range n {
			if s, err = fn(s); err != nil {
				return "", err
			}
		}
		return s, nil
	}
}

// each writes every character of ASCII in a format of its number.
func each(format string) func(string) string {
	return func(text string) string {
		var b strings.Builder
		for _, c := range []byte(text) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
}

func wrapped(s string, width int, newline string) string {
	var b strings.Builder
	for ; len(s) > width; s = s[width:] {
		b.WriteString(s[:width] + newline)
	}
	return b.String() + s
}

// base64Of writes text in an encoding, behind pad.
func base64Of(name string, e *base64.Encoding, pad string) disguise {
	return disguise{
		name:  name,
		apt:   isLong,
		pads:  pad != "",
		write: func(text string) string { return e.EncodeToString([]byte(pad + text)) },
		read: func(s string) (string, error) {
			e := e
			if len(s)%4 == 0 {
				e = e.WithPadding('=') // whether it was is not to be seen
			}
			if !strings.ContainsAny(s, "+/") || !strings.ContainsAny(s, "-_") {
				s = alike(s, e) // nor which of the two alphabets, where neither's own stands in it
			}
			out, err := e.Strict().DecodeString(s)
			if err != nil {
				return "", err
			}
			return within(string(out), pad, "")
		},
	}
}

// alike writes s in the alphabet of e.
func alike(s string, e *base64.Encoding) string {
	if strings.ContainsAny(e.EncodeToString([]byte{0xff, 0xff, 0xff}), "_") {
		return strings.NewReplacer("+", "-", "/", "_").Replace(s)
	}
	return strings.NewReplacer("-", "+", "_", "/").Replace(s)
}

// wrappedBase64 is base64 in lines, each of which but the last must be of width bytes.
func wrappedBase64(width int, newline string) disguise {
	const pad = "these are some words that stand before what it is about: "
	return disguise{
		pads: true,
		name: fmt.Sprintf("base64 in lines of %d, %q", width, newline),
		write: func(text string) string {
			return wrapped(base64.StdEncoding.EncodeToString([]byte(pad+text)), width, newline)
		},
		read: func(s string) (string, error) {
			lines := strings.Split(s, newline)
			for i, line := range lines {
				if strings.ContainsAny(line, "\r\n") || len(line) > width || i < len(lines)-1 && len(line) != width {
					return "", errForm
				}
			}
			out, err := base64.StdEncoding.Strict().DecodeString(strings.Join(lines, ""))
			if err != nil {
				return "", err
			}
			return within(string(out), pad, "")
		},
	}
}

func utf16Bytes(text string, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func fromUTF16(raw []byte, order binary.ByteOrder) (string, error) {
	if len(raw)%2 != 0 {
		return "", errForm
	}
	var units []uint16
	for i := 0; i < len(raw); i += 2 {
		units = append(units, order.Uint16(raw[i:]))
	}
	return string(utf16.Decode(units)), nil
}

func readHex(s string) (string, error) {
	out, err := hex.DecodeString(s)
	return string(out), err
}

func quotedPrintable(text string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	w.Binary = true
	w.Write([]byte("a=b " + text))
	w.Close()
	return b.String()
}

func fromQuotedPrintable(s string) (string, error) {
	out, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(s)))
	if err != nil {
		return "", err
	}
	return within(string(out), "a=b ", "")
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func fromGzipped(s string) (string, error) {
	packed, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	out, err := io.ReadAll(r)
	return string(out), err
}

const (
	jwtHead = `{"alg":"HS256","typ":"JWT"}`
	jwtSign = "c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4"
)

// inJWT writes text as a claim.
func inJWT(text string) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(jwtHead)) + "." + e.EncodeToString([]byte(`{"sub":"bob","note":`+inJSON(text)+`}`)) + "." + jwtSign
}

func fromJWT(s string) (string, error) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || parts[2] != jwtSign {
		return "", errForm
	}
	head, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || string(head) != jwtHead {
		return "", errForm
	}
	// Neither whether it is padded nor which alphabet it has is to be seen of all.
	claims, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(alike(parts[1], base64.RawURLEncoding), "="))
	if err != nil {
		return "", err
	}
	in, err := within(string(claims), `{"sub":"bob","note":`, `}`)
	if err != nil {
		return "", err
	}
	return fromJSON(in)
}

// colours are what stands in the middle of a text, and what ends it.
func coloured(esc string) disguise {
	sequence := regexp.MustCompile(regexp.QuoteMeta(esc) + `\[[0-9;]*m`)
	return disguise{
		name: fmt.Sprintf("colours by %q", esc),
		split: func(s *sample) string {
			n := 0
			if len(s.secrets) > 0 {
				n = strings.Index(s.text, s.secrets[0]) + len(s.secrets[0])/2
			}
			return esc + "[1;31m" + s.text[:n] + esc + "[0m" + esc + "[33m" + s.text[n:] + esc + "[0m"
		},
		read: func(s string) (string, error) {
			s = sequence.ReplaceAllString(s, "")
			if strings.Contains(s, esc) {
				return "", errForm
			}
			return s, nil
		},
		ascii: true,
	}
}

// isLong reports whether what is written is long enough to be told from an id, or stands
// under a name.
func isLong(s *sample, written string) bool {
	const least, shortest = 23, 8
	words := strings.FieldsFunc(written, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' })
	longest := slices.MaxFunc(append(words, ""), func(a, b string) int { return len(a) - len(b) })
	return len(longest) >= least || s.key != "" && len(longest) >= shortest
}

func isLongHex(s *sample, written string) bool {
	const least, shortest = 32, 8
	return len(written) >= least || s.key != "" && len(written) >= shortest
}

// isForm reports whether it is to be seen that written is a form.
func isForm(_ *sample, written string) bool {
	return strings.Contains(written, "%") || strings.Count(strings.Trim(written, "+"), "+") > 1
}

var octal = regexp.MustCompile(`#(0[0-3][0-7])`)

// syslogText writes control characters as rsyslog does.
func syslogText(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < ' ' {
			fmt.Fprintf(&b, "#%03o", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func fromSyslogText(s string) (string, error) {
	return octal.ReplaceAllStringFunc(s, func(o string) string {
		c, _ := strconv.ParseUint(o[1:], 8, 8) // by the expression
		return string(rune(c))
	}), nil
}

// escapes are those of programming languages.
func fromGo(s string) (string, error) { return strconv.Unquote(`"` + s + `"`) }

var disguises = []disguise{
	{name: "JSON once", write: escaped, read: unescaped},
	{name: "JSON twice", write: times(2, escaped), read: timesBack(2, unescaped)},
	{name: "JSON thrice", write: times(3, escaped), read: timesBack(3, unescaped)},
	{name: "escapes u", write: each(`\u%04x`), read: unescaped, ascii: true},
	{name: "escapes u twice", write: each(`\\u%04X`), read: timesBack(2, unescaped), ascii: true},
	{name: "escapes x", write: each(`\x%02x`), read: fromGo, ascii: true},
	{name: "percent in a path", write: url.PathEscape, read: url.PathUnescape},
	{name: "percent in a form", apt: isForm, write: url.QueryEscape, read: url.QueryUnescape},
	{name: "percent twice", apt: func(s *sample, _ string) bool { return isForm(s, url.QueryEscape(s.text)) }, write: times(2, url.QueryEscape), read: timesBack(2, url.QueryUnescape)},
	{name: "percent throughout", write: each("%%%02x"), read: url.PathUnescape},
	{name: "entities", write: html.EscapeString, read: func(s string) (string, error) { return html.UnescapeString(s), nil }},
	{name: "entities throughout", write: each("&#%d;"), read: func(s string) (string, error) { return html.UnescapeString(s), nil }, ascii: true},
	{name: "entities, hexadecimal", write: each("&#x%X;"), read: func(s string) (string, error) { return html.UnescapeString(s), nil }, ascii: true},
	base64Of("base64", base64.StdEncoding, ""),
	base64Of("base64, 1 before", base64.StdEncoding, "\n"),
	base64Of("base64, 2 before", base64.StdEncoding, "a "),
	base64Of("base64, unpadded", base64.RawStdEncoding, ""),
	base64Of("base64, URL-safe", base64.URLEncoding, ""),
	base64Of("base64, URL-safe, unpadded", base64.RawURLEncoding, "a>?>?>?>? "),
	wrappedBase64(76, "\n"),
	wrappedBase64(64, "\r\n"),
	wrappedBase64(60, `\n`),
	{name: "base64 twice", apt: func(s *sample, _ string) bool {
		return isLong(&sample{}, base64.StdEncoding.EncodeToString([]byte(s.text)))
	}, whole: true, write: times(2, func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
		read: timesBack(2, func(s string) (string, error) {
			out, err := base64.StdEncoding.DecodeString(s)
			return string(out), err
		})},
	{name: "Basic", whole: true, pads: true,
		write: func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+text)) },
		read: func(s string) (string, error) {
			out, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "Basic "))
			if err != nil {
				return "", err
			}
			return within(string(out), "user:", "")
		}},
	{name: "UTF-16 in base64", apt: func(s *sample, written string) bool { return isLong(&sample{}, written) },
		write: func(text string) string {
			return base64.StdEncoding.EncodeToString(utf16Bytes(text, binary.LittleEndian))
		},
		read: func(s string) (string, error) {
			out, err := base64.StdEncoding.DecodeString(s)
			if err != nil {
				return "", err
			}
			return fromUTF16(out, binary.LittleEndian)
		}},
	{name: "hex", apt: isLongHex, write: func(s string) string { return hex.EncodeToString([]byte(s)) }, read: readHex},
	{name: "hex, upper", apt: isLongHex, write: func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }, read: readHex},
	{name: "quoted-printable", pads: true, write: quotedPrintable, read: fromQuotedPrintable},
	{name: "data URL", pads: true, apt: func(_ *sample, written string) bool { return isLong(&sample{}, written) },
		write: func(text string) string {
			return "data:text/plain;base64," + base64.StdEncoding.EncodeToString([]byte(text))
		},
		read: func(s string) (string, error) {
			s, err := within(s, "data:text/plain;base64,", "")
			if err != nil {
				return "", err
			}
			out, err := base64.StdEncoding.DecodeString(s)
			return string(out), err
		}},
	{name: "JWT claim", write: inJWT, read: fromJWT, whole: true, pads: true},
	{name: "gzip", write: gzipped, read: fromGzipped},
	coloured("\x1b"), coloured(`\033`), coloured(`\e`), coloured(`\x1b`), coloured(`\u001b`), coloured("#033"),
	{name: "syslog", write: syslogText, read: fromSyslogText},
}
