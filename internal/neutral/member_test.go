package neutral

import (
	"testing"

	"github.com/redactd/redactd/disclosure"
)

// A member may lose its value only, be a number, and be taken by several rules.
func TestMembers(t *testing.T) {
	s, err := Compile([]disclosure.Rule{
		{ID: "trace", Part: disclosure.Member, Keys: []string{"trace"}, Pattern: `\.php`},
		{ID: "php", Framework: "php", Part: disclosure.Member, Keys: []string{"trace"}, Frame: `file: (?P<file>\S+)\nline: (?P<line>\d+)`, Reverse: true},
		{ID: "line", Part: disclosure.Member, Keys: []string{"line"}, Beside: []string{"trace"}},
		{ID: "message", Part: disclosure.Member, Keys: []string{"message"}, Beside: []string{"trace"}, Instead: `Not "now".`, Status: []string{"5xx"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		body Body
		want string
	}{
		{"value on a 5xx", Body{500, JSON, []byte(`{"message": "no db", "line": 7, "trace": [{"file": "/a.php", "line": 3}, {"file": "/b.php", "line": 4}], "id": 1}`)},
			`{"message": "Not \"now\".", "id": 1}`},
		{"value on a 4xx", Body{400, JSON, []byte(`{"message": "no id", "line": 7, "trace": [{"file": "/a.php", "line": 3}, {"file": "/b.php", "line": 4}]}`)},
			`{"message": "no id"}`},
		{"nothing beside", Body{500, JSON, []byte(`{"message": "no id", "line": 7}`)}, ""},
		{"elements", Body{500, XML, []byte(`<e><message>no db</message><line>7</line><trace><i><file>/a.php</file><line>3</line></i><i><file>/b.php</file><line>4</line></i></trace></e>`)},
			`<e><message>Not &#34;now&#34;.</message></e>`},
		{"an element that says something else", Body{500, XML, []byte(`<e><message>no db</message><code>7</code></e>`)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, err := s.Neutralise(s.NewScratch(), tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if string(res.Text) != tt.want || res.Whole {
				t.Errorf("text %q, whole %v", res.Text, res.Whole)
			}
			if tt.want == "" {
				return
			}
			if len(res.Frames) != 2 || res.Frames[0].String() != "(/b.php:4)" || res.Framework != "php" {
				t.Errorf("framework %q, frames %v", res.Framework, res.Frames)
			}
		})
	}
}

// A name that rules know stands beside a member only where its value is what they look for.
func TestBeside(t *testing.T) {
	s := builtin(t)
	for _, tt := range []struct {
		name string
		body Body
		want string
	}{
		{"an id", Body{503, JSON, []byte(`{"message": "Closed until noon.", "trace": "4bf92f3577b34da6a3ce929d0e0e4736", "line": 3}`)}, ""},
		{"a trace", Body{503, JSON, []byte(`{"message": "no ledger", "trace": "Error\n    at a (/srv/app/b.js:3:4)", "line": 3}`)},
			`{"message": "An internal error happened."}`},
		{"an id in an element", Body{503, XML, []byte(`<e><message>Closed until noon.</message><trace>4bf92f3577b34da6a3ce929d0e0e4736</trace></e>`)}, ""},
		{"a trace in an element", Body{503, XML, []byte("<e><message>no ledger</message><trace>Error\n    at a (/srv/app/b.js:3:4)</trace></e>")},
			`<e><message>An internal error happened.</message></e>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, err := s.Neutralise(s.NewScratch(), tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if string(res.Text) != tt.want || res.Whole {
				t.Errorf("text %q, whole %v", res.Text, res.Whole)
			}
		})
	}
}

// A rule that does not count on a status has no say in what another one finds there.
func TestStatuses(t *testing.T) {
	s, err := Compile([]disclosure.Rule{
		{ID: "long", Part: disclosure.Message, Pattern: `shard-[0-9]{1,9} of [^\n]{1,99}`, Status: []string{"5xx"}},
		{ID: "short", Part: disclosure.Message, Pattern: `shard-[0-9]{1,9}`, Instead: "[shard]", Status: []string{"404", "403"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for status, want := range map[int]string{404: "[shard] of your orders", 403: "[shard] of your orders", 400: "", 200: "", 500: "An internal error happened."} {
		res, err := s.Neutralise(s.NewScratch(), Body{status, JSON, []byte(`{"m": "shard-7 of your orders"}`)})
		if err != nil {
			t.Fatal(err)
		}
		if want != "" {
			want = `{"m": "` + want + `"}`
		}
		if string(res.Text) != want {
			t.Errorf("on %d: %s", status, res.Text)
		}
	}
}
