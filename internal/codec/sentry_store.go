package codec

import (
	"bytes"
	"encoding/base64"
	"errors"
)

func init() { Register(sentryStoreCodec{}) }

// sentryStoreCodec is the body of Sentry's store endpoint, as SDKs sent it before there
// were envelopes: one event as JSON, or that compressed with zlib and in base64.
type sentryStoreCodec struct{}

func (sentryStoreCodec) Name() string         { return "sentry-store" }
func (sentryStoreCodec) MediaTypes() []string { return nil }
func (sentryStoreCodec) NewWalker() Walker    { return &sentryStoreWalker{} }
func (sentryStoreCodec) Streams() bool        { return false }

// Opaque reports what is no JSON, since that is compressed.
func (sentryStoreCodec) Opaque(src []byte) bool { return !looksJSON(src) || hidesASCII(src) }

// Endpoint takes what is sent to /api/PROJECT/store/ and begins like one of the two.
func (sentryStoreCodec) Endpoint(path, _ string, head []byte) bool {
	if !sentryEndpoint(path, "store") {
		return false
	}
	return len(head) == 0 || looksJSON(head) || isBase64(head)
}

// isBase64 reports whether head is nothing but characters of base64 and white space.
func isBase64(head []byte) bool {
	for _, c := range bytes.TrimRight(head, "\r\n") {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return true
}

type sentryStoreWalker struct{ sentryWalker }

func (w *sentryStoreWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	if !final {
		return dst, 0, nil
	}
	w.line.doc.begin()
	w.inner.begin()
	w.meta.begin()
	mark := len(dst)
	if len(src) > 0 && !looksJSON(src) && isBase64(src) {
		dst, err = w.coded(dst, src, v)
	} else {
		dst, err = w.event(dst, src, v)
	}
	if err != nil {
		return dst[:mark], 0, err
	}
	return dst, len(src), nil
}

func (w *sentryStoreWalker) event(dst []Splice, src []byte, v Visitor) ([]Splice, error) {
	if len(src) > 0 && !validJSON(src) {
		return dst, &SyntaxError{Codec: "sentry-store", Msg: "no event"}
	}
	return w.document(dst, src, 0, true, v)
}

// coded walks src as base64 of a compressed event.
func (w *sentryStoreWalker) coded(dst []Splice, src []byte, v Visitor) ([]Splice, error) {
	text := bytes.TrimRight(src, "\r\n")
	bad := &SyntaxError{Codec: "sentry-store", Msg: "no event in base64"}
	data, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil || !isZlib(data) {
		return dst, bad
	}
	decoded, err := inflate(v, nil, data, "deflate")
	defer func() { clear(decoded) }()
	var broken *CodingError
	switch {
	case errors.As(err, &broken):
		return dst, bad
	case err != nil:
		return dst, err
	}
	mark := len(dst)
	if dst, err = w.event(dst, decoded, v); err != nil || len(dst) == mark {
		return dst, err
	}
	coded, err := recode(decoded, dst[mark:], "deflate")
	if err != nil {
		return dst, err
	}
	note := noteOf(dst[mark:])
	return append(dst[:mark], Splice{0, len(text), base64.StdEncoding.AppendEncode(nil, coded), note}), nil
}
