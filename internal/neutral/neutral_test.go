package neutral

import (
	"html"
	"strings"
	"testing"
)

// What stays of a body, by all rules together.
const chained = `Traceback (most recent call last):
  File "/srv/app/ledger.py", line 3, in charge
    connect()
OSError: no answer

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/app/views.py", line 9, in settle
    charge()
shop.Refused: not now
`

func TestNeutralise(t *testing.T) {
	s := builtin(t)
	trace := `Traceback (most recent call last):\n  File \"/srv/app/views.py\", line 12, in charge\n    pay()\nRuntimeError: no route`
	for _, tt := range []struct {
		name       string
		body       Body
		want       string
		whole      bool
		exception  string
		firstFrame string
	}{
		{"words stay", Body{400, JSON, []byte(`{"email": ["Enter a valid address."],  "code": 12}`)}, "", false, "", ""},
		{"trace in a string on a 4xx", Body{400, JSON, []byte(`{"detail": "Not now.\n\n` + trace + `", "n": 1.0}`)},
			`{"detail": "Not now.\n\n", "n": 1.0}`, false, "RuntimeError", "charge (/srv/app/views.py:12)"},
		{"trace in a string on a 5xx", Body{500, JSON, []byte(`{"detail": "Not now.\n\n` + trace + `", "n": 1.0}`)},
			`{"detail": "An internal error happened.", "n": 1.0}`, false, "RuntimeError", "charge (/srv/app/views.py:12)"},
		{"document in a string", Body{500, JSON, []byte(`{"error": "{\"m\": \"` + `File \\\"/a.py\\\", line 3, in f` + `\", \"id\": 7}"}`)},
			`{"error": "{\"m\": \"An internal error happened.\", \"id\": 7}"}`, false, "", "f (/a.py:3)"},
		{"trace line by line", Body{500, JSON, []byte(`{"code": 7, "errors": ["Not now.", "", "Traceback (most recent call last):\n", "  File \"/a.py\", line 3, in f\n", "    g()\n", "KeyError: 'x'"]}`)},
			`{"code": 7, "errors": ["Not now.", ""]}`, false, "KeyError", "f (/a.py:3)"},
		{"only trace, line by line", Body{404, JSON, []byte(`{"code": 7, "errors": ["Traceback (most recent call last):", "  File \"/a.py\", line 3, in f"]}`)},
			`{"code": 7, "errors": []}`, false, "", "f (/a.py:3)"},
		{"two messages", Body{400, JSON, []byte(`{"errors": ["Too long.", "Not a \"File\", line 3."]}`)}, "", false, "", ""},
		{"trace in an element", Body{500, XML, []byte(`<e><code>7</code><msg>File "/a.py", line 3, in f</msg></e>`)},
			`<e><code>7</code><msg>An internal error happened.</msg></e>`, false, "", "f (/a.py:3)"},
		{"chained traces", Body{500, Text, []byte(chained)}, "", true, "shop.Refused", "settle (/srv/app/views.py:9)"},
		{"trace behind a message", Body{500, HTML, []byte("<p>'x' object has no attribute 'y'</p><pre>" + html.EscapeString(chained) + "</pre>")},
			"", true, "shop.Refused", "settle (/srv/app/views.py:9)"},
		{"trace over several elements", Body{500, HTML, []byte(`<p>File <b>"/a.py"</b>, line 3, in f</p>`)}, "", true, "", "f (/a.py:3)"},
		{"text", Body{404, Text, []byte("gone\n\nFile \"/a.py\", line 3, in f\nKeyError: 'x'\n\nbye")}, "gone\n\n\n\nbye", false, "KeyError", "f (/a.py:3)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, err := s.Neutralise(s.NewScratch(), tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if string(res.Text) != tt.want || res.Whole != tt.whole || res.Exception != tt.exception {
				t.Errorf("text %q, whole %v, exception %q", res.Text, res.Whole, res.Exception)
			}
			first := ""
			if len(res.Frames) > 0 {
				first = res.Frames[0].String()
			}
			if first != tt.firstFrame {
				t.Errorf("first frame %q, want %q", first, tt.firstFrame)
			}
		})
	}
}

// Of a long text that goes as a whole, the beginning tells enough: there would be no budget
// for all of it.
func TestLongTraces(t *testing.T) {
	s := builtin(t)
	for name, frame := range map[string]string{
		"node":   "    at charge (/srv/app/index.js:12:3)\n",
		"ruby":   "/srv/app/ledger.rb:12:in `charge'\n",
		"python": "  File \"/srv/app/ledger.py\", line 2, in charge\n    call(1)\n",
		"java":   "\tat com.acme.Gateway.charge(Gateway.java:12)\n",
		"dotnet": "   at Acme.Gateway.Charge(String s) in C:\\src\\Gateway.cs:line 12\n",
	} {
		for _, kind := range []Kind{HTML, Text} {
			body := []byte("<pre>Error: no\n" + strings.Repeat(frame, (2<<20)/len(frame)) + "</pre>")
			res, err := s.Neutralise(s.NewScratch(), Body{500, kind, body})
			if err != nil || !res.Whole || len(res.Frames) != maxFrames || res.Framework != name {
				t.Errorf("%s, %s: %v, whole %v, %d frames, framework %q", name, kind, err, res.Whole, len(res.Frames), res.Framework)
			}
		}
	}
}
