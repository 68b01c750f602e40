package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/redactd/redactd/internal/codec"
)

// hiddenSecret is what a rule finds once zeros are taken out.
var hiddenSecret = strings.Join(strings.Split("password="+secret, ""), "\x00")

func journalField(name, value string) string {
	return name + "\n" + string(binary.LittleEndian.AppendUint64(nil, uint64(len(value)))) + value + "\n"
}

func envelope(item string) string {
	return "{}\n" + fmt.Sprintf(`{"type":"attachment","length":%d}`, len(item)) + "\n" + item + "\n"
}

func form(part string) string {
	return "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + part + "\r\n--B--\r\n"
}

// wideText is text in UTF-16, with a mark.
func wideText(text string) string {
	out := []byte{0xff, 0xfe}
	for _, c := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, c)
	}
	return string(out)
}

// mixed are payloads with parts that are no text, in which taking out zeros shows
// something that is not there.
var mixed = []struct{ name, contentType, body string }{
	{"MessagePack", "application/msgpack", strings.Repeat("\x92\xd7\x00\x65\x53\xf1\x00\x00\x00\x00\x01\x82\xa1a\xce\x00\x00\x00\x07\xa8password\x00", 40)},
	{"journald", "application/vnd.fdo.journal", journalField("COREDUMP", strings.Repeat(hiddenSecret+"\x00\x01\x02", 3000)) + "\n"},
	{"Sentry", "application/x-sentry-envelope", envelope("MDMP\x93\xa7\x00\x00\x10\x00\x00\x00" + hiddenSecret + "\x00")},
	{"form", "multipart/form-data; boundary=B", form("MDMP\x93\xa7\x00\x00\x10\x00\x00\x00" + hiddenSecret + "\x00")},
}

// TestMixed asks that zeros which belong to a format are taken for no charset, whole and
// as a stream of more than would be gathered.
func TestMixed(t *testing.T) {
	p := policy(t, "mask")
	p.MaxDecoded = 256 << 10
	for _, tt := range mixed {
		s := Acquire(p, nil)
		m := Meta{ContentType: tt.contentType}
		res, err := s.Body([]byte(tt.body), m)
		if err != nil || res.Changed {
			t.Errorf("%s: changed %v, %v", tt.name, res.Changed, err)
		}
		body := tt.body
		if tt.name == "MessagePack" {
			body = strings.Repeat(body, 500)
		}
		var out bytes.Buffer
		if _, err := s.Stream(&out, iotest.HalfReader(strings.NewReader(body)), m); err != nil || out.String() != body {
			t.Errorf("%s as a stream: %d bytes of %d, %v", tt.name, out.Len(), len(body), err)
		}
		s.Release()
	}
}

// TestMixedFinds asks that text beside zeros is still searched.
func TestMixedFinds(t *testing.T) {
	p := policy(t, "mask")
	for _, tt := range []struct{ name, contentType, in, out string }{
		{"MessagePack", "application/msgpack", "\x82\xa1a\xce\x00\x00\x00\x07\xa1b\xaf" + secret, "\x82\xa1a\xce\x00\x00\x00\x07\xa1b\xad[REDACTED:kx]"},
		{"control characters", "application/vnd.fdo.journal", journalField("MESSAGE", "\x00\x01\x02 "+secret) + "\n", journalField("MESSAGE", "\x00\x01\x02 [REDACTED:kx]") + "\n"},
		{"UTF-16 in a form", "multipart/form-data; boundary=B", form(wideText("key " + secret + " end")), form(wideText("key [REDACTED:kx] end"))},
		{"UTF-16 in an envelope", "application/x-sentry-envelope", envelope(wideText("key " + secret + " end")), envelope(wideText("key [REDACTED:kx] end"))},
		{"JSON that is called MessagePack", "application/msgpack", `{"a":"` + secret + `"}`, `{"a":"[REDACTED:kx]"}`},
	} {
		s := Acquire(p, nil)
		res, err := s.Body([]byte(tt.in), Meta{ContentType: tt.contentType})
		if err != nil || string(res.Body) != tt.out {
			t.Errorf("%s: %q, %v", tt.name, res.Body, err)
		}
		s.Release()
	}
}

// TestTextAsMessagePack asks that text, which as MessagePack is a row of numbers, does
// not pass for that.
func TestTextAsMessagePack(t *testing.T) {
	s := Acquire(policy(t, "mask"), nil)
	defer s.Release()
	for _, body := range []string{secret, "key " + secret + "\n", "\x81\xa1a\x01" + secret} {
		var e *Error
		if _, err := s.Body([]byte(body), Meta{ContentType: "application/msgpack"}); !errors.As(err, &e) || e.Kind != KindFormat {
			t.Errorf("%q: %v", body, err)
		}
		var out bytes.Buffer
		if _, err := s.Stream(&out, strings.NewReader(body), Meta{ContentType: "application/msgpack"}); err == nil || strings.Contains(out.String(), secret) {
			t.Errorf("%q as a stream: %q, %v", body, out.String(), err)
		}
	}
}

// TestInflate asks that what is coded inside of a payload is bound by the policy, in
// all of its parts together, and never goes on unseen for its size.
func TestInflate(t *testing.T) {
	p := policy(t, "mask")
	p.MaxDecoded = 1 << 20
	record := func(text string) string {
		return `{"data":"` + base64.StdEncoding.EncodeToString(compressed(t, text)) + `"}`
	}
	delivery := func(records ...string) string {
		return `{"requestId":"r","timestamp":1,"records":[` + strings.Join(records, ",") + `]}`
	}
	half := strings.Repeat("words ", 100_000)
	for _, tt := range []struct {
		name, body string
		wide       bool
	}{
		{"one within", delivery(record(half)), false},
		{"two that are too many", delivery(record(half), record(half)), true},
		{"one too large", delivery(record(secret + half + half)), true},
	} {
		s := Acquire(p, nil)
		res, err := s.Body([]byte(tt.body), Meta{ContentType: "application/json", Path: "/fh"})
		if errors.Is(err, codec.ErrTooLarge) != tt.wide || err == nil && (tt.wide || res.Codec != "firehose") {
			t.Errorf("%s: %s, %v", tt.name, res.Codec, err)
		}
		s.Release()
	}
	s := Acquire(p, nil)
	defer s.Release()
	twice := `{"data":"` + base64.StdEncoding.EncodeToString(compressed(t, string(compressed(t, "key "+secret)))) + `"}`
	res, err := s.Body([]byte(delivery(twice)), Meta{ContentType: "application/json", Path: "/fh"})
	if err != nil || !res.Changed {
		t.Fatal(res.Changed, err)
	}
	_, data, _ := strings.Cut(string(res.Body), `"data":"`)
	data, _, _ = strings.Cut(data, `"`)
	coded, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := codec.Decode(nil, coded, "gzip, gzip", 1<<20); err != nil || string(text) != "key [REDACTED:kx]" {
		t.Errorf("%q, %v", text, err)
	}
}
