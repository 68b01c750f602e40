package scrub

import (
	"bytes"
	"testing"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// Text is the body decoded, less what was found; Encode writes another text as the body
// came.
func TestTextAndEncode(t *testing.T) {
	const before, after = "token=s3cr3t-one grün\n", "token=[REDACTED:s3] grün\n"
	for _, tt := range []struct{ charset, codings string }{
		{"", ""}, {"", "gzip"}, {"utf-16le", ""}, {"utf-16be", "br"}, {"", "gzip, zstd"}, {"shift_jis", ""},
	} {
		for _, shadow := range []bool{false, true} {
			body := []byte(before)
			var err error
			m := Meta{ContentType: "text/plain", ContentEncoding: tt.codings}
			if tt.charset != "" {
				m.ContentType += "; charset=" + tt.charset
				if body, err = codec.EncodeCharset(nil, body, tt.charset); err != nil {
					t.Fatal(err)
				}
			}
			was, _ := codec.DecodeCharset(nil, body, tt.charset, 1<<20)
			if tt.charset == "" {
				was = body
			}
			want := bytes.Replace(was, []byte("s3cr3t-one"), []byte("[REDACTED:s3]"), 1)
			if body, err = codec.Encode(nil, body, tt.codings); err != nil {
				t.Fatal(err)
			}
			set, err := redact.Compile([]redact.Rule{{ID: "s3", Pack: "test", Pattern: `s3cr3t-[a-z]+`}}, redact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := Acquire(&Policy{Set: set, Shadow: shadow}, nil)
			res, err := s.Body(body, m)
			if err != nil || !bytes.Equal(res.Text, want) || shadow != bytes.Equal(res.Body, body) {
				t.Fatalf("%v: text %q, want %q, changed %v: %v", tt, res.Text, want, res.Changed, err)
			}
			out, err := s.Encode([]byte("other"))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := codec.Decode(nil, out, tt.codings, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if tt.charset != "" {
				if plain, err = codec.DecodeCharset(nil, plain, tt.charset, 1<<20); err != nil {
					t.Fatal(err)
				}
			}
			if string(plain) != "other" {
				t.Errorf("%v: encodes to %q", tt, plain)
			}
			s.Release()
		}
	}
}
