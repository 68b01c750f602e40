package neutral

import (
	"strings"
	"testing"
)

// Traces don't get out by standing in something else than the document or the text that
// their body is declared to be.
func TestDisguisedTraces(t *testing.T) {
	s := builtin(t)
	quoted := `Traceback (most recent call last):\n  File \"/srv/app/views.py\", line 12, in charge\n    pay()\nRuntimeError: no route`
	node := "Error: no route\n    at charge (/srv/app/pay.js:12:3)\n    at settle (/srv/app/pay.js:40:9)"
	document := `{"code": 7, "detail": "` + quoted + `"}`
	neutral := `{"code": 7, "detail": "An internal error happened."}`
	wide := func(text string) []byte {
		return []byte("\x00" + strings.Join(strings.Split(text, ""), "\x00"))
	}
	for _, tt := range []struct {
		name  string
		body  Body
		want  string
		whole bool
	}{
		{"behind a byte order mark", Body{500, JSON, []byte("\ufeff" + document)}, "\ufeff" + neutral, false},
		{"JSONP", Body{500, Text, []byte("/**/cb(" + document + ");\n")}, "/**/cb(" + neutral + ");\n", false},
		{"JSONP on a 4xx", Body{400, JSON, []byte("cb(" + document + ")")}, `cb({"code": 7, "detail": "The request could not be completed."})`, false},
		{"JSONP that tells nothing", Body{400, JSON, []byte(`cb({"code": 7})`)}, "", false},
		{"kept from being a script", Body{500, JSON, []byte(")]}',\n" + document)}, ")]}',\n" + neutral, false},
		{"cut short", Body{500, JSON, []byte(document[:len(document)-2])}, "", true},
		{"cut short on a 4xx", Body{400, JSON, []byte(document[:len(document)-2])}, "", true},
		{"no valid number", Body{500, JSON, []byte(`{"n": 01, ` + document[1:])}, "", true},
		{"in a script", Body{500, HTML, []byte(`<p>No.</p><script type="application/json">` + document + `</script>`)}, "", true},
		{"lines parted by tags and fixed spaces", Body{500, HTML, []byte(strings.NewReplacer(" ", "&nbsp;", "\n", "<br>").Replace(node))}, "", true},
		{"in a tag that does not end", Body{500, HTML, []byte("<p>No.</p><pre " + node)}, "", true},
		{"with colours", Body{500, Text, []byte(strings.ReplaceAll(node, "at ", "\x1b[31mat \x1b[0m"))}, "", true},
		{"with colours in JSON", Body{400, JSON, []byte(`{"code": 7, "detail": "No.\\n\u001b[31m` + quoted + `"}`)}, `{"code": 7, "detail": "The request could not be completed."}`, false},
		{"two bytes a character", Body{500, HTML, wide(node)}, "", true},
		{"in a name", Body{500, JSON, []byte(`{"code": 7, "` + quoted + `": 1}`)}, `{"code": 7, "An internal error happened.": 1}`, false},
		{"host in a name", Body{503, JSON, []byte(`{"api": "up", "db-3.internal": "down"}`)}, `{"api": "up", "[host]": "down"}`, false},
		{"names of fields", Body{400, JSON, []byte(`{"items.0.price": ["A \\number\\ is required.\\n"], "a:b/c": 1}`)}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, err := s.Neutralise(s.NewScratch(), tt.body)
			if err != nil || string(res.Text) != tt.want || res.Whole != tt.whole {
				t.Errorf("text %q, whole %v, error %v", res.Text, res.Whole, err)
			}
		})
	}
}

func TestLegible(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"nothing to do", ""},
		{`C:\app\main`, ""},
		{`a\nb\\\\nc\td\"e\/`, "a\nb\nc d\"e/"},
		{`\u0022\u003c\u00e9\u00`, "\"<\\u00e9\\u00"},
		{"\x1b[1;31mred\x1b[0m \x1b", "red "},
		{`\u001b[31mred\u001b`, "red"},
		{"a\u00a0b\u200bc\x00", "a bc"},
		{"\\n\xff\\", "\n\xff\\"},
	} {
		if got := legible([]byte(tt.text)); string(got) != tt.want {
			t.Errorf("legible(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
