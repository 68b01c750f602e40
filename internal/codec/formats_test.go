package codec

import (
	"strings"
	"testing"
)

type editCase struct {
	name, src string
	r         *recorder
	want      string
}

func runEdits(t *testing.T, codec string, cases []editCase) {
	t.Helper()
	for _, tt := range cases {
		if got := rewrite(t, codec, tt.src, tt.r); got != tt.want {
			t.Errorf("%s: %s: %s\n got %s\nwant %s", codec, tt.name, tt.src, got, tt.want)
		}
	}
}

// keyed replaces every value that stands under key.
func keyed(key, text string) *recorder {
	return &recorder{edit: func(f *Field) ([]Splice, bool) {
		if string(f.Key) != key {
			return nil, false
		}
		return []Splice{{0, len(f.Value), []byte(text), ""}}, false
	}}
}

func TestNDJSONEdits(t *testing.T) {
	runEdits(t, "ndjson", []editCase{
		{"line ends", "{\"a\":\"s\"}\r\n\r\n\ns\n[\"s\"]", editor(all("s", "x")), "{\"a\":\"x\"}\r\n\r\n\nx\n[\"x\"]"},
		{"broken line is text", "{\"a\":\"s\",\n{\"a\":\"s\"}\n", editor(all(`{"a":"s",`, "x")), "x\n{\"a\":\"s\"}\n"},
		{"escapes of a broken line", `{"a":"\u0073",` + "\n", editor(map[string][]Splice{`{"a":"s",`: {{6, 7, []byte("x"), ""}}}), `{"a":"x",` + "\n"},
		{"a broken line without a find in its escapes", `[a\b] s` + "\n", editor(all(`[a\b] s`, "x")), "x\n"},
		{"text stays one line", "s\n", editor(all("s", "a\r\nb")), "a  b\n"},
		{"remove line's text", "s\nt", editor(nil, "s"), "\nt"},
		{"remove member", "{\"a\":\"s\",\"b\":1}\n", editor(nil, "s"), "{\"b\":1}\n"},
	})
	// A broken line is visited once, as text.
	r := &recorder{}
	rewrite(t, "ndjson", `{"a":"s","b":}`, r)
	if len(r.fields) != 2 || r.fields[0].Value != `{"a":"s","b":}` {
		t.Error(r.fields) // once whole, once byte by byte
	}
}

func TestESBulkEdits(t *testing.T) {
	s := editor(all("s", "x"))
	runEdits(t, "esbulk", []editCase{
		{"pairs", `{"index":{"_id":"s"}}` + "\n" + `{"a":"s","@timestamp":"s","o":{"@timestamp":"s"}}` + "\n",
			s, `{"index":{"_id":"s"}}` + "\n" + `{"a":"x","@timestamp":"s","o":{"@timestamp":"x"}}` + "\n"},
		{"delete has no source", `{"delete":{"_id":"s"}}` + "\n" + `{"create":{"_id":"s"}}` + "\n" + `{"a":"s"}` + "\n",
			s, `{"delete":{"_id":"s"}}` + "\n" + `{"create":{"_id":"s"}}` + "\n" + `{"a":"x"}` + "\n"},
		{"update", `{"update":{"_id":"s"}}` + "\n" + `{"doc":{"@timestamp":"s","a":"s"},"upsert":{"a":"s"},"script":{"source":"s","lang":"s","params":{"p":"s"}},"odd":"s"}` + "\n",
			s, `{"update":{"_id":"s"}}` + "\n" + `{"doc":{"@timestamp":"s","a":"x"},"upsert":{"a":"x"},"script":{"source":"s","lang":"s","params":{"p":"x"}},"odd":"x"}` + "\n"},
		{"script as a string", `{"update":{}}` + "\n" + `{"script":"s"}` + "\n", s, `{"update":{}}` + "\n" + `{"script":"s"}` + "\n"},
		{"a source that looks like an action", `{"index":{}}` + "\n" + `{"delete":{"_id":"s"}}` + "\n", s, `{"index":{}}` + "\n" + `{"delete":{"_id":"x"}}` + "\n"},
		{"no action", `{"index":{"_id":"s"},"a":"s"}` + "\n" + `{"index":"s"}` + "\n" + "s\n",
			s, `{"index":{"_id":"x"},"a":"x"}` + "\n" + `{"index":"x"}` + "\n" + "x\n"},
		{"broken source", `{"index":{}}` + "\n" + "s\n" + `{"index":{"_id":"s"}}` + "\n", s, `{"index":{}}` + "\n" + "x\n" + `{"index":{"_id":"s"}}` + "\n"},
		{"escapes of a broken source", `{"index":{}}` + "\n" + `{"a":"\u0073"` + "\n", editor(map[string][]Splice{`{"a":"s"`: {{6, 7, []byte("x"), ""}}}),
			`{"index":{}}` + "\n" + `{"a":"x"` + "\n"},
		{"typed", `{"index":{}}` + "\n" + `{"n":12}` + "\n", editor(all("12", "[x]")), `{"index":{}}` + "\n" + `{"n":0}` + "\n"},
	})
}

func TestFormEdits(t *testing.T) {
	runEdits(t, "form", []editCase{
		{"decoded", `a=p%40ss+w&b=1`, editor(all("p@ss w", "[x y]")), `a=%5Bx+y%5D&b=1`},
		{"part", `a=1%32sec%33+x`, editor(map[string][]Splice{"12sec3 x": {{2, 6, []byte("é"), ""}}}), `a=1%32%C3%A9+x`},
		{"malformed stays", `a=%zz%4s&b=%`, editor(map[string][]Splice{"%zz%4s": {{5, 6, []byte("x"), ""}}}), `a=%zz%4x&b=%`},
		{"name", `s%65=v&s`, editor(map[string][]Splice{"se": {{0, 2, []byte("x"), ""}}, "s": {{0, 1, []byte("y"), ""}}}), `x=v&y`},
		{"json", `q=%7B%22a%22%3A%22s%22%7D`, editor(all("s", `"`)), `q=%7B%22a%22%3A%22%5C%22%22%7D`},
		{"remove", `a=s&b=s&c=1&d=s&e=2`, editor(nil, "s"), `c=1&e=2`},
		{"remove all", `a=s&b=s`, editor(nil, "s"), ``},
		{"empty pairs", `&&a=s&&`, editor(all("s", "x")), `&&a=x&&`},
		{"by key", `to%6ben=abc&x=abc`, keyed("token", "x"), `to%6ben=x&x=abc`},
		{"msgpack", "msgpack=%92%C3%A1s&json=%7B%22k%22%3A%22s%22%7D", editor(all("s", "xy")), "msgpack=%92%C3%A2xy&json=%7B%22k%22%3A%22xy%22%7D"},
		{"no msgpack", "msgpack=s", editor(all("s", "x")), "msgpack=x"},
		{"msgpack of a map", "msgpack=%81%A1k%A1s&a=s", editor(all("s", "xy")), "msgpack=%81%A1k%A2xy&a=xy"},
	})
}

func TestLogfmtEdits(t *testing.T) {
	runEdits(t, "logfmt", []editCase{
		{"bare", "a=1 b=s c=2", editor(all("s", "x")), "a=1 b=x c=2"},
		{"bare to quoted", "a=1 b=sec c=2", editor(map[string][]Splice{"sec": {{1, 2, []byte(" \""), ""}}}), `a=1 b="s \"c" c=2`},
		{"quoted", `m="say \"s\" \t now"`, editor(map[string][]Splice{"say \"s\" \t now": {{5, 6, []byte("\"x\n"), ""}}}), `m="say \"\"x\n\" \t now"`},
		{"key", `s="1" b`, editor(all("s", "a b")), `a_b="1" b`},
		{"json", `m="{\"a\":\"s\"}"`, editor(all("s", "x")), `m="{\"a\":\"x\"}"`},
		{"remove", "a=s b=1 c=s\n  a=s  b=\"s\"\n", editor(nil, "s"), "b=1\n  \n"},
		{"words are text", "msg=failed to log in\nno pairs here\nk=\"open", editor(all("msg=failed to log in", "x")), "x\nno pairs here\nk=\"open"},
		{"a document", "k=1\n" + `["a",{"k":["s","s"]}]`, editor(all("s", "x")), "k=1\n" + `["a",{"k":["x","x"]}]`},
		{"by key", `a=1 password="a b" c=2`, keyed("password", "x"), `a=1 password="x" c=2`},
	})
}

func TestSSEEdits(t *testing.T) {
	runEdits(t, "sse", []editCase{
		{"json over lines", "id: s\ndata: {\"a\":\ndata: \"s\"}\n\n", editor(all("s", "x")), "id: s\ndata: {\"a\":\ndata: \"x\"}\n\n"},
		{"text over lines", "data: one s\ndata:s two\n\n", editor(map[string][]Splice{"one s\ns two": {{4, 7, []byte("x"), ""}}}), "data: one x two\n\n"},
		{"new lines", "data: s\n\n", editor(all("s", "a\nb")), "data: a\ndata: b\n\n"},
		{"other lines stay", "data: s\nid: s\ndata: s\n\ndata: t", editor(all("s\ns", "x")), "data: x\nid: s\n\ndata: t"},
		{"remove", "event: s\rdata: s\r\r", editor(nil, "s"), "event: s\rdata: \r\r"},
		{"no colon", "data\ndata\ndata: s\n\n", editor(all("\n\ns", "x")), "data: x\n\n"},
		{"no end", "data: s", editor(all("s", "x")), "data: x"},
		{"comment", ": s\ndata: t\n\n", editor(all(": s", ": x")), ": x\ndata: t\n\n"},
		{"run of other lines", "one\r\ntwo\r\n\r\n", editor(map[string][]Splice{"one\r\ntwo": {{1, 7, []byte("a\nb"), ""}}}), "oa bo\r\n\r\n"},
		{"both", "data: s\n: u\ndata: t\n\n: v", editor(map[string][]Splice{"s\nt": {{2, 3, []byte("x"), ""}}, ": u": {{2, 3, []byte("y"), ""}}, ": v": {{2, 3, []byte("z"), ""}}}),
			"data: s\n: y\ndata: x\n\n: z"},
		{"nothing left of a line", "u\ndata: t\n\n", editor(all("u", "")), ":\ndata: t\n\n"},
	})
}

func TestHTMLPasswordInput(t *testing.T) {
	runEdits(t, "html", []editCase{
		{"type alone", `<input value="s" type=PASSWORD>`, keyed("password", "x"), `<input value="x" type=PASSWORD>`},
		{"name first", `<input type=password name=pin value="s">`, keyed("pin", "x"), `<input type=password name=pin value="x">`},
		{"another type", `<input value="s" type=text>`, keyed("password", "x"), `<input value="s" type=text>`},
	})
}

func TestHTMLEdits(t *testing.T) {
	runEdits(t, "html", []editCase{
		{"text", "<p>a &amp; s &lt;</p>", editor(map[string][]Splice{"a & s <": {{4, 5, []byte("<x>&'\""), ""}}}), "<p>a &amp; &lt;x&gt;&amp;&#39;&#34; &lt;</p>"},
		{"inside of an entity", "<p>&eacute;</p>", editor(map[string][]Splice{"é": {{0, 2, []byte("x"), ""}}}), "<p>x</p>"},
		{"attributes", `<a b="s" c='s' d=s e>s</a>`, editor(all("s", "x y")), `<a b="x y" c='x y' d=x&#32;y e>x y</a>`},
		{"remove attribute's value", `<a d=s e=1 f="s">`, editor(nil, "s"), `<a d="" e=1 f="">`},
		{"URL", `<a href="/?a=1&amp;t=s&copy=2">`, editor(map[string][]Splice{"/?a=1&t=s&copy=2": {{8, 9, []byte("x"), ""}}}), `<a href="/?a=1&amp;t=x&copy=2">`},
		{"script", `<script>var a = "s</b>";</script>`, editor(map[string][]Splice{`var a = "s</b>";`: {{9, 10, []byte(`"<`), ""}}}), `<script>var a = "\x22\x3c</b>";</script>`},
		{"json script", `<script type=x>{"a":"s"}</SCRIPT>`, editor(all("s", `</"`)), `<script type=x>{"a":"\u003c/\""}</SCRIPT>`},
		{"comment", `<!-- s -->`, editor(all(" s ", "--> x")), `<!--__> x-->`},
		{"json attribute", `<a d='{&quot;k&quot;:"s"}'>`, editor(all("s", "x'")), `<a d='{&quot;k&quot;:"x&#39;"}'>`},
		{"no tag", `<p>a <x://s:t@h/d c="s>"></p></a=s><s@h>`, editor(map[string][]Splice{
			`x://s:t@h/d c="s>"`: {{4, 5, []byte("y>"), ""}}, "/a=s": {{3, 4, []byte("z"), ""}}, "s@h": {{0, 1, []byte("x"), ""}}}),
			`<p>a <x://y_:t@h/d c="s>"></p></a=z><x@h>`},
		{"name with a prefix", `<o:p a="s"></o:p><br/>`, editor(all("s", "x")), `<o:p a="x"></o:p><br/>`},
		{"stray", "a < b & s > c <", editor(map[string][]Splice{"a < b & s > c <": {{8, 9, []byte("x"), ""}}}), "a < b & x > c <"},
	})
}

// TestHTMLKeys asks that a value in a debug page stands under what the page
// shows beside it.
func TestHTMLKeys(t *testing.T) {
	runEdits(t, "html", []editCase{
		{"cells", `<tr><td>DB</td><td class="code"><pre>a</pre></td></tr><tr><td>OTHER</td><td>a</td></tr>`, keyed("DB", "x"),
			`<tr><td>DB</td><td class="code"><pre>x</pre></td></tr><tr><td>OTHER</td><td>a</td></tr>`},
		{"end tags left out", `<tr><th>DB<td>a<tr><th>X<td>a`, keyed("DB", "x"), `<tr><th>DB<td>x<tr><th>X<td>a`},
		{"definitions", `<dl><dt>DB</dt><dd>a <b>b</b></dd><dt>X</dt><dd>a</dd></dl>`, keyed("DB", "x"), `<dl><dt>DB</dt><dd>x<b>x</b></dd><dt>X</dt><dd>a</dd></dl>`},
		{"control", `<input value="a" name="DB"><textarea name=DB>a</textarea>a`, keyed("DB", "x"), `<input value="x" name="DB"><textarea name=DB>x</textarea>a`},
	})
	r := editor(all("DB", "x"))
	rewrite(t, "html", `<td>DB</td><td>a</td>`, r)
	if f := r.fields[1]; f.Key != "DB" || f.Path != "x" {
		t.Error(f) // the key as it is, the path as edited
	}
}

func TestXMLEdits(t *testing.T) {
	runEdits(t, "xml", []editCase{
		{"element", `<c><password>a &lt;</password><x>a</x></c>`, keyed("password", "<x>"), `<c><password>&lt;x&gt;</password><x>a</x></c>`},
		{"attribute", `<db password='a' user="b"/>`, keyed("password", "x'"), `<db password='x&#39;' user="b"/>`},
		{"named element", `<p name="tok">a</p><add value="a" key="tok"/>`, keyed("tok", "x"), `<p name="tok">x</p><add value="x" key="tok"/>`},
		{"property list", `<dict><key>tok</key><string>a</string><key>b</key><string>a</string></dict>`, keyed("tok", "x"),
			`<dict><key>tok</key><string>x</string><key>b</key><string>a</string></dict>`},
		{"CDATA", `<a><![CDATA[s & <b>]]></a>`, keyed("a", "]]>"), `<a><![CDATA[]]]]><![CDATA[>]]></a>`},
		{"control characters", `<a>s</a>`, editor(all("s", "\x01")), "<a>\ufffd</a>"},
	})
	r := &recorder{}
	rewrite(t, "xml", `<a><b c="d">e</b>f</a>`, r)
	for i, path := range []string{"a.b.c", "a.b", "a"} {
		if r.fields[i].Path != path {
			t.Errorf("path %q, want %q", r.fields[i].Path, path)
		}
	}
	deep := strings.Repeat("<a>", 2000) + "s" + strings.Repeat("</a>", 2000) + "<b>t</b>"
	r = &recorder{}
	rewrite(t, "xml", deep, r)
	if f := r.fields[1]; f.Path != "b" || f.Key != "b" {
		t.Error(f)
	}
}

func TestMultipartEdits(t *testing.T) {
	part := func(head, body string) string { return "--B\r\n" + head + "\r\n\r\n" + body + "\r\n" }
	disp := `Content-Disposition: form-data; name="s"`
	png := part(disp+"; filename=\"s\"\r\nContent-Type: image/png", "\x00s\x01\r\n--")
	runEdits(t, "multipart", []editCase{
		{"text", part(disp, "s") + "--B--\r\n", keyed("s", "x"), part(disp, "x") + "--B--\r\n"},
		{"binary stays", png + part(disp, "s") + "--B--", keyed("s", "x"), png + part(disp, "x") + "--B--"},
		{"json", part(disp+"\r\nContent-Type: application/json", `{"a":"s"}`) + "--B--", editor(all("s", `"`)),
			part(disp+"\r\nContent-Type: application/json", `{"a":"\""}`) + "--B--"},
		{"text file by its looks", part(disp+"\r\nContent-Type: application/octet-stream", "s") + "--B--", editor(all("s", "x")),
			part(disp+"\r\nContent-Type: application/octet-stream", "x") + "--B--"},
		{"remove", part(disp, "s") + part(disp, "t") + "--B--", editor(nil, "s"), part(disp, "") + part(disp, "t") + "--B--"},
		{"not the boundary", part(disp, "s\r\n--BX\r\n--B-") + "--B--", editor(all("s\r\n--BX\r\n--B-", "x")), part(disp, "x") + "--B--"},
		{"behind the end", part(disp, "t") + "--B--\r\ns", editor(all("\r\ns", "x")), part(disp, "t") + "--B--x"},
	})
	for _, src := range []string{"no boundary", "--", "--B\r\nno end of header", part(disp, "s"), "--" + strings.Repeat("b", 300) + "\n"} {
		if _, n, err := walkWhole(Lookup("multipart"), []byte(src), &recorder{}); !IsSyntax(err) || n > len(src) {
			t.Errorf("%.20q: %d, %v", src, n, err)
		}
	}
}
