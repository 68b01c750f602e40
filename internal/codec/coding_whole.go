package codec

import (
	"errors"
	"strings"
	"sync"

	"github.com/redactd/redactd/internal/deflate"
)

// wholeCoding is a coding that decodes a payload in memory faster than piece by
// piece.
type wholeCoding interface {
	// decodeWhole appends to dst what src decodes to, up to limit bytes. Its
	// errors are those of package deflate or errBehind.
	decodeWhole(dst, src []byte, limit int) ([]byte, error)
	// amend appends to dst what decodes to amended, which is text, that src
	// decodes to, with the edits done. It keeps what it can of src; ok is false
	// where that is of no use, and dst as it was.
	amend(dst, src, text, amended []byte, edits []deflate.Edit) (out []byte, ok bool)
}

var errBehind = errors.New("data behind the end")

// theOnly returns the name of the only coding of a Content-Encoding.
func theOnly(encodings string) string { return strings.ToLower(strings.TrimSpace(encodings)) }

// wholeError returns what an error of decodeWhole amounts to.
func wholeError(coding string, err error) error {
	switch err {
	case nil:
		return nil
	case deflate.ErrTooLarge:
		return ErrTooLarge
	case deflate.ErrTruncated:
		return &CodingError{Coding: coding, Reason: "truncated"}
	case errBehind:
		return &CodingError{Coding: coding, Reason: errBehind.Error()}
	}
	return &CodingError{Coding: coding, Reason: "corrupt"}
}

// Amend is Encode for a payload that came in the codings: src decodes to text, and
// amended is that with the splices done. It takes over what it can of src, the
// sender's compression with it.
func Amend(dst, src []byte, encodings string, text, amended []byte, splices []Splice) ([]byte, error) {
	encodings = Resolve(encodings, src)
	if w, ok := codings[theOnly(encodings)].(wholeCoding); ok && len(splices) > 0 {
		list := editLists.Get().(*[]deflate.Edit)
		edits := (*list)[:0]
		for _, s := range splices {
			edits = append(edits, deflate.Edit{Start: s.Start, End: s.End, Text: s.Text})
		}
		out, ok := w.amend(dst, src, text, amended, edits)
		clear(edits)
		*list = edits[:0]
		editLists.Put(list)
		if ok {
			return out, nil
		}
	}
	return Encode(dst, amended, encodings)
}

var editLists = sync.Pool{New: func() any { return new([]deflate.Edit) }}
