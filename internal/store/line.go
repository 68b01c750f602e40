package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/dialect"
)

// appendLine appends a record as one line of JSON with its line feed:
//
//	{"time":...,"route":...,"dialect":...,"request_id":...,<attributes>,"record":...}
//
// JSON stays as it was spelled, apart from line breaks between its tokens.
// Text becomes a string, and bytes that are no UTF-8 become base64, so that
// nothing is lost.
func appendLine(dst []byte, now time.Time, from Origin, name string, rec *dialect.Record) []byte {
	dst = append(dst, `{"time":"`...)
	dst = now.AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","route":`...)
	dst = appendString(dst, []byte(from.Route))
	dst = append(dst, `,"dialect":`...)
	dst = appendString(dst, []byte(name))
	if from.RequestID != "" {
		dst = append(dst, `,"request_id":`...)
		dst = appendString(dst, []byte(from.RequestID))
	}
	for _, a := range rec.Attrs {
		dst = append(dst, ',')
		dst = appendString(dst, []byte(a.Name))
		dst = append(dst, ':')
		dst = appendJSON(dst, a.Value)
	}
	switch {
	case rec.JSON:
		dst = append(dst, `,"record":`...)
		dst = appendJSON(dst, rec.Data)
	case utf8.Valid(rec.Data):
		dst = append(dst, `,"record":`...)
		dst = appendString(dst, rec.Data)
	default:
		dst = append(dst, `,"encoding":"base64","record":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, rec.Data)
		dst = append(dst, '"')
	}
	return append(dst, "}\n"...)
}

// appendJSON appends valid JSON on one line.
func appendJSON(dst, v []byte) []byte {
	if bytes.IndexByte(v, '\n') < 0 && bytes.IndexByte(v, '\r') < 0 {
		return append(dst, v...)
	}
	b := bytes.NewBuffer(dst)
	if json.Compact(b, v) != nil {
		return appendString(dst, v) // no dialect does this; the line stays JSON
	}
	return b.Bytes()
}

// appendString appends s as a JSON string. It escapes what JSON requires and
// nothing else, so that lines can be searched as they are.
func appendString(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range bytes.ToValidUTF8(s, []byte("\uFFFD")) {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}
