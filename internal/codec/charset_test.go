package codec

import (
	"bytes"
	"errors"
	"testing"
)

func TestCharset(t *testing.T) {
	wide := func(text string, swap bool) []byte {
		var out []byte
		for _, c := range []byte(text) {
			if swap {
				out = append(out, 0, c)
			} else {
				out = append(out, c, 0)
			}
		}
		return out
	}
	for _, tt := range []struct {
		contentType string
		head        []byte
		want        string
		err         error
	}{
		{"application/json", []byte(`{"a":1}`), "", nil},
		{"application/json; charset=UTF-8", []byte(`{"a":1}`), "", nil},
		{"text/plain; charset=iso-8859-1", []byte("caf\xe9"), "", nil},
		{"text/plain; charset=latin1", []byte("caf\xe9"), "", nil},
		{"text/plain; charset=utf8mb4", []byte("café"), "", nil},
		{"text/plain; charset=made-up", []byte("caf\xe9 x"), "", ErrCharset},
		{"text/plain; charset=utf-7", []byte("+AGE-"), "", ErrCharset},
		{"text/plain; charset=IBM037", []byte("abc"), "", ErrCharset},
		{"text/plain; charset=hz-gb-2312", []byte("abc"), "", ErrCharset},
		{"text/plain; charset=Shift_JIS", []byte("abc"), "shift_jis", nil},
		{"text/plain; charset=gb2312", []byte("abc"), "gbk", nil},
		{"text/plain; charset=utf-16", wide("abc", true), "utf-16be", nil},
		{"text/plain; charset=utf-16", wide("abc", false), "utf-16le", nil},
		{`text/plain; charset="utf-16le"; bad bad`, []byte("x"), "utf-16le", nil},
		{"text/plain; charset=utf-8", append([]byte{0xff, 0xfe}, wide("abc", false)...), "utf-16le", nil},
		{"", append([]byte{0xfe, 0xff}, wide("abc", true)...), "utf-16be", nil},
		{"application/json", wide(`{"a":"b"}`, false), "utf-16le", nil},
		{"", []byte{0xff, 0xfe, 0, 0, 'a', 0, 0, 0}, "utf-32le", nil},
		{"image/png", []byte{0xff, 0xfe, 0, 0}, "", nil},
		{"", []byte{0, 0, 0, 0}, "", nil},
	} {
		got, err := Charset(tt.contentType, tt.head)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%q %q: %q, %v; want %q, %v", tt.contentType, tt.head, got, err, tt.want, tt.err)
		}
	}
}

func TestCharsetRoundTrip(t *testing.T) {
	for _, name := range []string{"utf-16le", "utf-16be", "utf-32le", "utf-32be", "shift_jis", "gbk", "big5", "iso-2022-jp", "euc-kr"} {
		text := "\ufeff{\"name\":\"日本\",\"n\":1}\r\n"
		if name[0] != 'u' {
			text = "{\"name\":\"日本\",\"n\":1}\r\n"
		}
		src, err := EncodeCharset([]byte("pre"), []byte(text), name)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := DecodeCharset([]byte("pre"), src[3:], name, 1000)
		if err != nil || string(got) != "pre"+text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, err := DecodeCharset(nil, src[3:], name, 10); err != ErrTooLarge {
			t.Errorf("%s: limit: %v", name, err)
		}
	}
	for name, src := range map[string][]byte{
		"utf-16le":    {'a', 0, 0x00, 0xd8, 'b', 0}, // lone surrogate
		"utf-16be":    {0, 'a', 0},                  // odd length
		"utf-32be":    {0, 0x11, 0, 0},              // beyond Unicode
		"shift_jis":   {0x81},                       // half a character
		"iso-2022-jp": []byte("\x1b(B\x1b(Babc"),    // redundant escapes
		"made-up":     []byte("abc"),
	} {
		if got, err := DecodeCharset(nil, src, name, 1000); err != ErrCharset {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func FuzzCharset(f *testing.F) {
	names := []string{"utf-16le", "utf-16be", "utf-32le", "utf-32be", "shift_jis", "gbk", "big5", "iso-2022-jp", "euc-kr", "gb18030"}
	for i := range names {
		f.Add(uint8(i), []byte("a\x00b\x00\x81\x40"))
	}
	f.Fuzz(func(t *testing.T, n uint8, src []byte) {
		name := names[int(n)%len(names)]
		text, err := DecodeCharset(nil, src, name, 1<<20)
		if err != nil {
			return
		}
		again, err := EncodeCharset(nil, text, name)
		if err != nil || !bytes.Equal(again, src) {
			t.Fatalf("%s: %q became %q, %v", name, src, again, err)
		}
	})
}
