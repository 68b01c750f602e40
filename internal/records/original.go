package records

import (
	"errors"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Original is the body of an error response as it is kept. It is not changed once made.
type Original struct {
	ContentType string
	Size        int64 // in bytes, as it came
	Truncated   bool  // only its beginning is kept
	Coding      string
	Data        []byte
}

// The codings of Original.Data.
const (
	codingNone = ""
	codingZstd = "zstd"
)

// maxUnpacked bounds what an original may unpack to: more than Pack is ever asked to keep.
const maxUnpacked = 64 << 20

var packer = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<18))
})

var unpacker = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
})

// Pack makes an Original of at most limit bytes of body, compressed where that makes it
// smaller. It keeps nothing of body.
func Pack(body []byte, contentType string, limit int) Original {
	o := Original{ContentType: contentType, Size: int64(len(body))}
	if limit = min(limit, maxUnpacked); len(body) > limit {
		body, o.Truncated = body[:runeStart(body, limit)], true
	}
	if enc, err := packer(); err == nil && len(body) > 128 {
		if data := enc.EncodeAll(body, nil); len(data) < len(body) {
			o.Coding, o.Data = codingZstd, data
			return o
		}
	}
	o.Data = append([]byte(nil), body...)
	return o
}

// Unpack returns what was kept of the body.
func (o *Original) Unpack() ([]byte, error) {
	switch o.Coding {
	case codingNone:
		return o.Data, nil
	case codingZstd:
		dec, err := unpacker()
		if err != nil {
			return nil, err
		}
		out, err := dec.DecodeAll(o.Data, nil)
		if err != nil {
			return nil, &Error{Op: "unpack an original", Kind: Corrupt, Err: errors.New("it is damaged")}
		}
		return out, nil
	}
	return nil, &Error{Op: "unpack an original", Kind: Schema, Err: errors.New("it is in a coding that this redactd does not know")}
}
