package codec

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

func TestSyslogEdits(t *testing.T) {
	const head = "<165>1 2003-10-11T22:14:15.003Z host app 12 ID47 "
	s := editor(all("s", "x]y"))
	runEdits(t, "syslog", []editCase{
		{"structured data", head + `[id@1 s="s" b="a \"s\" \]"] s`, s, head + `[id@1 s="x\]y" b="a \"s\" \]"] x]y`},
		{"escapes around an edit", head + `[id b="a \"s\" \]"]`, editor(map[string][]Splice{`a "s" ]`: {{Start: 3, End: 4, Text: []byte(`"`)}}}), head + `[id b="a \"\"\" \]"]`},
		{"remove a parameter", head + `[id a="s" b="s"][i c="1"] m`, editor(nil, "s"), head + `[id][i c="1"] m`},
		{"byte order mark", head + "- \ufeffs", s, head + "- \ufeffx]y"},
		{"json", head + `- {"a":"s"}`, s, head + `- {"a":"x]y"}`},
		{"cookie", head + `- @cee: {"a":"s"}`, s, head + `- @cee: {"a":"x]y"}`},
		{"broken json", head + `- {"a":"\u0073"`, editor(map[string][]Splice{`{"a":"s"`: {{Start: 6, End: 7, Text: []byte("x")}}}), head + `- {"a":"x"`},
		{"no structured data", head + "s", s, head + "x]y"},
		{"broken structured data", head + `[id k=v] s`, editor(map[string][]Splice{`[id k=v] s`: {{Start: 9, End: 10, Text: []byte("x")}}}), head + `[id k=v] x`},
		{"header", strings.ReplaceAll(head, "host", "s") + "- t", s, strings.ReplaceAll(head, "host", "s") + "- t"},
		{"header too long", "<1>1 - " + strings.Repeat("h", 300) + " a - - - t", editor(map[string][]Splice{strings.Repeat("h", 300) + " a - - - t": {{Start: 0, End: 300, Text: []byte("x")}}}), "<1>1 - x a - - - t"},
		{"old", "<34>Oct 11 22:14:15 s s[1]: s", s, "<34>Oct 11 22:14:15 s s[1]: x]y"},
		{"old without host", "<34>Oct 11 22:14:15 s: s", s, "<34>Oct 11 22:14:15 s: x]y"},
		{"old without tag", "<34>Oct 11 22:14:15 key s", editor(all("key s", "x")), "<34>Oct 11 22:14:15 x"},
		{"precise time", "<34>2003-10-11T22:14:15.003Z s s: s", s, "<34>2003-10-11T22:14:15.003Z s s: x]y"},
		{"no time", "<34>s", s, "<34>x]y"},
		{"line stays one", "<34>s\r\n<34>s\n", editor(all("s", "a\nb")), "<34>a b\r\n<34>a b\n"},
		{"counted", "6 <34>s\n8 <34>a\nbs3 abc", editor(map[string][]Splice{"s\n": {{Start: 0, End: 1, Text: []byte("12345")}}, "a\nbs": {{Start: 3, End: 4, Text: nil}}}), "10 <34>12345\n7 <34>a\nb3 abc"},
		{"counted, equal length", "5 <34>s5 <34>s", editor(all("s", "x")), "5 <34>x5 <34>x"},
		{"cef inside", "<34>Oct 11 22:14:15 h CEF:0|a|b|c|d|e|f|k=s l=s", s, "<34>Oct 11 22:14:15 h CEF:0|a|b|c|d|e|f|k=x]y l=x]y"},
	})
	for _, src := range []string{"12", "12 short", "1x", "12345678901 a", "3 abcx"} {
		if _, _, err := walkWhole(Lookup("syslog"), []byte(src), &recorder{}); !IsSyntax(err) {
			t.Errorf("%q: %v", src, err)
		}
	}
}

func TestCEFEdits(t *testing.T) {
	const head = "CEF:0|V|P|1|id|"
	runEdits(t, "cef", []editCase{
		{"name", head + `a \| s|5|`, editor(map[string][]Splice{"a | s": {{Start: 4, End: 5, Text: []byte("|x")}}}), head + `a \| \|x|5|`},
		{"header stays", "CEF:0|s|s|s|s|n|s|", editor(all("s", "x")), "CEF:0|s|s|s|s|n|s|"},
		{"value", head + `n|5|a=one \= s b=s`, editor(map[string][]Splice{"one = s": {{Start: 6, End: 7, Text: []byte("=\n")}}, "s": {{Start: 0, End: 1, Text: []byte("y")}}}), head + `n|5|a=one \= \=\n b=y`},
		{"label", head + "n|5|cs1Label=Password cs1=a b", keyed("Password", "x"), head + "n|5|cs1Label=Password cs1=x"},
		{"remove", head + "n|5|a=s b=1 c=s", editor(nil, "s"), head + "n|5|b=1"},
		{"behind a header", "<13>Feb 25 18:46:11 s " + head + "n|5|a=s", editor(all("s", "x")), "<13>Feb 25 18:46:11 s " + head + "n|5|a=x"},
		{"no event", "s\n", editor(all("s", "x")), "x\n"},
	})
}

func TestLEEFEdits(t *testing.T) {
	const head = "LEEF:2.0|V|P|1|id|"
	runEdits(t, "leef", []editCase{
		{"tab", "LEEF:1.0|V|P|1|id|a=s\tb=s t", editor(all("s", "x\ty")), "LEEF:1.0|V|P|1|id|a=x y\tb=s t"},
		{"delimiter", head + "^|a=s^b=s", editor(all("s", "x^y")), head + "^|a=x y^b=x y"},
		{"code of a delimiter", head + "0x5E|a=s^s", editor(all("s", "x")), head + "0x5E|a=x^x"},
		{"header stays", "LEEF:1.0|s|s|s|s|a=1", editor(all("s", "x")), "LEEF:1.0|s|s|s|s|a=1"},
		{"remove", head + "^|a=s^b=1^c=s", editor(nil, "s"), head + "^|b=1"},
		{"by key", head + "^|password=a b^c=a b", keyed("password", "x"), head + "^|password=x^c=a b"},
	})
}

func TestGELFEdits(t *testing.T) {
	runEdits(t, "gelf", []editCase{
		{"fields", `{"version":"s","host":"s","timestamp":1.5,"level":6,"short_message":"s","_host":"s","_o":{"host":"s"}}`, editor(all("s", "x")),
			`{"version":"s","host":"s","timestamp":1.5,"level":6,"short_message":"x","_host":"x","_o":{"host":"x"}}`},
		{"numbers", `{"timestamp":1385053862,"_card":1385053862}`, editor(all("1385053862", "x")), `{"timestamp":1385053862,"_card":0}`},
	})
}

func TestMsgpackEdits(t *testing.T) {
	long := strings.Repeat("y", 40)
	runEdits(t, "msgpack", []editCase{
		{"same form", "\x81\xa1k\xa1s", editor(all("s", "xy")), "\x81\xa1k\xa2xy"},
		{"wider form", "\xa1s", editor(all("s", long)), "\xd9\x28" + long},
		{"widest form stays", "\xdb\x00\x00\x00\x01s", editor(all("s", "xy")), "\xdb\x00\x00\x00\x02xy"},
		{"over 255", "\xd9\x01s", editor(all("s", strings.Repeat("y", 300))), "\xda\x01\x2c" + strings.Repeat("y", 300)},
		{"binary", "\xc4\x01s", editor(all("s", strings.Repeat("y", 300))), "\xc5\x01\x2c" + strings.Repeat("y", 300)},
		{"extension", "\xd4\x05s", editor(all("s", "xy")), "\xc7\x02\x05xy"},
		{"event time stays", "\xd7\x00ssssssss", editor(all("ssssssss", "x")), "\xd7\x00ssssssss"},
		{"equal length", "\x91\xa1s", editor(all("s", "x")), "\x91\xa1x"},
		{"name", "\x81\xa1s\xa1s", editor(all("s", "xy")), "\x81\xa2xy\xa2xy"},
		{"number", "\x81\xa3pin\xcd\x04\xd2", keyed("pin", "[x]"), "\x81\xa3pin\xcd\x00\x00"},
		{"negative", "\xd1\xfb\x2e", editor(all("-1234", "x")), "\xd1\x00\x00"},
		{"float", "\xcb\x40\x93\x48\x00\x00\x00\x00\x00", editor(all("1234", "x")), "\xcb\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"remove a pair", "\x82\xa1a\xa1s\xa1b\x01", editor(nil, "s"), "\x81\xa1b\x01"},
		{"remove of many", "\xde\x00\x02\xa1a\xa1s\xa1b\x01", editor(nil, "s"), "\xde\x00\x01\xa1b\x01"},
		{"remove an element", "\x92\xa1s\x05", editor(nil, "s", "5"), "\x92\xa0\x00"},
		{"json", "\xa9{\"a\":\"s\"}", editor(all("s", `"`)), "\xaa{\"a\":\"\\\"\"}"},
		{"stream", "\xa1s\xa1t\xa1s", editor(all("s", "xy")), "\xa2xy\xa1t\xa2xy"},
	})
	if _, n, err := walkWhole(Lookup("msgpack"), []byte("\xa1s\x92\xa1s\xc1"), &recorder{edit: markAll}); n != 2 || !IsSyntax(err) {
		t.Errorf("%d, %v", n, err)
	}
}

func TestForwardEdits(t *testing.T) {
	const time = "\xd7\x00\x65\x53\xf1\x00\x07\x5b\xcd\x15"
	const record = "\x81\xa1k\xa1s"
	xy := editor(all("s", "xy"))
	const clean = "\x81\xa1k\xa2xy"
	runEdits(t, "forward", []editCase{
		{"event", "\x94\xa1s" + time + record + "\x81\xa5chunk\xa1s", xy, "\x94\xa1s" + time + clean + "\x81\xa5chunk\xa1s"},
		{"list", "\x92\xa1s\x92\x92\x01" + record + "\x92" + time + record, xy, "\x92\xa1s\x92\x92\x01" + clean + "\x92" + time + clean},
		{"metadata", "\x92\xa1s\x91\x92\x92\x01" + record + record, xy, "\x92\xa1s\x91\x92\x92\x01" + clean + clean},
		{"packed", "\x92\xa1s\xc4\x0c\x92\x01" + record + "\x92\x02\x81\xa0\xa0", xy, "\x92\xa1s\xc4\x0d\x92\x01" + clean + "\x92\x02\x81\xa0\xa0"},
		{"packed in a string", "\x92\xa1s\xa7\x92\x01" + record, xy, "\x92\xa1s\xa8\x92\x01" + clean},
	})
	if r := xy; r.fields[1].Path != "k" || r.fields[1].Key != "k" {
		t.Errorf("%v", r.fields[1])
	}
}

// TestForwardCompressed asks that compressed events are changed, those of several
// members of gzip too, that the frame tells their new length, and that nothing is
// passed that can't be decoded.
func TestForwardCompressed(t *testing.T) {
	pack := func(events ...string) []byte {
		var b bytes.Buffer
		for _, e := range events {
			w := gzip.NewWriter(&b)
			_, _ = io.WriteString(w, e)
			_ = w.Close()
		}
		return b.Bytes()
	}
	const options = "\x82\xaacompressed\xa4gzip\xa5chunk\xa1c"
	message := func(data []byte) []byte {
		p := packed{kind: packBin, form: 0xc4}
		return append(append(p.resize([]byte("\x93\xa1t"), len(data)), data...), options...)
	}
	src := message(pack("\x92\x01\x81\xa1k\xa1s", "\x92\x02\x81\xa1k\xa1s"))
	splices, _, err := walkWhole(Lookup("forward"), src, editor(all("s", "xyz")))
	if err != nil {
		t.Fatal(err)
	}
	out := Apply(nil, src, splices)
	m := ParseForward(out)
	if m.Mode != ForwardPacked || m.Coding != "gzip" || string(m.Chunk) != "c" || string(m.Tag) != "t" {
		t.Fatalf("%+v", m)
	}
	p, _ := readPacked(out[m.Entries:])
	r, err := gzip.NewReader(bytes.NewReader(out[m.Entries+p.head : m.Entries+p.end()]))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if want := "\x92\x01\x81\xa1k\xa3xyz\x92\x02\x81\xa1k\xa3xyz"; err != nil || string(plain) != want {
		t.Errorf("%q, %v", plain, err)
	}
	for _, bad := range [][]byte{message([]byte("no gzip")), bytes.ReplaceAll(src, []byte("gzip"), []byte("nope"))} {
		if _, _, err := walkWhole(Lookup("forward"), bad, &recorder{}); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}
