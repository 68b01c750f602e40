package codec

import (
	"encoding/json"
	"testing"
)

func TestPackedJSON(t *testing.T) {
	for src, want := range map[string]string{
		"\xc0": "null", "\xc3": "true", "\xc2": "false", "\x07": "7", "\xff": "-1", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff": "18446744073709551615",
		"\xd3\x80\x00\x00\x00\x00\x00\x00\x00": "-9223372036854775808", "\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00": "0.5",
		"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00": "null", "\xcb\x7e\x37\xe4\x3c\x88\x00\x75\x9c": "1e+300",
		"\xa3a\"\n": `"a\"\n"`, "\xc4\x02ok": `"ok"`, "\xc4\x02\xff\xfe": `"//4="`, "\xc7\x01\x05x": `"eA=="`,
		"\xd7\x00\x65\x53\xf1\x00\x00\x00\x00\x01": `"2023-11-14T22:13:20.000000001Z"`,
		"\x92\x01\x90":                         "[1,[]]",
		"\x83\xa1k\x80\x02\xa1v\x91\xa1\"\x03": `{"k":{},"2":"v","[\"\\\"\"]":3}`,
	} {
		got, n := AppendPackedJSON(nil, []byte(src))
		if string(got) != want || n != len(src) || !json.Valid(got) {
			t.Errorf("%q: %s, %d bytes; want %s", src, got, n, want)
		}
	}
}

// FuzzForwardFrame asks that whatever is well-formed MessagePack can be read as a
// message, and its events written as JSON.
func FuzzForwardFrame(f *testing.F) {
	for _, src := range samples(f, "forward") {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		checkForwardFrame(t, src)
	})
}

func checkForwardFrame(t *testing.T, src []byte) {
	var end PackedEnd
	n, err := end.Next(src)
	if err != nil || n == 0 {
		return
	}
	msg := src[:n]
	PackedElems(msg)
	PackedText(msg)
	if out, size := AppendPackedJSON(nil, msg); !json.Valid(out) || size != n {
		t.Fatalf("%q is no JSON, of %d of %d bytes", out, size, n)
	}
	m := ParseForward(msg)
	entries, err := ForwardEntries(msg, &m, 1<<20)
	if err != nil {
		return
	}
	for _, e := range entries {
		for _, part := range [][]byte{e.Time, e.Record} {
			if out, size := AppendPackedJSON(nil, part); !json.Valid(out) || size != len(part) {
				t.Fatalf("%q is no JSON, of %d of %d bytes", out, size, len(part))
			}
		}
	}
}

// TestForwardFrames reads the samples one message after the other.
func TestForwardFrames(t *testing.T) {
	events := 0
	for name, src := range samples(t, "forward") {
		for len(src) > 0 {
			checkForwardFrame(t, src)
			var end PackedEnd
			n, err := end.Next(src)
			if err != nil || n == 0 {
				t.Fatal(name, err)
			}
			m := ParseForward(src[:n])
			entries, err := ForwardEntries(src[:n], &m, 1<<20)
			if err != nil {
				t.Fatal(name, err)
			}
			events += len(entries)
			src = src[n:]
		}
	}
	if events != 10 {
		t.Errorf("%d events", events)
	}
}
