package proxy

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
)

// The frames of RFC 6455, section 5, without extensions.

// Opcodes.
const (
	wsContinuation = 0
	wsText         = 1
	wsBinary       = 2
	wsClose        = 8
	wsPing         = 9
	wsPong         = 10
)

// Status codes of a close frame, section 7.4.1.
const (
	wsProtocolError = 1002
	wsInternalError = 1011
	wsTooBig        = 1009
)

// maxFrameHeader is the length in bytes of a frame's header at most.
const maxFrameHeader = 14

// maxControl is the length in bytes of a control frame's payload at most.
const maxControl = 125

var errFrame = errors.New("not a frame of RFC 6455")

// wsFrame is the header of a frame.
type wsFrame struct {
	fin    bool
	opcode byte
	masked bool
	mask   [4]byte
	length int64 // of the payload in bytes
}

func (f *wsFrame) control() bool { return f.opcode >= wsClose }

// readFrame reads a frame's header. What no header without extensions may be, or only one
// of the other side, is errFrame.
func readFrame(r *bufio.Reader, fromClient bool) (f wsFrame, err error) {
	var b [8]byte
	if _, err = io.ReadFull(r, b[:2]); err != nil {
		return f, err
	}
	f.fin, f.opcode, f.masked = b[0]&0x80 != 0, b[0]&0x0f, b[1]&0x80 != 0
	reserved := b[0]&0x70 != 0
	switch n := b[1] & 0x7f; n {
	case 126:
		if _, err = io.ReadFull(r, b[:2]); err != nil {
			return f, short(err)
		}
		f.length = int64(binary.BigEndian.Uint16(b[:2]))
		reserved = reserved || f.length < 126
	case 127:
		if _, err = io.ReadFull(r, b[:8]); err != nil {
			return f, short(err)
		}
		f.length = int64(binary.BigEndian.Uint64(b[:8])) // negative: the highest bit must be 0
		reserved = reserved || f.length < 1<<16
	default:
		f.length = int64(n)
	}
	known := f.opcode <= wsBinary || f.opcode >= wsClose && f.opcode <= wsPong
	if reserved || !known || f.masked != fromClient || f.control() && (!f.fin || f.length > maxControl) ||
		f.opcode == wsClose && f.length == 1 {
		return f, errFrame
	}
	if f.masked {
		if _, err = io.ReadFull(r, f.mask[:]); err != nil {
			return f, short(err)
		}
	}
	return f, nil
}

// short makes the end of a connection within a frame an error.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// appendFrame appends the header of a frame in its shortest form.
func appendFrame(dst []byte, f *wsFrame) []byte {
	b := f.opcode
	if f.fin {
		b |= 0x80
	}
	mask := byte(0)
	if f.masked {
		mask = 0x80
	}
	switch {
	case f.length < 126:
		dst = append(dst, b, mask|byte(f.length))
	case f.length < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, b, mask|126), uint16(f.length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, b, mask|127), uint64(f.length))
	}
	if f.masked {
		dst = append(dst, f.mask[:]...)
	}
	return dst
}

// appendMessage appends a whole frame with that payload; one to a server is masked by
// chance, see section 10.3.
func appendMessage(dst []byte, opcode byte, payload []byte, masked bool) []byte {
	f := wsFrame{fin: true, opcode: opcode, masked: masked, length: int64(len(payload))}
	if masked {
		_, _ = rand.Read(f.mask[:]) // never fails
	}
	dst = appendFrame(dst, &f)
	at := len(dst)
	dst = append(dst, payload...)
	if masked {
		unmask(dst[at:], f.mask, 0)
	}
	return dst
}

// appendClose appends a close frame with that status code.
func appendClose(dst []byte, code uint16, masked bool) []byte {
	return appendMessage(dst, wsClose, binary.BigEndian.AppendUint16(nil, code), masked)
}

// unmask masks or unmasks b, which is at offset pos of its frame's payload.
func unmask(b []byte, mask [4]byte, pos int) {
	for i := range b {
		b[i] ^= mask[(pos+i)&3]
	}
}
