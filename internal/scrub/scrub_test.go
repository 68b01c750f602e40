package scrub

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

const secret = "kx_" + "A1b2C3d4E5f6"

func rules() []redact.Rule {
	return []redact.Rule{
		{ID: "kx", Pattern: `\bkx_[A-Za-z0-9]{12}\b`, Confidence: redact.High},
		{ID: "secret-key", Keys: []string{"password", "pin", "api_key"}, Tags: []string{"generic"}},
		{ID: "assignment", Pattern: `(?i)password["']?\s{0,3}[=:]\s{0,3}["']?([^\s"',}]{3,40})`, Tags: []string{"generic"},
			Validators: []string{"not-placeholder"}},
		{ID: "block", Pattern: `-----BEGIN KEY-----[\s\S]{0,300}?-----END KEY-----`},
		{ID: "slow", Pattern: `slow=(?=(\w+)+!)\w+`},
	}
}

func policy(t testing.TB, action string) *Policy {
	t.Helper()
	keys, err := redact.NewKeyring([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := redact.ParseAction(action, keys)
	if err != nil {
		t.Fatal(err)
	}
	set, err := redact.Compile(rules(), redact.Options{Action: func(*redact.Rule) redact.Action { return a }})
	if err != nil {
		t.Fatal(err)
	}
	return &Policy{Set: set}
}

func compressed(t testing.TB, text string) []byte {
	t.Helper()
	out, err := codec.Encode(nil, []byte(text), "gzip")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var bodies = []struct {
	name, contentType, path string
	in, out                 string
	hits                    string // rule at path, comma separated
}{
	{"clean JSON", "application/json", "", `{"a": 1.50, "b":"x"}`, "", ""},
	{"token in JSON", "application/json", "", `{"a":{"msg": "key ` + secret + ` used"},"n":1e400}`,
		`{"a":{"msg": "key [REDACTED:kx] used"},"n":1e400}`, "kx@a.msg"},
	{"escapes beside it stay", "application/json", "", `{"m":"caf\u00e9 \/ ` + secret + ` \"q\" \ud83d\ude00"}`,
		`{"m":"caf\u00e9 \/ [REDACTED:kx] \"q\" \ud83d\ude00"}`, "kx@m"},
	{"escaped token", "application/json", "", `{"m":"` + strings.Replace(secret, "A", `\u0041`, 1) + `"}`,
		`{"m":"[REDACTED:kx]"}`, "kx@m"},
	{"by key", "application/json", "", `{"userPassword":"x y","pin":1234,"user_pins":["a"]}`,
		`{"userPassword":"[REDACTED:secret-key]","pin":0,"user_pins":["a"]}`, "secret-key@userPassword,secret-key@pin"},
	{"JSON in JSON", "application/json", "", `{"m":"{\"password\":\"p\\\"q\",\"n\":1}"}`,
		`{"m":"{\"password\":\"[REDACTED:secret-key]\",\"n\":1}"}`, "secret-key@m.password"},
	{"NDJSON and text", "application/x-ndjson", "", "{\"password\":\"a\"}\nplain password=hunter2\n\n{\"x\":1}",
		"{\"password\":\"[REDACTED:secret-key]\"}\nplain password=[REDACTED:assignment]\n\n{\"x\":1}", "secret-key@password,assignment@"},
	{"bulk", "application/json", "/_bulk", "{\"index\":{\"_id\":\"" + secret + "\"}}\n{\"m\":\"" + secret + "\"}\n",
		"{\"index\":{\"_id\":\"" + secret + "\"}}\n{\"m\":\"[REDACTED:kx]\"}\n", "kx@m"},
	{"form", "application/x-www-form-urlencoded", "", "user=a+b&password=p%40ss&q=" + secret,
		"user=a+b&password=%5BREDACTED%3Asecret-key%5D&q=%5BREDACTED%3Akx%5D", "secret-key@password,kx@q"},
	{"text", "text/plain; charset=utf-8", "", "a\npassword: hunter2\n-----BEGIN KEY-----\nzz\n-----END KEY-----\n",
		"a\npassword: [REDACTED:assignment]\n[REDACTED:block]\n", "assignment@,block@"},
	{"truncated JSON", "application/json", "", `{"a":"` + secret + `","password":"hunt`,
		`{"a":"[REDACTED:kx]","password":"[REDACTED:assignment]`, "kx@a,assignment@"},
	{"text called JSON", "application/json", "", "oops password=hunter2", "oops password=[REDACTED:assignment]", "assignment@"},
	{"form called JSON", "application/json", "", "<html><body>password: hunter2</body></html>",
		"<html><body>password: [REDACTED:assignment]</body></html>", "assignment@"},
	{"no type", "", "", `{"password":"a"}`, `{"password":"[REDACTED:secret-key]"}`, "secret-key@password"},
	{"binary", "image/png", "", "\x89PNG\r\n\x1a\n\x00" + secret, "", ""},
}

func TestBody(t *testing.T) {
	p := policy(t, "mask")
	for _, tt := range bodies {
		t.Run(tt.name, func(t *testing.T) {
			s := Acquire(p, nil)
			defer s.Release()
			want := tt.out
			if want == "" {
				want = tt.in
			}
			for _, encoding := range []string{"", "gzip", "deflate, br", "zstd"} {
				in, err := codec.Encode(nil, []byte(tt.in), encoding)
				if err != nil {
					t.Fatal(err)
				}
				m := Meta{ContentType: tt.contentType, ContentEncoding: encoding, Path: tt.path}
				res, err := s.Body(in, m)
				if err != nil {
					t.Fatal(err)
				}
				out, err := codec.Decode(nil, res.Body, encoding, 1<<20)
				if err != nil {
					t.Fatal(err)
				}
				if string(out) != want {
					t.Errorf("%q: got\n%s\nwant\n%s", encoding, out, want)
				}
				if res.Changed != (tt.out != "") {
					t.Errorf("%q: Changed is %v", encoding, res.Changed)
				}
				if !res.Changed && &res.Body[0] != &in[0] {
					t.Errorf("%q: a body without findings is not the one given", encoding)
				}
				if got := hitList(res.Hits); got != tt.hits {
					t.Errorf("%q: hits %q, want %q", encoding, got, tt.hits)
				}
			}
		})
	}
}

func hitList(hits []Hit) string {
	var list []string
	for _, h := range hits {
		list = append(list, h.Rule.ID+"@"+h.Path)
	}
	return strings.Join(list, ",")
}

func TestStreamEqualsBody(t *testing.T) {
	for _, action := range []string{"mask", "remove", "token", "partial:1,1", "replace:***"} {
		p := policy(t, action)
		for _, tt := range bodies {
			m := Meta{ContentType: tt.contentType, Path: tt.path}
			s := Acquire(p, nil)
			res, err := s.Body([]byte(tt.in), m)
			if err != nil {
				t.Fatal(err)
			}
			want, wantHits := string(res.Body), hitList(res.Hits)
			for name, r := range map[string]io.Reader{
				"whole": strings.NewReader(tt.in),
				"bytes": iotest.OneByteReader(strings.NewReader(tt.in)),
				"halfs": iotest.HalfReader(iotest.DataErrReader(strings.NewReader(tt.in))),
			} {
				if name != "whole" && tt.contentType == "" {
					continue // one byte says nothing about a type
				}
				if tt.name == "form called JSON" {
					continue // a stream goes on as text, see Stream
				}
				st := Acquire(p, nil)
				var out bytes.Buffer
				got, err := st.Stream(&out, r, m)
				if err != nil {
					t.Fatalf("%s, %s: %v", tt.name, name, err)
				}
				if out.String() != want || hitList(got.Hits) != wantHits {
					t.Errorf("%s, %s, %s: got\n%s (%s)\nwant\n%s (%s)", action, tt.name, name, out.String(), hitList(got.Hits), want, wantHits)
				}
				st.Release()
			}
			s.Release()
		}
	}
}

func TestTwiceIsOnce(t *testing.T) {
	for _, action := range []string{"mask", "remove", "token", "partial:1,1", "partial:4,4", "replace:***"} {
		p := policy(t, action)
		for _, tt := range bodies {
			m := Meta{ContentType: tt.contentType, Path: tt.path}
			s := Acquire(p, nil)
			once, err := s.Body([]byte(tt.in), m)
			if err != nil {
				t.Fatal(err)
			}
			first := bytes.Clone(once.Body)
			twice, err := s.Body(first, m)
			if err != nil {
				t.Fatal(err)
			}
			if twice.Changed || len(twice.Hits) > 0 {
				t.Errorf("%s, %s: again: %s\n%s\n%s", action, tt.name, hitList(twice.Hits), first, twice.Body)
			}
			s.Release()
		}
	}
}

func TestBodyErrors(t *testing.T) {
	p := policy(t, "mask")
	p.MaxDecoded = 1 << 16
	gz := compressed(t, strings.Repeat("x", 1000))
	bomb := compressed(t, strings.Repeat("x", 1<<20))
	for _, tt := range []struct {
		name, body, contentType, encoding string
		kind                              Kind
	}{
		{"unknown coding", "abc", "text/plain", "snappy-framed", KindCoding},
		{"broken gzip", "not gzip at all", "text/plain", "gzip", KindCoding},
		{"cut gzip", string(gz[:len(gz)-4]), "text/plain", "gzip", KindCoding},
		{"bomb", string(bomb), "text/plain", "gzip", KindLimit},
		{"too large", strings.Repeat("x", 1<<16+1), "text/plain", "", KindLimit},
		{"gave up", "slow=" + strings.Repeat("a", 60), "text/plain", "", KindBudget},
		{"hiding escapes in a broken document", `{"a":"b" "k\u0065y":`, "application/json", "", KindFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Acquire(p, nil)
			defer s.Release()
			m := Meta{ContentType: tt.contentType, ContentEncoding: tt.encoding}
			for how, run := range map[string]func() error{
				"Body":   func() error { _, err := s.Body([]byte(tt.body), m); return err },
				"Stream": func() error { _, err := s.Stream(io.Discard, strings.NewReader(tt.body), m); return err },
			} {
				err := run()
				if tt.name == "too large" && how == "Stream" {
					if err != nil {
						t.Errorf("plain text may be of any length in a stream: %v", err)
					}
					continue
				}
				if tt.name == "bomb" && how == "Stream" {
					continue // see TestStreamBomb: larger ones
				}
				var se *Error
				if !errors.As(err, &se) || se.Kind != tt.kind {
					t.Errorf("%s: got %v, want kind %s", how, err, tt.kind)
				} else if strings.Contains(err.Error(), tt.body[:min(len(tt.body), 10)]) {
					t.Errorf("%s: the error quotes the payload: %v", how, err)
				}
			}
		})
	}
}

// A secret is found at any depth that escapes can reach in a real payload, and
// beyond that the payload is withheld.
func TestDeepDocuments(t *testing.T) {
	p := policy(t, "mask")
	wrap := func(doc string, n int, quote, back string) string {
		for range n {
			doc = `{"a":"` + strings.NewReplacer(`"`, back+quote, `\`, back+`\`).Replace(doc) + `"}`
		}
		return doc
	}
	// Spelled so, escapes grow by a few bytes a level only.
	lean := `{"pass\u0077ord":"hidden"}`
	for range 40 {
		lean = `["` + strings.NewReplacer(`"`, `\u0022`, `\`, `\u005c`).Replace(lean) + `"]`
		if len(lean) > 1<<22 {
			break
		}
	}
	for name, doc := range map[string]string{
		"few": wrap(`{"password":"hidden"}`, 3, `"`, `\`), "many": wrap(`{"password":"hidden"}`, 15, `"`, `\`),
	} {
		s := Acquire(p, nil)
		if res, err := s.Body([]byte(doc), Meta{ContentType: "application/json"}); err != nil || bytes.Contains(res.Body, []byte("hidden")) {
			t.Errorf("%s: %v, %.200s", name, err, res.Body)
		}
		s.Release()
	}
	s := Acquire(p, nil)
	defer s.Release()
	if res, err := s.Body([]byte(lean), Meta{ContentType: "application/json"}); err == nil && bytes.Contains(res.Body, []byte("hidden")) {
		t.Errorf("%d bytes: %v, %.300s", len(lean), err, res.Body)
	}
}

// What decodes to hundreds of times its size is a bomb well below MaxDecoded.
func TestBodyBomb(t *testing.T) {
	p := policy(t, "mask")
	p.MaxDecoded = 1 << 30
	for size, kind := range map[int]Kind{minBomb: "", minBomb + 1: KindLimit} {
		s := Acquire(p, nil)
		body := compressed(t, strings.Repeat("x", size))
		_, err := s.Body(body, Meta{ContentType: "text/plain", ContentEncoding: "gzip"})
		if kindOf(err) != kind {
			t.Errorf("%d bytes in %d: %v", size, len(body), err)
		}
		s.Release()
	}
}

func TestStreamBomb(t *testing.T) {
	var bomb bytes.Buffer
	zw := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 128 {
		zw.Write(zeros)
	}
	zw.Close()
	s := Acquire(policy(t, "mask"), nil)
	defer s.Release()
	_, err := s.Stream(io.Discard, &bomb, Meta{ContentType: "text/plain", ContentEncoding: "gzip"})
	var se *Error
	if !errors.As(err, &se) || se.Kind != KindLimit {
		t.Errorf("got %v, want kind limit", err)
	}
}

func TestCharset(t *testing.T) {
	text := `{"password":"hunter2","name":"Zoë"}`
	var in []byte
	for _, u := range utf16.Encode([]rune(text)) {
		in = append(in, byte(u), byte(u>>8))
	}
	s := Acquire(policy(t, "mask"), nil)
	defer s.Release()
	res, err := s.Body(in, Meta{ContentType: "application/json; charset=utf-16le"})
	if err != nil || !res.Changed {
		t.Fatalf("changed %v, error %v", res.Changed, err)
	}
	var units []uint16
	for i := 0; i+1 < len(res.Body); i += 2 {
		units = append(units, uint16(res.Body[i])|uint16(res.Body[i+1])<<8)
	}
	if got, want := string(utf16.Decode(units)), strings.Replace(text, "hunter2", "[REDACTED:secret-key]", 1); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What is compressed and does not say so is inspected all the same: some clients
// leave Content-Encoding out.
func TestHiddenCoding(t *testing.T) {
	p := policy(t, "mask")
	for _, contentType := range []string{"application/json", "text/plain", "", "application/octet-stream"} {
		for _, declared := range []string{"", "gzip", "br"} {
			for _, hidden := range []string{"gzip", "zstd"} {
				in, err := codec.Encode(nil, []byte(`{"m":"`+secret+`"}`), hidden+","+declared)
				if err != nil {
					t.Fatal(err)
				}
				m := Meta{ContentType: contentType, ContentEncoding: declared}
				s := Acquire(p, nil)
				res, err := s.Body(in, m)
				if err != nil {
					t.Fatal(contentType, declared, hidden, err)
				}
				out, err := codec.Decode(nil, res.Body, hidden+","+declared, 1<<20)
				if want := `{"m":"[REDACTED:kx]"}`; err != nil || string(out) != want {
					t.Errorf("%q %q %s: %q, %v", contentType, declared, hidden, out, err)
				}
				s.Release()
				s = Acquire(p, nil)
				var streamed bytes.Buffer
				_, err = s.Stream(&streamed, bytes.NewReader(in), m)
				s.Release()
				if contentType != "application/json" && contentType != "text/plain" {
					continue // a stream of what may be a file passes as binary
				}
				out, _ = codec.Decode(nil, streamed.Bytes(), hidden+","+declared, 1<<20)
				if want := `{"m":"[REDACTED:kx]"}`; err != nil || string(out) != want {
					t.Errorf("stream: %q %q %s: %q, %v", contentType, declared, hidden, out, err)
				}
			}
		}
	}
	s := Acquire(p, nil)
	defer s.Release()
	broken := compressed(t, "{}")
	_, err := s.Body(broken[:len(broken)-4], Meta{ContentType: "application/json"})
	if kind := kindOf(err); kind != KindCoding {
		t.Errorf("truncated: %v", err)
	}
	res, err := s.Body(broken[:len(broken)-4], Meta{ContentType: "application/octet-stream"})
	if err != nil || res.Skipped != "binary" || len(res.Body) != len(broken)-4 {
		t.Errorf("truncated binary: %+v, %v", res, err)
	}
}

func kindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// Zeros between the characters hide them from every rule.
func TestZeros(t *testing.T) {
	p := policy(t, "mask")
	wide := func(text string) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(text)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	spaced := strings.Join(strings.Split(secret, ""), "\x00\x00\x00") + "\x00\x00\x00"
	for _, tt := range []struct{ name, contentType, in, want string }{
		{"mostly ASCII", "application/json", wide(`{"é":"ü","m":"` + secret + `"}`), wide(`{"é":"ü","m":"[REDACTED:kx]"}`)},
		{"hardly any ASCII", "text/plain", wide("日本語日本語日本語日本語 " + secret), ""},
		{"four bytes each", "text/plain", spaced, ""},
		{"zeros beside it", "text/plain", "a\x00b " + secret, "a\x00b [REDACTED:kx]"},
		{"zeros alone", "text/plain", "a\x00b", "a\x00b"},
	} {
		s := Acquire(p, nil)
		res, err := s.Body([]byte(tt.in), Meta{ContentType: tt.contentType})
		if tt.want == "" && kindOf(err) != KindFormat || tt.want != "" && (err != nil || string(res.Body) != tt.want) {
			t.Errorf("%s: %q, %v", tt.name, res.Body, err)
		}
		var out bytes.Buffer
		_, err = s.Stream(&out, strings.NewReader(tt.in), Meta{ContentType: tt.contentType})
		if tt.want == "" && (kindOf(err) != KindFormat || out.Len() > 0) || tt.want != "" && (err != nil || out.String() != tt.want) {
			t.Errorf("stream: %s: %q, %v", tt.name, out.String(), err)
		}
		s.Release()
	}
}

func TestShadowChangesNothing(t *testing.T) {
	p := policy(t, "mask")
	p.Shadow = true
	for _, tt := range bodies {
		s := Acquire(p, nil)
		m := Meta{ContentType: tt.contentType, Path: tt.path}
		res, err := s.Body([]byte(tt.in), m)
		if err != nil || string(res.Body) != tt.in || hitList(res.Hits) != tt.hits {
			t.Errorf("%s: %v, %s, %s", tt.name, err, res.Body, hitList(res.Hits))
		}
		var out bytes.Buffer
		if _, err := s.Stream(&out, strings.NewReader(tt.in), m); err != nil || out.String() != tt.in {
			t.Errorf("%s: stream: %v, %s", tt.name, err, out.String())
		}
		s.Release()
	}
}

// In shadow mode a stream comes out as it went in, whatever is wrong with it.
func TestShadowStreamIsExact(t *testing.T) {
	p := policy(t, "mask")
	p.Shadow = true
	var best bytes.Buffer // coded as redactd would not code it
	zw, _ := gzip.NewWriterLevel(&best, gzip.BestCompression)
	_, _ = io.WriteString(zw, strings.Repeat(`{"password":"hunter2"}`+"\n", 5000))
	_ = zw.Close()
	whole := best.String()
	for _, tt := range []struct{ name, contentType, encoding, in, skipped string }{
		{"gzip", "application/x-ndjson", "gzip", whole, ""},
		{"truncated gzip", "application/x-ndjson", "gzip", whole[:len(whole)-9] + "xx", "coding"},
		{"not gzip", "text/plain", "gzip", "plain " + secret, "coding"},
		{"broken JSON with escapes", "application/json", "", `{"a":1,` + `\u0041` + secret, "format"},
		{"rule gives up", "text/plain", "", "slow=" + strings.Repeat("a", 60) + " and more", "budget"},
	} {
		s := Acquire(p, nil)
		var out bytes.Buffer
		res, err := s.Stream(&out, iotest.HalfReader(strings.NewReader(tt.in)), Meta{ContentType: tt.contentType, ContentEncoding: tt.encoding})
		if err != nil || out.String() != tt.in || res.Skipped != tt.skipped || res.Changed {
			t.Errorf("%s: %v, skipped %q, changed %v, same bytes %v", tt.name, err, res.Skipped, res.Changed, out.String() == tt.in)
		}
		s.Release()
	}
	s := Acquire(p, nil)
	defer s.Release()
	if _, err := s.Stream(io.Discard, iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc"))), Meta{ContentType: "text/plain"}); kindOf(err) != KindIO {
		t.Errorf("broken source: %v", err)
	}
}

func TestValueAndQuery(t *testing.T) {
	keys, err := redact.NewKeyring([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	s := Acquire(policy(t, "mask"), keys)
	defer s.Release()
	out, hits, err := s.Value("header:", []byte("X-Api-Key"), []byte("abc"))
	if err != nil || string(out) != "[REDACTED:secret-key]" || hitList(hits) != "secret-key@header:X-Api-Key" {
		t.Errorf("%s %v %v", out, hitList(hits), err)
	}
	if want := keys.Fingerprint([]byte("abc")); hits[0].Fingerprint != want || hits[0].Length != 3 {
		t.Errorf("fingerprint %q length %d, want %q and 3", hits[0].Fingerprint, hits[0].Length, want)
	}
	out, hits, err = s.Query([]byte("a=1&api%5Fkey=x%20y&b="))
	if err != nil || string(out) != "a=1&api%5Fkey=%5BREDACTED%3Asecret-key%5D&b=" || hitList(hits) != "secret-key@query:api_key" {
		t.Errorf("%s %v %v", out, hitList(hits), err)
	}
}

// A stream passes on what it has before it waits for more.
func TestStreamPassesOnEvents(t *testing.T) {
	p := policy(t, "mask")
	s := Acquire(p, nil)
	defer s.Release()
	in, feed := io.Pipe()
	out, sink := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := s.Stream(sink, in, Meta{ContentType: "text/event-stream"})
		sink.CloseWithError(err)
		done <- err
	}()
	for range 3 {
		event := "data: {\"password\":\"p\"}\n\n"
		if _, err := io.WriteString(feed, event); err != nil {
			t.Fatal(err)
		}
		want := strings.Replace(event, `"p"`, `"[REDACTED:secret-key]"`, 1)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(out, got); err != nil || string(got) != want {
			t.Fatalf("%q %v", got, err)
		}
	}
	feed.Close()
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("%q %v", rest, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestOnHitsComesBeforeTheBytes(t *testing.T) {
	p := policy(t, "mask")
	for _, contentType := range []string{"text/plain", "application/x-ndjson"} {
		s := Acquire(p, nil)
		var out bytes.Buffer
		refused := errors.New("refused")
		s.OnHits(func(hits []Hit) error {
			if strings.Contains(out.String(), "REDACTED") {
				t.Errorf("%s: written before it was told", contentType)
			}
			return refused
		})
		_, err := s.Stream(&out, strings.NewReader("a\npassword=hunter2\nb\n"), Meta{ContentType: contentType})
		if !errors.Is(err, refused) || strings.Contains(out.String(), "REDACTED") {
			t.Errorf("%s: %v, %q", contentType, err, out.String())
		}
		s.Release()
	}
}

func FuzzBody(f *testing.F) {
	p := policy(f, "mask")
	for _, tt := range bodies {
		f.Add(tt.contentType, tt.path, []byte(tt.in))
	}
	f.Fuzz(func(t *testing.T, contentType, path string, body []byte) {
		s := Acquire(p, nil)
		defer s.Release()
		m := Meta{ContentType: contentType, Path: path}
		res, err := s.Body(body, m)
		if err != nil {
			return
		}
		first := bytes.Clone(res.Body)
		again, err := s.Body(first, m)
		if err == nil && again.Changed {
			t.Errorf("%q %q: twice is not once:\n%q\n%q\n%q", contentType, path, body, first, again.Body)
		}
	})
}

// TestBrokenWithEscapes asks that broken JSON is withheld where it holds any escape:
// a plain search does not see through the simplest of them.
func TestBrokenWithEscapes(t *testing.T) {
	for _, text := range []string{
		`{"a": "password=\"hunter2hunter2\"`, `{"a" "-----BEGIN X\nabc"`, `{"a" "x\u0041"`, `{"a": 1, b "\\"`,
	} {
		s := Acquire(builtin(), nil)
		_, err := s.Body([]byte(text+strings.Repeat(" redis://:hunter2@h/0", 2)), Meta{ContentType: "application/json"})
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindFormat {
			t.Errorf("%s: error %v", text, err)
		}
		var out bytes.Buffer
		_, err = s.Stream(&out, strings.NewReader(text+" redis://:hunter2@h/0"), Meta{ContentType: "application/json"})
		if !errors.As(err, &e) || e.Kind != KindFormat {
			t.Errorf("%s as a stream: error %v", text, err)
		}
		s.Release()
	}
}

// TestParts asks that parts which are no text are counted, in a body and in a stream
// of the same payload.
func TestParts(t *testing.T) {
	const body = "--b\r\nContent-Disposition: form-data; name=\"f\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\x00\x01\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nplain\r\n--b--\r\n"
	m := Meta{ContentType: "multipart/form-data; boundary=b"}
	s := Acquire(policy(t, "mask"), nil)
	defer s.Release()
	res, err := s.Body([]byte(body), m)
	if err != nil || res.Skipped != "" || res.Passed != 6 {
		t.Errorf("%d bytes passed, %q, %v", res.Passed, res.Skipped, err)
	}
	streamed, err := s.Stream(io.Discard, strings.NewReader(body), m)
	if err != nil || streamed.Passed != 6 {
		t.Errorf("%d bytes passed, %v", streamed.Passed, err)
	}
}
