package signing

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// ErrChunks says that a body is not framed as aws-chunked.
var ErrChunks = errors.New("the body is not framed as aws-chunked")

// Unchunk returns the payload of a body that is framed as aws-chunked, as a slice of
// its own: chunks of "hex-length;chunk-signature=...", CRLF, data, CRLF, of which the
// last is empty and may have trailers behind it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
func Unchunk(framed []byte) ([]byte, error) {
	payload := make([]byte, 0, len(framed))
	for {
		line, rest, ok := bytes.Cut(framed, []byte("\r\n"))
		if !ok {
			return nil, ErrChunks
		}
		size, _, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseUint(size, 16, 31)
		if err != nil {
			return nil, ErrChunks
		}
		if n == 0 {
			return payload, nil
		}
		if uint64(len(rest)) < n+2 || string(rest[n:n+2]) != "\r\n" {
			return nil, ErrChunks
		}
		payload, framed = append(payload, rest[:n]...), rest[n+2:]
	}
}

// WithoutChunks returns a Content-Encoding less aws-chunked, "" where nothing is left.
func WithoutChunks(coding string) string {
	var kept []string
	for c := range strings.SplitSeq(coding, ",") {
		if c = strings.TrimSpace(c); c != "" && !strings.EqualFold(c, "aws-chunked") {
			kept = append(kept, c)
		}
	}
	return strings.Join(kept, ", ")
}

// Unframe makes r, whose body is the payload of a chunked one, a request in one piece.
func (r *Request) Unframe() {
	if coding := WithoutChunks(r.Get("Content-Encoding")); coding != "" {
		r.Set("Content-Encoding", coding)
	} else {
		r.Del("Content-Encoding")
	}
	for _, name := range []string{"X-Amz-Decoded-Content-Length", "X-Amz-Trailer"} {
		r.Del(name)
	}
	r.Set("X-Amz-Content-Sha256", payloadHash(r.Body))
	if r.Has("Content-Length") {
		r.Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
}
