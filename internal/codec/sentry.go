package codec

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
)

func init() { Register(sentryCodec{}) }

// sentryCodec is an envelope of Sentry: a line of headers, and items, each a line of
// headers and a payload, whose length in bytes the header may give (Sentry developer
// documentation, "Envelopes"). Items that are JSON are walked with what is known of
// events (see sentryMembers), replays are decoded, text is walked as what it is;
// what is no text goes on as it is and is counted. The length of an item that changed
// is written anew, and _meta of an event says what was changed (see sentryMeta).
type sentryCodec struct{}

func (sentryCodec) Name() string         { return "sentry" }
func (sentryCodec) MediaTypes() []string { return []string{"application/x-sentry-envelope"} }
func (sentryCodec) NewWalker() Walker    { return &sentryWalker{} }
func (sentryCodec) Streams() bool        { return true }
func (sentryCodec) mixed()               {}

// Opaque reports recordings, which are compressed, and zeros too, so that items that are
// no text are counted.
func (sentryCodec) Opaque(src []byte) bool {
	return hidesASCII(src) || bytes.Contains(src, []byte(sentryRecording)) || bytes.IndexByte(src, 0) >= 0
}

// Endpoint takes what is sent to /api/PROJECT/envelope/ and begins like an envelope:
// browsers send it as text, forms, or without a type.
func (sentryCodec) Endpoint(path, mediaType string, head []byte) bool {
	if !sentryEndpoint(path, "envelope") || mediaType == "application/x-sentry-envelope" {
		return false // known by its type
	}
	if len(head) == 0 {
		return mediaType != "application/json" // the answer has that
	}
	_, rest, ok := bytes.Cut(head, []byte("\n"))
	item, _, _ := bytes.Cut(bytes.TrimLeft(rest, "\n"), []byte("\n"))
	return ok && looksJSON(head) && looksJSON(item) && bytes.Contains(item, []byte(`"type"`))
}

// sentryEndpoint reports whether path is /api/PROJECT/name/, with any prefix.
func sentryEndpoint(path, name string) bool {
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	n := len(parts)
	return n >= 3 && parts[n-1] == name && parts[n-3] == "api" && len(parts[n-2]) > 0 && digits([]byte(parts[n-2]), 0) == len(parts[n-2])
}

const sentryRecording = "replay_recording"

// sentryDocuments are the types of items that are JSON. Those of other types are walked
// as what they look like.
var sentryDocuments = map[string]bool{
	"event": true, "transaction": true, "feedback": true, "user_report": true, "user_report_v2": true,
	"log": true, "otel_log": true, "span": true, "otel_span": true, "trace_metric": true, "check_in": true,
	"session": true, "sessions": true, "profile": true, "profile_chunk": true, "replay_event": true,
	"client_report": true, "raw_security": true, "security": true, "nel": true, "form_data": true,
	"metric_buckets": true, "metric_meta": true,
}

// sentryEvents are the types of items that have a _meta.
var sentryEvents = map[string]bool{"event": true, "transaction": true, "feedback": true}

type sentryState uint8

const (
	sentryHeader sentryState = iota // at the headers of the envelope
	sentryItem                      // at those of an item
	sentryBinary                    // in a payload that is left alone
	sentryEnd                       // behind a payload
)

type sentryWalker struct {
	line    lineWalker
	inner   inner
	members sentryMembers
	header  sentryHeaders
	meta    sentryMeta
	state   sentryState
	left    int // of the payload in sentryBinary
}

func (w *sentryWalker) Reset() {
	w.line.doc.Reset()
	w.inner.reset()
	w.members.reset()
	w.meta.reset()
	w.header = sentryHeaders{}
	w.state, w.left = sentryHeader, 0
}

func (w *sentryWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.line.doc.begin()
	w.inner.begin()
	w.meta.begin()
	for n < len(src) {
		size, msg := 0, ""
		switch w.state {
		case sentryHeader:
			dst, size, msg, err = w.envelope(dst, src[n:], n, final, v)
		case sentryItem:
			dst, size, msg, err = w.item(dst, src[n:], n, final, v)
		case sentryBinary:
			if size = min(w.left, len(src)-n); size == w.left {
				w.state = sentryEnd
			}
			w.left -= size
			skip(v, size)
		case sentryEnd:
			if size = 1; src[n] != '\n' {
				msg = "line feed expected behind an item"
			}
			w.state = sentryItem
		}
		if err != nil {
			return dst, n, err
		}
		if msg != "" {
			return dst, n, &SyntaxError{Codec: "sentry", Offset: int64(n), Msg: msg}
		}
		if size == 0 {
			break
		}
		n += size
	}
	if final && w.state == sentryBinary && w.left > 0 {
		return dst, n, &SyntaxError{Codec: "sentry", Offset: int64(n), Msg: unexpectedEnd}
	}
	return dst, n, nil
}

// headers walks the line of headers that src, at offset base of the payload, begins
// with. The next line begins at after; it is 0 if the line is not whole.
func (w *sentryWalker) headers(dst []Splice, src []byte, base int, final bool, v Visitor) (out []Splice, after int, msg string, err error) {
	var l lines
	end, after, ok := l.next(src, 0, final)
	if !ok {
		return dst, 0, "", nil
	}
	w.header = sentryHeaders{v: v}
	mark := len(dst)
	doc := &w.line.doc
	doc.sifts, doc.pairs = false, false
	if i := skipSpace(src[:end], 0); i == end || src[i] != '{' {
		return dst, 0, "headers expected", nil
	}
	dst, ok, err = doc.document(dst, src[:end], nil, nil, &w.header)
	w.header.v = nil
	switch {
	case err != nil:
		return dst, 0, "", err
	case !ok || w.header.bad:
		return dst[:mark], 0, "headers are no object", nil
	}
	shift(dst[mark:], base)
	return dst, after, "", nil
}

func (w *sentryWalker) envelope(dst []Splice, src []byte, base int, final bool, v Visitor) (out []Splice, size int, msg string, err error) {
	mark := len(dst)
	if dst, size, msg, err = w.headers(dst, src, base, final, v); size > 0 {
		w.state = sentryItem
		dst = w.setLength(dst, mark, 0)
	}
	return dst, size, msg, err
}

// item walks an item, or the headers of one whose payload is left alone.
func (w *sentryWalker) item(dst []Splice, src []byte, base int, final bool, v Visitor) (out []Splice, size int, msg string, err error) {
	if src[0] == '\n' {
		return dst, 1, "", nil
	}
	var l lines
	_, from, ok := l.next(src, 0, final)
	if !ok {
		return dst, 0, "", nil
	}
	// Nothing may be visited before the item is there, and its headers say how long
	// it is: they are walked twice.
	var peek sentryHeaders
	w.line.doc.sifts, w.line.doc.pairs = false, false
	if _, ok, err = w.line.doc.document(nil, src[:from], nil, nil, &peek); !ok || err != nil || peek.bad {
		return dst, 0, "headers of an item expected", err
	}
	end, whole := w.payloadEnd(&peek, src, from, final)
	if end < 0 {
		return dst, 0, "length of an item", nil
	}
	c, known := w.format(&peek, src[from:min(end, len(src))], whole)
	switch {
	case !known && final, !whole && final && c != nil:
		return dst, 0, unexpectedEnd, nil
	case !known, !whole && c != nil:
		return dst, 0, "", nil
	}
	mark := len(dst)
	if dst, _, msg, err = w.headers(dst, src, base, final, v); msg != "" || err != nil {
		return dst, 0, msg, err
	}
	if c == nil {
		dst = w.setLength(dst, mark, 0)
		w.state, w.left = sentryBinary, end-from
		if w.left == 0 {
			w.state = sentryEnd
		}
		return dst, from, "", nil
	}
	payload := len(dst)
	if dst, err = w.payload(dst, src[from:end], base+from, &peek, c, v); err != nil {
		return dst[:mark], 0, "", err
	}
	grown := 0
	for _, s := range dst[payload:] {
		grown += len(s.Text) - (s.End - s.Start)
	}
	w.state = sentryEnd
	return w.setLength(dst, mark, grown), end, "", nil
}

// payloadEnd returns where the payload that begins at from ends, and whether it is
// there as a whole. A payload without a length ends with its line. end < 0 means that
// the length is none.
func (w *sentryWalker) payloadEnd(h *sentryHeaders, src []byte, from int, final bool) (end int, whole bool) {
	if !h.hasLength {
		end = from + indexByte(src[from:], '\n')
		return end, end < len(src) || final
	}
	n, err := strconv.Atoi(h.length)
	if err != nil || n < 0 || n > math.MaxInt-from {
		return -1, false
	}
	return from + n, from+n <= len(src)
}

// format returns what a payload is walked as, nil if it is no text; have is as much of
// it as is there. known is false where that is too little to tell.
func (w *sentryWalker) format(h *sentryHeaders, have []byte, whole bool) (c Codec, known bool) {
	if sentryDocuments[h.kind] || h.kind == sentryRecording || h.kind == sentryVideo {
		return Lookup("json"), true
	}
	if !whole && (len(have) < sniffLen || !h.hasLength) {
		return nil, false
	}
	if len(have) == 0 {
		return Lookup("text"), true
	}
	head := have[:min(len(have), sniffLen)]
	if h.hasLength && wideText(h.contentType, head) != "" {
		return Lookup("text"), true
	}
	return Detect("", h.contentType, head), true
}

// setLength makes the splice of the length, which is one of those from mark on, say how
// much longer the payload has become; without a change it goes.
func (w *sentryWalker) setLength(dst []Splice, mark, grown int) []Splice {
	for i := mark; i < len(dst); i++ {
		if dst[i].Note != lengthNote {
			continue
		}
		if grown == 0 {
			return append(dst[:i], dst[i+1:]...)
		}
		n, _ := strconv.Atoi(string(dst[i].Text))
		dst[i].Text, dst[i].Note = strconv.AppendInt(nil, int64(n+grown), 10), ""
		return dst
	}
	return dst
}

// payload walks the payload raw, at offset base, of an item with the headers h.
func (w *sentryWalker) payload(dst []Splice, raw []byte, base int, h *sentryHeaders, c Codec, v Visitor) ([]Splice, error) {
	switch {
	case len(raw) == 0:
		return dst, nil
	case h.kind == sentryRecording:
		return w.recording(dst, raw, base, v)
	case h.kind == sentryVideo:
		return w.video(dst, raw, base, v)
	case sentryDocuments[h.kind]:
		return w.document(dst, raw, base, sentryEvents[h.kind], v)
	case !h.hasLength: // it can't become more than one line
		mark := len(dst)
		dst, err := w.line.walk(dst, raw, 0, len(raw), v)
		shift(dst[mark:], base)
		return dst, err
	case wideText(h.contentType, raw[:min(len(raw), sniffLen)]) != "":
		return w.inner.wide(dst, raw, base, wideText(h.contentType, raw[:min(len(raw), sniffLen)]), v)
	case c.Name() == "text":
		return w.inner.text(dst, raw, base, v)
	}
	return w.inner.walk(dst, raw, base, c, v)
}

// document walks raw as an event or its like, or where it is no JSON as text.
func (w *sentryWalker) document(dst []Splice, raw []byte, base int, event bool, v Visitor) ([]Splice, error) {
	mark := len(dst)
	doc := &w.line.doc
	doc.sifts, doc.pairs = false, true
	w.members.v = v
	dst, ok, err := doc.document(dst, raw, nil, nil, &w.members)
	w.members.v = nil
	if err != nil {
		return dst, err
	}
	if !ok || !looksJSON(raw) {
		return w.line.broken(dst[:mark], raw, base, v)
	}
	if event && len(dst) > mark {
		dst = w.meta.annotate(dst, mark, raw)
	}
	shift(dst[mark:], base)
	return dst, nil
}

// recording walks the recording of a replay: a line of headers, and a document that
// may be compressed with zlib.
func (w *sentryWalker) recording(dst []Splice, raw []byte, base int, v Visitor) ([]Splice, error) {
	from := min(indexByte(raw, '\n')+1, len(raw))
	json := Lookup("json")
	dst, err := w.inner.walk(dst, raw[:from], base, json, v)
	data := raw[from:]
	if err != nil || len(data) == 0 {
		return dst, err
	}
	if !isZlib(data) {
		return w.inner.walk(dst, data, base+from, json, v)
	}
	decoded, err := inflate(v, nil, data, "deflate")
	defer func() { clear(decoded) }()
	var broken *CodingError
	switch {
	case errors.As(err, &broken):
		return dst, &SyntaxError{Codec: "sentry", Offset: int64(base + from), Msg: "recording does not decode"}
	case err != nil:
		return dst, err
	}
	mark := len(dst)
	if dst, err = w.inner.walk(dst, decoded, 0, json, v); err != nil || len(dst) == mark {
		return dst, err
	}
	coded, err := recode(decoded, dst[mark:], "deflate")
	if err != nil {
		return dst[:mark], err
	}
	return append(dst[:mark], Splice{base + from, base + len(raw), coded, noteOf(dst[mark:])}), nil
}
