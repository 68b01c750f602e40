//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// planted is a secret made for one test.
type planted struct {
	name  string
	value string
	// rules are those that may find it; nil for a credential that its owner
	// needs, which is to arrive and to show up nowhere else.
	rules []string
}

const (
	alnum  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	b64url = alnum + "-_"
)

func random(n int, alphabet string) string {
	out := make([]byte, n)
	for i := range out {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic(err)
		}
		out[i] = alphabet[k.Int64()]
	}
	return string(out)
}

// The kinds of secret, by what they look like. What marks them is put together
// here so that the repository holds nothing that looks like a live token.

func githubToken(name string) planted {
	return planted{name, "gh" + "p_" + random(36, alnum), []string{"github-classic-token"}}
}

func stripeKey(name string) planted {
	return planted{name, "sk" + "_live_" + random(24, alnum), []string{"stripe-key"}}
}

func awsKeyID(name string) planted {
	return planted{name, "AK" + "IA" + random(16, base32), []string{"aws-access-key-id"}}
}

func webToken(name string) planted {
	part := func(claims string) string { return base64.RawURLEncoding.EncodeToString([]byte(claims)) }
	return planted{name, part(`{"alg":"HS256","typ":"JWT"}`) + "." + part(`{"sub":"`+random(12, alnum)+`","iat":1700000000}`) +
		"." + random(43, b64url), []string{"jwt"}}
}

func privateKey(name string) planted {
	kind := "PRIVATE" + " KEY-----"
	return planted{name, "-----BEGIN " + kind + "\n" + random(64, alnum) + "\n" + random(40, alnum) + "\n-----END " + kind,
		[]string{"private-key"}}
}

// passwordIn returns a password that is to be found by one of the rules.
func passwordIn(name string, rules ...string) planted {
	return planted{name, random(8, alnum) + "!" + random(8, alnum) + "7", rules}
}

// credential returns a password that is not to be found, as its owner needs it.
func credential(name string) planted { return planted{name: name, value: random(20, alnum)} }

// plants are the secrets of one test.
type plants []planted

func (ps plants) value(name string) string {
	for _, p := range ps {
		if p.name == name {
			return p.value
		}
	}
	panic("nothing is planted under the name " + name)
}

// jsonText returns s as it stands inside of a JSON string.
func jsonText(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b[1 : len(b)-1])
}

// spellings returns the ways in which a value can stand in an output that a
// reader would still recognise.
func spellings(value string) []string {
	set := map[string]bool{}
	pythonHTML := strings.NewReplacer("'", "&#x27;", `"`, "&quot;", "&", "&amp;", "<", "&lt;", ">", "&gt;")
	for _, v := range []string{value, jsonText(value)} {
		for _, s := range []string{
			v, jsonText(v), html.EscapeString(v), pythonHTML.Replace(v), url.QueryEscape(v), url.PathEscape(v),
			url.QueryEscape(url.QueryEscape(v)),
		} {
			set[s] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b string) int { return len(b) - len(a) })
}

// secretParts returns the parts of a value of which none may come through: of
// a text of several lines, those that are not the same in every such text.
func secretParts(value string) []string {
	if !strings.Contains(value, "\n") {
		return []string{value}
	}
	parts := []string{value}
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-") {
			parts = append(parts, line)
		}
	}
	return parts
}

// encodings returns the ways in which a value can be hidden in an output:
// hexadecimal, and base64 at each of the three offsets it can begin at.
func encodings(value string) []string {
	out := []string{hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value)))}
	for offset := range 3 {
		padded := append(make([]byte, offset), value...)
		for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := coding.EncodeToString(padded)
			// The characters at the ends also depend on the neighbours.
			out = append(out, text[(offset*8+5)/6:len(padded)*8/6])
		}
	}
	return out
}

// reporter is what of a testing.T says that something is wrong.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// absent fails the test if a planted value stands in data in any form, or in
// what data is compressed or escaped from.
func (ps plants) absent(t reporter, where string, data []byte) {
	t.Helper()
	views := [][]byte{data}
	views = append(views, gzipMembers(data)...)
	for _, view := range views {
		text := string(view)
		for _, decoded := range []string{text, html.UnescapeString(text), unescapePercent(text)} {
			ps.absentIn(t, where, decoded)
		}
	}
}

func (ps plants) absentIn(t reporter, where, text string) {
	t.Helper()
	for _, p := range ps {
		if i, ok := firstIn(text, p.value); ok {
			t.Errorf("%s: %s came through, after %q", where, p.name, text[max(0, i-80):i])
		}
	}
}

// firstIn returns where in text any part of a value stands in any form.
func firstIn(text, value string) (int, bool) {
	for _, part := range secretParts(value) {
		for _, form := range append(spellings(part), encodings(part)...) {
			if i := strings.Index(text, form); i >= 0 {
				return i, true
			}
		}
	}
	return 0, false
}

// gzipMembers returns what is compressed anywhere in data.
func gzipMembers(data []byte) [][]byte {
	var out [][]byte
	for i := 0; i < len(data); i++ {
		n := bytes.Index(data[i:], []byte("\x1f\x8b\x08"))
		if n < 0 {
			break
		}
		i += n
		r, err := gzip.NewReader(bytes.NewReader(data[i:]))
		if err != nil {
			continue
		}
		r.Multistream(false)
		text, _ := io.ReadAll(r) // what comes out before an error counts
		out = append(out, text)
	}
	return out
}

var percent = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

func unescapePercent(s string) string {
	return percent.ReplaceAllStringFunc(s, func(e string) string {
		b, err := hex.DecodeString(e[1:])
		if err != nil {
			return e
		}
		return string(b)
	})
}

// tally counts findings by rule.
type tally map[string]int

func (c tally) add(o tally) {
	for rule, n := range o {
		c[rule] += n
	}
}

func (c tally) String() string {
	var list []string
	for _, rule := range slices.Sorted(maps.Keys(c)) {
		list = append(list, fmt.Sprintf("%s=%d", rule, c[rule]))
	}
	return strings.Join(list, " ")
}

// placeholder is what the default action leaves, plain or as a form has it.
var placeholder = regexp.MustCompile(`(?:\[REDACTED:|%5BREDACTED%3A)([a-z0-9-]+)(?:\]|%5D)`)

// compare holds after to before: every placeholder stands exactly for one
// planted value, found by one of its rules; nothing else differs; and no
// planted value is left. It returns how often which rule found something.
func (ps plants) compare(t reporter, where string, before, after []byte) tally {
	t.Helper()
	found := tally{}
	rest, last := string(before), 0
	for _, at := range placeholder.FindAllSubmatchIndex(after, -1) {
		literal, rule := string(after[last:at[0]]), string(after[at[2]:at[3]])
		tail, ok := strings.CutPrefix(rest, literal)
		if !ok {
			t.Errorf("%s: %s", where, ps.difference(rest, literal))
			return found
		}
		p, size := ps.at(tail)
		if size == 0 {
			t.Errorf("%s: rule %s found something that is not planted: after %q, %q", where, rule,
				literal[max(0, len(literal)-60):], tail[:min(len(tail), 60)])
			return found
		}
		if !slices.Contains(p.rules, rule) {
			t.Errorf("%s: %s was found by rule %s, not by one of %v; after %q", where, p.name, rule, p.rules,
				literal[max(0, len(literal)-60):])
		}
		found[rule]++
		rest, last = tail[size:], at[1]
	}
	if literal := string(after[last:]); rest != literal {
		t.Errorf("%s: %s", where, ps.difference(rest, literal))
	}
	ps.absent(t, where, after)
	return found
}

// lineBreak is how a line break of a value can be spelled: escaped any number of
// times, and where pprint breaks a long string in two.
const lineBreak = `(?:\r?\n|\\+n(?:(?:'|&#x27;)\s+(?:'|&#x27;))?|%0A|&#10;)`

// at returns the planted value that text begins with and its size there. A
// value that a field consists of is found with the quotation marks that Python
// puts around it.
func (ps plants) at(text string) (planted, int) {
	var found planted
	size := 0
	for _, p := range ps {
		for _, s := range spellings(p.value) {
			for _, quote := range []string{"", "'", "&#x27;", `"`, "&quot;"} {
				if form := quote + s + quote; len(form) > size && strings.HasPrefix(text, form) {
					found, size = p, len(form)
				}
			}
		}
		if n := sizeOfLines(text, p.value); n > size {
			found, size = p, n
		}
	}
	return found, size
}

// sizeOfLines returns the size of a value of several lines that text begins
// with, 0 if it does not.
func sizeOfLines(text, value string) int {
	lines := strings.Split(value, "\n")
	if len(lines) == 1 || !strings.HasPrefix(text, lines[0]) {
		return 0
	}
	for i, line := range lines {
		lines[i] = regexp.QuoteMeta(line)
	}
	return len(regexp.MustCompile("^" + strings.Join(lines, lineBreak)).FindString(text))
}

// difference says where two texts part, with what is before.
func (ps plants) difference(before, after string) string {
	n := 0
	for n < min(len(before), len(after)) && before[n] == after[n] {
		n++
	}
	return fmt.Sprintf("bytes differ after %q: %q became %q", before[max(0, n-60):n],
		before[n:min(len(before), n+60)], after[n:min(len(after), n+60)])
}
