package codec

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
)

// wire builds a message of fields with a length: number, content, number, content.
func wire(fields ...any) string {
	var b []byte
	for i := 0; i < len(fields); i += 2 {
		content := fields[i+1].(string)
		b = binary.AppendUvarint(b, uint64(fields[i].(int))<<3|wireLength)
		b = binary.AppendUvarint(b, uint64(len(content)))
		b = append(b, content...)
	}
	return string(b)
}

func TestLokiEdits(t *testing.T) {
	const hash, at = "\x18\x87\x01", "\x0a\x04\x08\x07\x10\x07"
	push := func(label, text, name, value string) string {
		return wire(1, wire(1, `{app="x", `+label+`}`, 2, at+wire(2, text, 3, wire(1, name, 2, value)))+hash)
	}
	for _, tt := range []struct {
		name, src, want string
		r               *recorder
	}{
		{"line", push("", "a secret", "a", "b"), push("", "a x", "a", "b"), editor(map[string][]Splice{"a secret": {{Start: 2, End: 8, Text: []byte("x")}}})},
		{"label", push("token=\"se\\x63ret\"", "l", "a", "b"), push(`token="\"\\x\n"`, "l", "a", "b"), keyed("token", "\"\\x\n")},
		{"label in backquotes", push("token=`s\\`", "l", "a", "b"), push("token=`'x`", "l", "a", "b"), keyed("token", "`x")},
		{"quoted label", push(`"my.token"="s"`, "l", "a", "b"), push(`"my.token"="x"`, "l", "a", "b"), keyed("my.token", "x")},
		{"no label set", wire(1, wire(1, `{app=secret`)), wire(1, wire(1, `x`)), editor(all("{app=secret", "x"))},
		{"metadata", push("", "l", "token", "secret"), push("", "l", "token", "x"), keyed("token", "x")},
		{"removed metadata", push("", "l", "token", "secret"), wire(1, wire(1, `{app="x", }`, 2, at+wire(2, "l"))+hash), editor(nil, "secret")},
		{"document in a line", push("", `{"a":"secret"}`, "a", "b"), push("", `{"a":"x"}`, "a", "b"), editor(all("secret", "x"))},
	} {
		if got := rewrite(t, "loki", tt.src, tt.r); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
		got, err := s2.Decode(nil, []byte(rewrite(t, "loki", string(s2.EncodeSnappy(nil, []byte(tt.src))), tt.r)))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s in snappy: %v\n got %q\nwant %q", tt.name, err, got, tt.want)
		}
	}
	runEdits(t, "loki", []editCase{
		{"json", `{"streams":[{"stream":{"token":"a"},"values":[["secret","a secret",{"token":"secret"}]]}]}`, editor(map[string][]Splice{"a secret": {{Start: 2, End: 8, Text: []byte("\"")}}}),
			`{"streams":[{"stream":{"token":"a"},"values":[["secret","a \"",{"token":"secret"}]]}]}`},
		{"json labels", `{"streams":[{"stream":{"token":"a"},"values":[["7","a",{"token":"b"}]]}]}`, keyed("token", "x"), `{"streams":[{"stream":{"token":"x"},"values":[["7","a",{"token":"x"}]]}]}`},
		{"label text", `{"streams":[{"labels":"{token=\"a\\\"\"}","entries":[{"ts":"a","line":"a"}]}]}`, keyed("token", `"`), `{"streams":[{"labels":"{token=\"\\\"\"}","entries":[{"ts":"a","line":"a"}]}]}`},
	})
}

// TestLokiLongLines asks that a line does not grow where a backend could refuse it.
func TestLokiLongLines(t *testing.T) {
	const secret = "s\u00e9cret"
	for _, form := range []func(line string) string{
		func(line string) string { return wire(1, wire(1, `{a="b"}`, 2, wire(2, line))) },
		func(line string) string {
			return `{"streams":[{"stream":{},"values":[["7","` + strings.ReplaceAll(line, "\u00e9", `\u00e9`) + `"]]}]}`
		},
	} {
		for _, size := range []int{100, longLine - 10, longLine + 1000} {
			words := strings.Repeat("word ", size/5)
			r := &recorder{edit: func(f *Field) ([]Splice, bool) {
				i := bytes.Index(f.Value, []byte(secret))
				if i < 0 {
					return nil, false
				}
				return []Splice{{Start: i, End: i + len(secret), Text: []byte("[REDACTED:a-rule]")}}, false
			}}
			got := rewrite(t, "loki", form(words+secret), r)
			want := form(words + "[REDACTED:a-rule]")
			if size > 100 {
				want = form(words + "*******")
			}
			if got != want {
				t.Errorf("%d: %q, want %q", size, got[max(0, len(got)-40):], want[len(want)-40:])
			}
		}
	}
}

func TestLokiRefuses(t *testing.T) {
	for _, src := range []string{"\x10\x3c", "not a push", `{"streams":`, "\x80\x80\x80\x80\x10\x00", wire(1, "\x0a\x7f")} {
		if _, n, err := walkWhole(lokiCodec{}, []byte(src), &recorder{}); !IsSyntax(err) || n != 0 {
			t.Errorf("%q: %d, %v", src, n, err)
		}
	}
}

func FuzzLoki(f *testing.F) {
	for _, src := range samples(f, "loki") {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 8<<10 {
			return
		}
		checkWalk(t, lokiCodec{}, src)
		splices, _, err := walkWhole(lokiCodec{}, src, &recorder{edit: markSome})
		if err != nil {
			return
		}
		if _, _, err = walkWhole(lokiCodec{}, Apply(nil, src, splices), &recorder{}); err != nil {
			t.Fatal("edited: ", err)
		}
	})
}
