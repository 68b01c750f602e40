package codec

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Endpointer is a Codec that knows its payloads by where they are sent to. It
// is asked before any media type is looked at; codecs are asked in the order of
// their names, and no two may claim the same payload.
type Endpointer interface {
	Codec
	// Endpoint reports whether a payload for path (without query), of the media
	// type given (lower case, without parameters, may be empty), is of this
	// format. head is the beginning of the decoded payload, empty if it is not
	// known yet; the answer to a request comes with the path of the request, so
	// that a codec for requests alone has to look at it.
	Endpoint(path, mediaType string, head []byte) bool
}

// ForEndpoint returns the codec that claims payloads for that path, nil if none
// does. The arguments are those of Endpointer.Endpoint.
func ForEndpoint(path, mediaType string, head []byte) Codec {
	if path == "" {
		return nil
	}
	for _, e := range endpointers {
		if e.Endpoint(path, mediaType, head) {
			return e
		}
	}
	return nil
}

// ForMediaType returns the codec for a media type (lower case, without
// parameters), by its full name or else by its suffix, nil if there is none.
func ForMediaType(mediaType string) Codec {
	if c := mediaTypes[mediaType]; c != nil {
		return c
	}
	if i := strings.LastIndexByte(mediaType, '+'); i >= 0 {
		return mediaTypes[mediaType[i:]]
	}
	return nil
}

// Detect chooses the codec of a payload: by the path it is sent to, else by its
// media type, else, where that is missing or says little, by its looks. head is
// the beginning of the decoded payload, as UTF-8, best 512 bytes or more. nil
// means binary: nothing in it is text.
func Detect(path, contentType string, head []byte) Codec {
	mediaType := MediaType(contentType)
	if c := ForEndpoint(path, mediaType, head); c != nil {
		return c
	}
	c := ForMediaType(mediaType)
	switch {
	case c == nil:
		return detectOther(mediaType, head)
	case c.Name() == "text":
		return detectText(c, head)
	case c.Name() == "form" && startsJSON(head):
		return Lookup("json") // what curl -d says of whatever it sends
	case c.Name() == "sse" && len(head) > 0 && !startsEvents(head):
		return detectText(Lookup("text"), head) // what failed before the first event
	}
	return c
}

// MediaType returns the media type of a Content-Type, lower case and without
// parameters.
func MediaType(contentType string) string {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// detectOther chooses for a media type that no codec has claimed.
func detectOther(mediaType string, head []byte) Codec {
	text := Lookup("text")
	switch {
	case strings.HasPrefix(mediaType, "text/"):
		return detectText(text, head)
	case isFramed(mediaType):
		return nil
	case isBinary(mediaType):
		if len(head) > 0 && utf8.Valid(trimRune(head)) && controls(head) == 0 {
			return detectText(text, head)
		}
		return nil
	case looksText(head):
		return detectText(text, head)
	}
	return nil
}

// detectText looks for documents in what is only known to be text, and returns
// text if it finds none.
func detectText(text Codec, head []byte) Codec {
	if startsJSON(head) {
		// A line that is whole by itself makes it lines; an open one, a document.
		line, _, whole := bytes.Cut(bytes.TrimLeft(head, " \t\r\n"), []byte("\n"))
		if whole && validJSON(line) {
			return Lookup("ndjson")
		}
		return Lookup("json")
	}
	if startsHTML(head) {
		return Lookup("html")
	}
	return text
}

// startsJSON reports whether head is the beginning of JSON objects or arrays,
// or at least its first line is one.
func startsJSON(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if !looksJSON(head) {
		return false
	}
	var w jsonWalker
	if _, _, err := w.walk(nil, head, false, nil); err == nil {
		return true
	}
	line, _, whole := bytes.Cut(bytes.TrimLeft(head, " \t\r\n"), []byte("\n"))
	return whole && validJSON(line)
}

// startsEvents reports whether the first line of head that is not empty could be
// one of server-sent events: a comment, or a word with a colon or alone.
func startsEvents(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), "\r\n")
	for _, c := range head {
		switch {
		case c == ':' || c == '\r' || c == '\n':
			return true
		case (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '_':
			return false
		}
	}
	return true
}

func validJSON(text []byte) bool {
	var w jsonWalker
	_, _, err := w.walk(nil, text, true, nil)
	return err == nil
}

func startsHTML(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, begin := range [...]string{"<!doctype html", "<html", "<head", "<body"} {
		if len(head) >= len(begin) && fold(head[:len(begin)], begin) {
			return true
		}
	}
	return false
}

// isFramed reports media types whose formats count their bytes: to edit one as
// text would break it, even where it happens to look like text.
func isFramed(mediaType string) bool {
	for _, part := range [...]string{"protobuf", "msgpack", "messagepack", "cbor", "avro", "thrift", "bson", "smile"} {
		if strings.Contains(mediaType, part) {
			return true
		}
	}
	return strings.HasPrefix(mediaType, "application/grpc") ||
		mediaType == "application/vnd.fdo.journal" || mediaType == "application/wasm"
}

// isBinary reports media types that are binary unless the bytes show otherwise.
func isBinary(mediaType string) bool {
	for _, prefix := range [...]string{"image/", "video/", "audio/", "font/", "model/", "application/font", "application/vnd.openxmlformats", "application/vnd.ms-"} {
		if strings.HasPrefix(mediaType, prefix) {
			return true
		}
	}
	switch mediaType {
	case "application/zip", "application/gzip", "application/x-gzip", "application/pdf",
		"application/zstd", "application/x-tar", "application/x-bzip2", "application/x-xz",
		"application/x-7z-compressed", "application/java-archive", "application/vnd.rar",
		"application/msword", "application/x-snappy-framed", "application/vnd.sqlite3":
		return true
	}
	return false
}

// looksText reports whether head could be text in UTF-8 or in a single-byte
// charset: no NUL, hardly any other control characters, and nothing that
// compressed data begins with.
func looksText(head []byte) bool {
	for _, magic := range [...]string{"\x1f\x8b", "PK\x03\x04", "\x28\xb5\x2f\xfd", "%PDF-", "\x89PNG", "\xff\xd8\xff", "\xff\x06\x00\x00sNaPpY"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return false
		}
	}
	return bytes.IndexByte(head, 0) < 0 && controls(head)*32 <= len(head)
}

// controls counts the control characters of head that text has no use for.
func controls(head []byte) int {
	n := 0
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b || c == 0x7f {
			n++
		}
	}
	return n
}

// trimRune takes an incomplete character off the end of head.
func trimRune(head []byte) []byte {
	for i := len(head) - 1; i >= 0 && i >= len(head)-utf8.UTFMax; i-- {
		if utf8.RuneStart(head[i]) {
			if !utf8.FullRune(head[i:]) {
				return head[:i]
			}
			break
		}
	}
	return head
}
