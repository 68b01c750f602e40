package codec

import (
	"bytes"
	"errors"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// ErrCharset says that a payload is in a charset that is not known or not its
// own: it can't be decoded so that encoding it again gives the same bytes.
var ErrCharset = errors.New("codec: charset unknown, or payload not of it")

// wide are the charsets in which ASCII is not one byte a character. A byte
// order mark is text here, so that it survives.
var wide = map[string]encoding.Encoding{
	"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf-32le": utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM),
	"utf-32be": utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
}

// Wide reports whether a charset, as Charset names it, writes each character of ASCII with
// zeros beside it.
func Wide(charset string) bool { return wide[charset] != nil }

// hiding are charsets that are no ASCII and that the index of the web does not
// have: what they say can't be seen.
var hiding = [...]string{"utf-7", "unicode-1-1-utf-7", "ibm", "cp0", "cp1047", "cp500", "ebcdic", "scsu", "bocu"}

// Charset returns the charset that a payload has to be decoded from before it
// is walked, for DecodeCharset, or "" if it can be walked as it is: in UTF-8, or
// in a charset whose bytes below 0x80 are always ASCII. A byte order mark goes
// before what contentType says, and without either, text in UTF-16 is known by
// its zeros. head is the beginning of the decoded payload.
func Charset(contentType string, head []byte) (string, error) {
	mediaType := MediaType(contentType)
	if isBinary(mediaType) || isFramed(mediaType) {
		return "", nil
	}
	if name := byteOrder(head); name != "" {
		return name, nil
	}
	label := charsetLabel(contentType)
	switch label {
	case "":
		return zeroPattern(head), nil
	case "utf-16", "utf16", "ucs-2", "ucs2":
		// RFC 2781 says big-endian, writers say what their machine is.
		return orElse(zeroPattern(head), "utf-16be"), nil
	case "utf-16le", "utf-16be", "utf-32le", "utf-32be":
		return label, nil
	case "utf-32", "utf32", "ucs-4":
		if len(head) >= 4 && head[0] != 0 {
			return "utf-32le", nil
		}
		return "utf-32be", nil
	}
	enc, err := htmlindex.Get(label)
	if err != nil {
		return "", unknownCharset(label, head)
	}
	name, err := htmlindex.Name(enc)
	if err != nil || enc == encoding.Replacement {
		return "", ErrCharset
	}
	if asciiCompatible(name) {
		return "", nil
	}
	return name, nil
}

func orElse(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

// charsetLabel returns the charset parameter in lower case.
func charsetLabel(contentType string) string {
	if !strings.ContainsAny(contentType, ";=") {
		return ""
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		return strings.ToLower(strings.TrimSpace(params["charset"]))
	}
	// Malformed parameters must not hide the one that counts.
	_, rest, ok := strings.Cut(strings.ToLower(contentType), "charset=")
	if !ok {
		return ""
	}
	return strings.Trim(rest[:strings.IndexAny(rest+";", "; ,")], `"' `)
}

// byteOrder returns the charset that a byte order mark tells, "" for UTF-8.
func byteOrder(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe, 0, 0}):
		return "utf-32le"
	case bytes.HasPrefix(head, []byte{0, 0, 0xfe, 0xff}):
		return "utf-32be"
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return "utf-16le"
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return "utf-16be"
	}
	return ""
}

// zeroPattern recognises text in UTF-16 by its ASCII: three quarters of it have
// a zero beside them, and none is on the other side.
func zeroPattern(head []byte) string {
	head = head[:min(len(head), 512)&^1]
	if len(head) < 4 || bytes.IndexByte(head, 0) < 0 {
		return ""
	}
	var ascii, first, second int // units with a zero on either side
	for i := 0; i < len(head); i += 2 {
		if head[i] == 0 {
			first++
		}
		if head[i+1] == 0 {
			second++
		}
		if isASCIIText(head[i]|head[i+1]) && (head[i] == 0) != (head[i+1] == 0) {
			ascii++
		}
	}
	switch {
	case ascii == 0 || ascii < len(head)/2*3/4:
		return ""
	case first == 0:
		return "utf-16le"
	case second == 0:
		return "utf-16be"
	}
	return ""
}

func isASCIIText(c byte) bool {
	return c >= ' ' && c < 0x7f || c == '\t' || c == '\n' || c == '\r'
}

// unknownCharset lets a label pass that means nothing here, such as "utf8mb4",
// if the text is UTF-8 and the label no known trap.
func unknownCharset(label string, head []byte) error {
	for _, name := range hiding {
		if strings.HasPrefix(label, name) {
			return ErrCharset
		}
	}
	if !utf8.Valid(trimRune(head)) || bytes.IndexByte(head, 0) >= 0 {
		return ErrCharset
	}
	return nil
}

// asciiCompatible reports whether in that charset, named as the index of the
// web does, a byte below 0x80 is always the ASCII character.
func asciiCompatible(name string) bool {
	switch name {
	case "utf-8", "euc-jp", "macintosh", "x-mac-cyrillic", "ibm866", "x-user-defined":
		return true
	}
	for _, prefix := range [...]string{"windows-", "iso-8859-", "koi8-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func charsetEncoding(name string) (encoding.Encoding, error) {
	if enc, ok := wide[name]; ok {
		return enc, nil
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return nil, ErrCharset
	}
	return enc, nil
}

// DecodeCharset appends src to dst as UTF-8. name is what Charset returned. It
// fails with ErrCharset if encoding the result would not give src again, and
// with ErrTooLarge if the result is larger than limit bytes.
func DecodeCharset(dst, src []byte, name string, limit int64) ([]byte, error) {
	enc, err := charsetEncoding(name)
	if err != nil {
		return dst, err
	}
	if int64(len(src)/4) > limit { // UTF-32 shrinks the most
		return dst, ErrTooLarge
	}
	text, err := enc.NewDecoder().Bytes(src)
	if err != nil {
		return dst, ErrCharset
	}
	defer clear(text)
	if int64(len(text)) > limit {
		return dst, ErrTooLarge
	}
	again, err := enc.NewEncoder().Bytes(text)
	if err != nil || !bytes.Equal(again, src) {
		return dst, ErrCharset
	}
	return append(dst, text...), nil
}

// EncodeCharset appends text, which is UTF-8, to dst in the charset name. What
// the charset does not have becomes a substitute.
func EncodeCharset(dst, text []byte, name string) ([]byte, error) {
	enc, err := charsetEncoding(name)
	if err != nil {
		return dst, err
	}
	out, err := encoding.ReplaceUnsupported(enc.NewEncoder()).Bytes(text)
	if err != nil {
		return dst, ErrCharset
	}
	return append(dst, out...), nil
}
