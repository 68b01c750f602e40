//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
)

// complaints is a reporter that only counts.
type complaints []string

func (c *complaints) Helper() {}

func (c *complaints) Errorf(format string, args ...any) {
	*c = append(*c, fmt.Sprintf(format, args...))
}

// TestSuiteSeesWhatIsWrong proves that the comparisons of this suite fail when
// something comes through or changes, and only then.
func TestSuiteSeesWhatIsWrong(t *testing.T) {
	ps := plants{githubToken("token"), passwordIn("password", "pw-quoted"), privateKey("key")}
	token, password, key := ps.value("token"), ps.value("password"), ps.value("key")
	keyLine := strings.Split(key, "\n")[1]
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write([]byte("x " + token)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const masked = "[REDACTED:github-classic-token]"
	tests := []struct{ name, before, after, complaint string }{
		{"nothing planted", "a b", "a b", ""},
		{"masked", "a " + token + " b", "a " + masked + " b", ""},
		{"masked in quotation marks", "<td>&#x27;" + token + "&#x27;</td>", "<td>" + masked + "</td>", ""},
		{"masked in a form", "a=" + token, "a=%5BREDACTED%3Agithub-classic-token%5D", ""},
		{"several lines", "k=" + strings.ReplaceAll(key, "\n", "\\n") + ".", "k=[REDACTED:private-key].", ""},
		{"broken by pprint", strings.ReplaceAll(key, "\n", "\\n'\n  '") + ".", "[REDACTED:private-key].", ""},
		{"left", token, token, "came through"},
		{"second left", token + " " + token, masked + " " + token, "came through"},
		{"part of a key left", key, "-----BEGIN " + keyLine, "came through"},
		{"base64", "x", base64.StdEncoding.EncodeToString([]byte("ab " + token + " c")), "came through"},
		{"hexadecimal", "x", hex.EncodeToString([]byte(token)), "came through"},
		{"HTML", "x", html.EscapeString("'" + password + "'"), "came through"},
		{"percent", "x", "q=" + url.QueryEscape(password), "came through"},
		{"twice percent", "x", url.QueryEscape(url.QueryEscape(password)), "came through"},
		{"compressed", "x", "head" + zipped.String() + "tail", "came through"},
		{"byte changed", "a " + token + " b", "a " + masked + " c", "bytes differ"},
		{"byte lost", "a " + token + "\n", "a " + masked, "bytes differ"},
		{"masked too much", "a " + token + " b", "a " + masked, "bytes differ"},
		{"masked too little", "a " + token, "a " + masked + token[36:], "bytes differ"},
		{"masked without need", "a b", "a " + masked, "not planted"},
		{"other rule", password, masked, "was found by rule"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got complaints
			found := ps.compare(&got, "here", []byte(tt.before), []byte(tt.after))
			if tt.complaint == "" {
				if len(got) > 0 {
					t.Errorf("complains without need: %q", got)
				}
				if len(found) != strings.Count(tt.after, "REDACTED") {
					t.Errorf("found %v", found)
				}
			} else if !strings.Contains(strings.Join(got, "\n"), tt.complaint) {
				t.Errorf("complains %q, want %q", got, tt.complaint)
			}
		})
	}
}
