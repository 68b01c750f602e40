package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// planter puts a text where the samples have PLANT0, and finds it again as a visitor:
// wherever it stands it becomes "[R]", with a note.
type planter struct {
	secret string
	remove bool
	seen   map[string]string // key of the field that holds it, by its path
}

func (p *planter) Suspect([]byte) bool    { return true }
func (p *planter) Tells(_, _ []byte) bool { return false }

func (p *planter) Visit(f *Field) (edits []Splice, remove bool, err error) {
	for at := 0; ; {
		i := bytes.Index(f.Value[at:], []byte(p.secret))
		if i < 0 {
			break
		}
		edits = append(edits, Splice{at + i, at + i + len(p.secret), []byte("[R]"), "rule"})
		at += i + len(p.secret)
	}
	if len(edits) > 0 && p.seen != nil {
		p.seen[string(f.Path)] = string(f.Key)
	}
	return edits, p.remove && len(edits) > 0, nil
}

// envelopeItems splits an envelope by its own rules, as a server does.
func envelopeItems(t *testing.T, src []byte) (headers, payloads [][]byte) {
	t.Helper()
	head, rest, _ := bytes.Cut(src, []byte("\n"))
	headers, payloads = append(headers, head), append(payloads, nil)
	for len(bytes.TrimLeft(rest, "\n")) > 0 {
		rest = bytes.TrimLeft(rest, "\n")
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		var h struct{ Length *int }
		if err := json.Unmarshal(line, &h); err != nil {
			t.Fatalf("header %q: %v", line, err)
		}
		n := bytes.IndexByte(after, '\n')
		if n < 0 {
			n = len(after)
		}
		if h.Length != nil {
			n = *h.Length
		}
		if n > len(after) || n < len(after) && after[n] != '\n' {
			t.Fatalf("item of %d bytes does not end there: %q", n, line)
		}
		headers, payloads = append(headers, line), append(payloads, after[:n])
		rest = after[n:]
	}
	return headers, payloads
}

// resize writes lengths of items anew, as a sender would.
func resize(t *testing.T, src []byte) []byte {
	t.Helper()
	out, rest, _ := bytes.Cut(bytes.Clone(src), []byte("\n"))
	out = append(bytes.Clone(out), '\n')
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		payload, next, _ := bytes.Cut(after, []byte("\n"))
		i := bytes.Index(line, []byte(`"length":`)) + len(`"length":`)
		out = append(append(out, line[:i]...), strconv.Itoa(len(payload))...)
		out = append(append(out, line[i+bytes.IndexByte(line[i:], '}'):]...), '\n')
		out = append(append(out, payload...), '\n')
		rest = next
	}
	return out
}

// TestSentryCaptured plants a secret into what a real SDK sent and asks that it is gone
// everywhere, that an event differs in nothing else but its _meta, and that items are as
// long as they say.
func TestSentryCaptured(t *testing.T) {
	const secret = `kx "quoted" \ é 4711`
	quoted := strings.Trim(string(must(json.Marshal(secret))), `"`)
	planted := 0
	for name, src := range samples(t, "sentry") {
		if name == "odd.txt" || name == "python_attachments.txt" {
			continue
		}
		src = resize(t, bytes.ReplaceAll(src, []byte("PLANT0"), []byte(quoted)))
		v := &planter{secret: secret}
		splices, n, err := walkWhole(Lookup("sentry"), src, v)
		if err != nil || n != len(src) {
			t.Fatal(name, n, err)
		}
		out := Apply(nil, src, splices)
		planted += bytes.Count(src, []byte(quoted))
		if bytes.Contains(out, []byte(quoted)) || bytes.Contains(out, []byte("4711")) {
			t.Errorf("%s: still there", name)
		}
		_, before := envelopeItems(t, src)
		headers, after := envelopeItems(t, out)
		for i := range after {
			want := bytes.ReplaceAll(before[i], []byte(quoted), []byte("[R]"))
			got := after[i]
			if at := bytes.Index(got, []byte(`"_meta":`)); at >= 0 && !bytes.Contains(headers[i], []byte(`"log"`)) {
				got, want = got[:at], want[:min(at, len(want))]
			}
			if !bytes.Equal(got, want) && !bytes.Equal(got, append(want[:len(want)-1:len(want)-1], ',')) {
				t.Errorf("%s: item %d\n%s\nwant\n%s", name, i, got, want)
			}
			if len(after[i]) > 0 && !json.Valid(after[i]) {
				t.Errorf("%s: item %d is no JSON: %s", name, i, after[i])
			}
		}
	}
	if planted < 20 {
		t.Errorf("only %d planted", planted)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestSentryMeta compares what _meta becomes.
func TestSentryMeta(t *testing.T) {
	const rem = `{"":{"rem":[["redactd:rule","s",`
	for _, tt := range []struct {
		name, in, out string
		remove        bool
	}{
		{"none there", `{"message":"a S b S"}`, `{"message":"a [R] b [R]","_meta":{"message":` + rem + `2,5],["redactd:rule","s",8,11]],"len":7}}}}`, false},
		{"nothing found", `{"message":"a"}`, `{"message":"a"}`, false},
		{"white space", "{\n \"extra\" : {\"k\" : \"S\"}\n}", "{\n \"extra\" : {\"k\" : \"[R]\"}\n" + `,"_meta":{"extra":{"k":` + rem + `0,3]],"len":1}}}}}`, false},
		{"several", `{"extra":{"a":"S","b":["x","S"],"c":{"d":"S"}},"tags":{"a":"S"}}`,
			`{"extra":{"a":"[R]","b":["x","[R]"],"c":{"d":"[R]"}},"tags":{"a":"[R]"},"_meta":{"extra":{"a":` + rem + `0,3]],"len":1}},"b":{"1":` +
				rem + `0,3]],"len":1}}},"c":{"d":` + rem + `0,3]],"len":1}}}},"tags":{"a":` + rem + `0,3]],"len":1}}}}}`, false},
		{"bytes of the decoded value", `{"message":"\u00e9\"S\ud83d\ude00"}`, `{"message":"\u00e9\"[R]\ud83d\ude00","_meta":{"message":` + rem + `3,6]],"len":4}}}}`, false},
		{"document in a string", `{"extra":{"a":"{\"k\":\"S\"}"}}`, `{"extra":{"a":"{\"k\":\"[R]\"}"},"_meta":{"extra":{"a":` + rem + `6,9]],"len":9}}}}}`, false},
		{"name", `{"extra":{"S":"S"}}`, `{"extra":{"[R]":"[R]"},"_meta":{"extra":{"[R]":` + rem + `0,3]],"len":1}}}}}`, false},
		{"removed", `{"extra":{"a":"S","b":1}}`, `{"extra":{"b":1},"_meta":{"extra":{"a":{"":{"rem":[["redactd:rule","x"]]}}}}}`, true},
		{"removed last", `{"a":1,"extra":["S"],"message":"S"}`,
			`{"a":1,"extra":[""],"_meta":{"extra":{"0":{"":{"rem":[["redactd:rule","x"]],"len":1}}},"message":{"":{"rem":[["redactd:rule","x"]]}}}}`, true},
		{"removed all", `{"message":"S"}`, `{"_meta":{"message":{"":{"rem":[["redactd:rule","x"]]}}}}`, true},
		{"other members", `{"message":"S","_meta":{"extra":{"":{"len":3}}}}`, `{"message":"[R]","_meta":{"extra":{"":{"len":3}},"message":` + rem + `0,3]],"len":1}}}}`, false},
		{"before it", `{"_meta":{ },"message":"S"}`, `{"_meta":{ "message":` + rem + `0,3]],"len":1}}},"message":"[R]"}`, false},
		{"null", `{"_meta":null,"message":"S"}`, `{"_meta":{"message":` + rem + `0,3]],"len":1}}},"message":"[R]"}`, false},
		{"null inside", `{"_meta":{"message":null},"message":"S"}`, `{"_meta":{"message":` + rem + `0,3]],"len":1}}},"message":"[R]"}`, false},
		{"deeper", `{"extra":{"a":{"b":"S"}},"_meta":{"extra":{"a":{"c":{"":{}}}}}}`,
			`{"extra":{"a":{"b":"[R]"}},"_meta":{"extra":{"a":{"c":{"":{}},"b":` + rem + `0,3]],"len":1}}}}}}`, false},
		{"entry without remarks", `{"message":"S","_meta":{"message":{"":{"len":9}}}}`, `{"message":"[R]","_meta":{"message":{"":{"len":9,"rem":[["redactd:rule","s",0,3]]}}}}`, false},
		{"empty entry", `{"message":"S","_meta":{"message":{"":{}}}}`, `{"message":"[R]","_meta":{"message":{"":{"rem":[["redactd:rule","s",0,3]],"len":1}}}}`, false},
		{"entry of another kind", `{"message":"S","_meta":{"message":{"":1}}}`, `{"message":"[R]","_meta":{"message":{"":{"rem":[["redactd:rule","s",0,3]],"len":1}}}}`, false},
		{"remarks move", `{"message":"** S ** S **","_meta":{"message":{"":{"rem":[["!a","s",0,2],["!b","m", 5,7],["!c","x"],["!d","s",10,12]],"len":30}}}}`,
			`{"message":"** [R] ** [R] **","_meta":{"message":{"":{"rem":[["!a","s",0,2],["!c","x"],["redactd:rule","s",3,6],["!b","m",7,9],["redactd:rule","s",10,13],["!d","s",14,16]],"len":30}}}}`, false},
		{"remark about what changed", `{"message":"a S b","_meta":{"message":{"":{"rem":[["!a","s",1,4]]}}}}`,
			`{"message":"a [R] b","_meta":{"message":{"":{"rem":[["redactd:rule","s",2,5]],"len":5}}}}`, false},
		{"secret inside", `{"message":"S","_meta":{"x":{"":{"val":"S"}}}}`, `{"message":"[R]","_meta":{"message":` + rem + `0,3]],"len":1}}}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := `{}` + "\n" + `{"type":"event","length":` + strconv.Itoa(len(tt.in)) + "}\n" + tt.in
			splices, _, err := walkWhole(Lookup("sentry"), []byte(in), &planter{secret: "S", remove: tt.remove})
			if err != nil {
				t.Fatal(err)
			}
			checkOrder(t, splices, len(in))
			out := Apply(nil, []byte(in), splices)
			_, got := envelopeItems(t, out)
			if string(got[1]) != tt.out {
				t.Errorf("\n%s\nwant\n%s", got[1], tt.out)
			}
			if !json.Valid(got[1]) {
				t.Error("not valid")
			}
		})
	}
}

// FuzzSentryMeta asks that an event stays a document, whatever is edited in it, and that
// ranges are those of what was written.
func FuzzSentryMeta(f *testing.F) {
	f.Add(`{"message":"S","extra":{"a":[{"b":"S"}]},"_meta":{"message":{"":{"rem":[["a","s",0,1],["b","x"]],"len":4}},"extra":{"a":null}}}`, false)
	f.Add(`{"_meta":{"x":"S"},"S":"S \u00e9 S","n":{"S":1}}`, false)
	f.Add(`{"a":"S","b":["S",{"c":"S"}],"d":"x"}`, true)
	f.Fuzz(func(t *testing.T, event string, remove bool) {
		if len(event) > 4<<10 || !json.Valid([]byte(event)) {
			return
		}
		for _, note := range []bool{true, false} {
			envelope := "{}\n" + `{"type":"event","length":` + strconv.Itoa(len(event)) + "}\n" + event
			p := &planter{secret: "S", remove: remove}
			r := &recorder{edit: func(f *Field) ([]Splice, bool) {
				edits, gone, _ := p.Visit(f)
				for i := range edits {
					if !note {
						edits[i].Note = ""
					}
				}
				return edits, gone && f.Kind != Name
			}}
			splices, _, err := walkWhole(Lookup("sentry"), []byte(envelope), r)
			if err != nil {
				return // it is JSON for others only
			}
			checkOrder(t, splices, len(envelope))
			_, got := envelopeItems(t, Apply(nil, []byte(envelope), splices))
			if !json.Valid(got[1]) {
				t.Fatalf("%s became %s", event, got[1])
			}
		}
	})
}

// TestSentryMetaQuiet asks that remarks move with the text where edits have no notes, and
// that nothing else is told.
func TestSentryMetaQuiet(t *testing.T) {
	for in, want := range map[string]string{
		`{"message":"S **"}`: `{"message":"[R] **"}`,
		`{"message":"S **","_meta":{"message":{"":{"rem":[["!a","s",2,4],["!b","x"],["!c","s",0,1]]}}}}`: `{"message":"[R] **","_meta":{"message":{"":{"rem":[["!b","x"],["!a","s",4,6]]}}}}`,
		`{"message":"S **","extra":{"a":"S"},"_meta":{"message":{"":{"len":9}},"extra":{}}}`:             `{"message":"[R] **","extra":{"a":"[R]"},"_meta":{"message":{"":{"len":9}},"extra":{}}}`,
		`{"message":"S","_meta":{"message":null}}`:                                                       `{"message":"[R]","_meta":{"message":null}}`,
		`{"message":"S","_meta":null}`:                                                                   `{"message":"[R]","_meta":null}`,
	} {
		r := &recorder{edit: func(f *Field) ([]Splice, bool) {
			edits, _, _ := (&planter{secret: "S"}).Visit(f)
			for i := range edits {
				edits[i].Note = ""
			}
			return edits, false
		}}
		envelope := "{}\n" + `{"type":"event","length":` + strconv.Itoa(len(in)) + "}\n" + in
		splices, _, err := walkWhole(Lookup("sentry"), []byte(envelope), r)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := envelopeItems(t, Apply(nil, []byte(envelope), splices)); string(got[1]) != want {
			t.Errorf("%s\n got %s\nwant %s", in, got[1], want)
		}
	}
}

// TestSentryKeys asks under which names the values of an event are shown.
func TestSentryKeys(t *testing.T) {
	event := `{"event_id":"S","tags":[["password","S"],["S"]],"request":{"headers":[["Authorization","S"]],"query_string":"a=1&token=S&b=S",` +
		`"cookies":"theme=x; sid=S","url":"https://h/?p=S","data":"card=S&x=1","env":{"KEY":"S"}},` +
		`"contexts":{"trace":{"trace_id":"S"},"mine":{"trace_id":"S"}},"spans":[{"span_id":"S","data":{"q":"S"}}],"extra":{"event_id":"S"},` +
		`"exception":{"values":[{"stacktrace":{"frames":[{"vars":{"pin":"S"}}]}}]},"sdk":{"name":"S"}}`
	logs := `{"items":[{"trace_id":"S","body":"S","attributes":{"user.pin":{"value":"S","type":"string"}}}]}`
	src := `{"dsn":"S","trace":{"public_key":"S","transaction":"S"}}` + "\n" + `{"type":"event"}` + "\n" + event + "\n" + `{"type":"log","item_count":1}` + "\n" + logs
	v := &keySeer{seen: map[string]string{}}
	if _, _, err := walkWhole(Lookup("sentry"), []byte(src), v); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"trace.transaction": "transaction", "tags[][]": "password", "request.headers[][]": "Authorization",
		"request.query_string.token": "token", "request.query_string.b": "b", "request.cookies.sid": "sid", "request.url.p": "p",
		"request.data.card": "card", "request.env.KEY": "KEY", "contexts.mine.trace_id": "trace_id", "spans[].data.q": "q", "extra.event_id": "event_id",
		"exception.values[].stacktrace.frames[].vars.pin": "pin", "items[].body": "body", "items[].attributes.user.pin.value": "user.pin",
	}
	for path, key := range want {
		if v.seen[path] != key {
			t.Errorf("%s is shown under %q, want %q", path, v.seen[path], key)
		}
		delete(v.seen, path)
	}
	if len(v.seen) > 0 {
		t.Errorf("shown too: %v", v.seen)
	}
}

// keySeer notes where a field is "S".
type keySeer struct{ seen map[string]string }

func (k *keySeer) Suspect([]byte) bool    { return true }
func (k *keySeer) Tells(_, _ []byte) bool { return false }

func (k *keySeer) Visit(f *Field) ([]Splice, bool, error) {
	if f.Kind != Name && string(f.Value) == "S" {
		if _, ok := k.seen[string(f.Path)]; !ok {
			k.seen[string(f.Path)] = string(f.Key)
		}
	}
	return nil, false, nil
}

// TestSentryStore asks that an event in base64 comes back in base64.
func TestSentryStore(t *testing.T) {
	event := `{"event_id":"1","message":"a S b"}`
	coded, err := Encode(nil, []byte(event), "deflate")
	if err != nil {
		t.Fatal(err)
	}
	in := base64.StdEncoding.EncodeToString(coded)
	splices, _, err := walkWhole(Lookup("sentry-store"), []byte(in), &planter{secret: "S"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := base64.StdEncoding.DecodeString(string(Apply(nil, []byte(in), splices)))
	if err != nil {
		t.Fatal(err)
	}
	out, err = Decode(nil, out, "deflate", 1<<20)
	if want := `{"event_id":"1","message":"a [R] b","_meta":{"message":{"":{"rem":[["redactd:rule","s",2,5]],"len":5}}}}`; string(out) != want || err != nil {
		t.Errorf("%s, %v", out, err)
	}
}
