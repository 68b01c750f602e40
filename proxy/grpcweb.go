package proxy

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/neutral"
	"github.com/redactd/redactd/redact"
)

// Answers of gRPC tell of errors in fields: grpc-status, grpc-message (percent-encoded) and
// grpc-status-details-bin (google.rpc.Status in base64). Over gRPC-Web they stand in the
// header, or in a frame behind those of messages. Sources: gRPC, "gRPC over HTTP2" and "gRPC
// Web"; googleapis, google/rpc/status.proto and error_details.proto.

// isGRPC reports whether a media type is one of gRPC-Web.
func isGRPC(media string) bool {
	return media == "application/grpc" || strings.HasPrefix(media, "application/grpc+") ||
		media == "application/grpc-web" || strings.HasPrefix(media, "application/grpc-web+") || isGRPCText(media)
}

// isGRPCText reports whether the frames are in base64.
func isGRPCText(media string) bool { return strings.HasPrefix(media, "application/grpc-web-text") }

// trailerFlag marks the frame with the trailer.
const trailerFlag = 0x80

// maxTrailer bounds, in bytes, a trailer that is read. A longer one is withheld.
const maxTrailer = 64 << 10

// planGRPC has the frames of messages pass as they are, and what becomes of the trailer
// behind them.
func (x *exchange) planGRPC(src *upstreamBody, inspect bool) (answerPlan, bool) {
	if inspect {
		x.leave(coverage.Binary)
	} else {
		x.leave(coverage.OutOfScope)
	}
	src.wait = max(src.wait, eventStreamWait)
	media := string(x.in.Header.ContentType())
	if x.fault.policy.shadow || len(x.in.Header.ContentEncoding()) > 0 {
		return answerPlan{stream: src, size: max(x.in.Header.ContentLength(), -1)}, false
	}
	frames := &grpcFrames{src: src, text: isGRPCText(strings.ToLower(media)), edit: x.safeTrailer}
	if !x.ctx.Request.Header.IsHTTP11() {
		return x.wholeAnswer(frames, false)
	}
	return answerPlan{stream: frames, size: -1, changed: true}, false
}

// grpcFrames passes the frames of an answer on as they are read, but for the trailer, which
// it edits.
type grpcFrames struct {
	src  io.Reader
	text bool                        // frames are in base64, in pieces of four characters
	edit func(trailer []byte) []byte // of a trailer's lines

	raw   []byte // read, and not taken yet
	out   []byte // to be written
	head  []byte // of a frame
	left  uint32 // of a frame's message
	block []byte // of the trailer; nil before it begins
	err   error
}

// Read implements io.Reader.
func (g *grpcFrames) Read(p []byte) (int, error) {
	for len(g.out) == 0 {
		if g.err != nil {
			return 0, g.err
		}
		var buf [4 << 10]byte
		n, err := g.src.Read(buf[:])
		g.raw = append(g.raw, buf[:n]...)
		g.err = err
		g.take()
	}
	n := copy(p, g.out)
	g.out = g.out[n:]
	return n, nil
}

// take takes what was read, and in base64 as much of it as makes whole pieces.
func (g *grpcFrames) take() {
	g.out = g.out[:0]
	if !g.text {
		if rest := g.frames(g.raw); len(rest) < len(g.raw) {
			g.out = append(g.out, g.raw[:len(g.raw)-len(rest)]...)
		}
		g.raw = g.raw[:0]
		g.flush(func(b []byte) []byte { return b })
		return
	}
	at := 0
	for ; len(g.raw)-at >= 4; at += 4 {
		var bin [3]byte
		piece := g.raw[at : at+4]
		n, err := base64.StdEncoding.Decode(bin[:], piece)
		if err != nil {
			g.err = io.ErrUnexpectedEOF
			return
		}
		rest := g.frames(bin[:n])
		switch {
		case len(rest) == 0:
			g.out = append(g.out, piece...)
		case len(rest) < n: // the trailer begins in the middle of a piece
			g.out = base64.StdEncoding.AppendEncode(g.out, bin[:n-len(rest)])
		}
	}
	g.raw = append(g.raw[:0], g.raw[at:]...)
	g.flush(func(b []byte) []byte { return base64.StdEncoding.AppendEncode(nil, b) })
}

// frames follows the frames and returns what of b belongs to the trailer.
func (g *grpcFrames) frames(b []byte) (trailer []byte) {
	for i := 0; i < len(b); {
		switch {
		case g.block != nil:
			g.block = append(g.block, b[i:]...)
			return b[i:]
		case g.left > 0:
			n := min(uint64(g.left), uint64(len(b)-i))
			g.left -= uint32(n)
			i += int(n)
		case len(g.head) == 0 && b[i]&trailerFlag != 0:
			g.block = append(make([]byte, 0, 256), b[i:]...)
			return b[i:]
		default:
			g.head = append(g.head, b[i])
			i++
			if len(g.head) == 5 {
				g.left, g.head = binary.BigEndian.Uint32(g.head[1:]), g.head[:0]
			}
		}
	}
	return nil
}

// flush writes the trailer once it is complete. It is not written where it is too long, or
// compressed.
func (g *grpcFrames) flush(encode func([]byte) []byte) {
	switch {
	case len(g.block) > maxTrailer:
		g.err = io.ErrUnexpectedEOF
	case len(g.block) < 5 || g.err == nil && len(g.block) < 5+int(binary.BigEndian.Uint32(g.block[1:5])):
		if g.err == io.EOF && len(g.block) > 0 {
			g.err = io.ErrUnexpectedEOF
		}
	case len(g.block) < 5+int(binary.BigEndian.Uint32(g.block[1:5])), g.block[0] != trailerFlag:
		g.err = io.ErrUnexpectedEOF
	default:
		size := int(binary.BigEndian.Uint32(g.block[1:5]))
		lines := g.edit(g.block[5 : 5+size])
		frame := binary.BigEndian.AppendUint32([]byte{trailerFlag}, uint32(len(lines)))
		g.out = append(g.out, encode(append(frame, lines...))...)
		g.block, g.err = nil, io.EOF // nothing follows it
	}
}

// safeTrailer returns the lines of a trailer without what they disclose.
func (x *exchange) safeTrailer(trailer []byte) []byte {
	x.fault.outcome, x.fault.original = outcomePassed, nil // those of the header were told
	var out []byte
	for line := range bytes.Lines(trailer) {
		name, value, ok := bytes.Cut(line, []byte{':'})
		value = bytes.TrimSpace(value)
		edited := x.grpcField(bytes.TrimSpace(name), value)
		switch {
		case !ok || bytes.Equal(edited, value):
			out = append(out, line...)
		case edited != nil:
			out = append(append(append(append(out, name...), ": "...), edited...), "\r\n"...)
		}
	}
	if x.fault.outcome != outcomePassed {
		out = append(out, strings.ToLower(x.fault.policy.cfg.IDHeader)+": "+x.reference()+"\r\n"...)
		x.tellFault()
	}
	return out
}

// grpcEdits puts the edits of the fields of gRPC in the header before those of what was
// found in them.
func (x *exchange) grpcEdits(edits []header) []header {
	f := &x.fault
	if !f.enforces() || f.shape != embeddedGRPC && x.in.StatusCode() < 400 {
		return edits
	}
	var own []header
	for _, field := range x.inFields {
		if len(field.value) == 0 {
			continue
		}
		if out := x.grpcField(field.name, field.value); !bytes.Equal(out, field.value) {
			own = append(own, header{name: field.value, value: out})
		}
	}
	return append(own, edits...)
}

// grpcField returns the value of a field of gRPC without secrets and what it discloses, nil
// where the field goes.
func (x *exchange) grpcField(name, value []byte) []byte {
	switch {
	case is(name, "grpc-message"):
		text := unpercent(value)
		if out := x.safeMessage(text); !bytes.Equal(out, text) {
			return percent(out)
		}
	case is(name, "grpc-status-details-bin"):
		bin, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(value), "="))
		if err != nil {
			return nil // nobody can read it
		}
		out, ok := x.safeStatus(bin)
		if !ok {
			return nil
		}
		if !bytes.Equal(out, bin) {
			return base64.RawStdEncoding.AppendEncode(nil, out)
		}
	}
	return value
}

// safeMessage returns a message for developers without secrets and what it discloses.
func (x *exchange) safeMessage(text []byte) []byte {
	f := &x.fault
	out, hits, err := x.responseScrubber().Value("grpc-message", nil, text)
	if err != nil {
		return []byte(safeSentence)
	}
	if enforced(hits) {
		f.outcome = outcomeScrubbed
	}
	if len(hits) > 0 {
		if x.record(dirResponse, hits) != nil {
			return []byte(safeSentence)
		}
	}
	if x.p.errorLog != nil {
		f.original = append(append(f.original, out...), '\n')
	}
	if !f.changes() {
		return out
	}
	read, err := f.policy.neutralise(func(s *neutral.Set, sc *redact.Scratch) (neutral.Result, error) {
		return s.Neutralise(sc, neutral.Body{Status: severe, Kind: neutral.Text, Text: out})
	})
	if f.read.Framework == "" {
		f.read = read
	}
	switch {
	case err != nil, read.Whole, f.mode == config.ErrorReplace:
		f.outcome = outcomeReplaced
		return []byte(safeSentence)
	case read.Text != nil:
		f.outcome = outcomeNeutralised
		return read.Text
	}
	return out
}

// safeSentence stands in the place of a message of which nothing of use is left.
const safeSentence = "An internal error happened."

// The fields of google.rpc.Status and google.protobuf.Any.
const (
	statusMessage = 2
	statusDetails = 3
	anyType       = 1
)

// debugInfo is the type of details that are for developers only: stack entries and what
// else the server knows.
const debugInfo = "/google.rpc.DebugInfo"

// safeStatus returns a google.rpc.Status without secrets and what it discloses. ok is false
// where it can't be read.
func (x *exchange) safeStatus(src []byte) (out []byte, ok bool) {
	for len(src) > 0 {
		num, typ, n := protowire.ConsumeTag(src)
		if n < 0 {
			return nil, false
		}
		m := protowire.ConsumeFieldValue(num, typ, src[n:])
		if m < 0 {
			return nil, false
		}
		field := src[:n+m]
		value, _ := protowire.ConsumeBytes(src[n:])
		src = src[n+m:]
		switch {
		case typ != protowire.BytesType:
		case num == statusMessage:
			field = protowire.AppendBytes(protowire.AppendTag(nil, num, typ), x.safeMessage(value))
		case num == statusDetails && strings.HasSuffix(typeOfAny(value), debugInfo):
			x.fault.outcome = outcomeNeutralised
			continue
		}
		out = append(out, field...)
	}
	return out, true
}

// typeOfAny returns the type of a google.protobuf.Any.
func typeOfAny(src []byte) string {
	for len(src) > 0 {
		num, typ, n := protowire.ConsumeTag(src)
		if n < 0 {
			return ""
		}
		m := protowire.ConsumeFieldValue(num, typ, src[n:])
		if m < 0 {
			return ""
		}
		if value, k := protowire.ConsumeBytes(src[n:]); num == anyType && typ == protowire.BytesType && k >= 0 {
			return string(value)
		}
		src = src[n+m:]
	}
	return ""
}

// unpercent undoes the encoding of grpc-message. What is not encoded well stands for itself.
func unpercent(value []byte) []byte {
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] == '%' && i+2 < len(value) {
			hi, lo := strings.IndexByte(hexDigits, value[i+1]|0x20), strings.IndexByte(hexDigits, value[i+2]|0x20)
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, value[i])
	}
	return out
}

const hexDigits = "0123456789abcdef"

// percent is the encoding of grpc-message.
func percent(text []byte) []byte {
	const upper = "0123456789ABCDEF"
	out := make([]byte, 0, len(text))
	for _, c := range text {
		if c >= ' ' && c <= '~' && c != '%' {
			out = append(out, c)
		} else {
			out = append(out, '%', upper[c>>4], upper[c&15])
		}
	}
	return out
}
