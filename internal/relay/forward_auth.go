package relay

import (
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net"
	"time"

	"github.com/redactd/redactd/internal/codec"
)

// self is what this side calls itself in a handshake. Both sides refuse a peer of
// their own name, and may run on this machine.
const self = "redactd"

const (
	arrayOf2 = 0x92
	arrayOf5 = 0x95
	arrayOf6 = 0x96
	mapOf3   = 0x83
	packNo   = 0xc2
	packYes  = 0xc3
)

// isPing reports whether msg is a client's half of a handshake.
func isPing(msg []byte) bool {
	elems := codec.PackedElems(msg)
	return len(elems) == 6 && isText(elems[0], "PING")
}

func isText(packed []byte, want string) bool {
	text, ok := codec.PackedText(packed)
	return ok && string(text) == want
}

// keyDigest is the proof that somebody of that name knows the key.
func keyDigest(salt []byte, name string, nonce []byte, key string) string {
	h := sha512.New()
	for _, part := range [][]byte{salt, []byte(name), nonce, []byte(key)} {
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// admit asks the client for a proof that it knows the key, and gives one.
func (s *forwardConn) admit(key string) bool {
	_ = s.conn.SetDeadline(time.Now().Add(handshakeTime))
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	nonce := hex.EncodeToString(random[:])
	helo := codec.AppendPackedString([]byte{arrayOf2}, "HELO")
	helo = codec.AppendPackedString(append(helo, mapOf3), "nonce")
	helo = codec.AppendPackedString(helo, nonce)
	helo = codec.AppendPackedString(helo, "auth")
	helo = codec.AppendPackedString(helo, "")
	helo = append(codec.AppendPackedString(helo, "keepalive"), packYes)
	if _, err := s.conn.Write(helo); err != nil {
		return false
	}
	size := 0
	for size == 0 {
		if len(s.buf) > maxHandshake || s.read() != nil {
			return false
		}
		var err error
		if size, err = s.end.Next(s.buf); err != nil {
			return false
		}
	}
	ping := s.buf[:size]
	ok := false
	var salt []byte
	if isPing(ping) {
		elems := codec.PackedElems(ping)
		name, _ := codec.PackedText(elems[1])
		salt, _ = codec.PackedText(elems[2])
		digest, _ := codec.PackedText(elems[3])
		ok = subtle.ConstantTimeCompare(digest, []byte(keyDigest(salt, string(name), []byte(nonce), key))) == 1
	}
	pong := codec.AppendPackedString([]byte{arrayOf5}, "PONG")
	if ok {
		pong = codec.AppendPackedString(append(pong, packYes), "")
		pong = codec.AppendPackedString(pong, self)
		pong = codec.AppendPackedString(pong, keyDigest(salt, self, []byte(nonce), key))
	} else {
		pong = codec.AppendPackedString(append(pong, packNo), "shared_key mismatch")
		pong = codec.AppendPackedString(pong, "")
		pong = codec.AppendPackedString(pong, "")
	}
	s.buf = shifted(s.buf, size)
	_, err := s.conn.Write(pong)
	_ = s.conn.SetDeadline(time.Time{})
	if s.l.stopped() { // which has set a deadline of its own
		_ = s.conn.SetReadDeadline(time.Now().Add(drainTime))
	}
	return ok && err == nil
}

// maxHandshake bounds, in bytes, what the other side says in a handshake.
const maxHandshake = 16 << 10

var errHandshake = errors.New("the upstream refused the shared key, or does not ask for one")

// ShowKey does a client's half of the handshake of the Forward Protocol. It sets deadlines
// on c, and takes them back.
func ShowKey(c net.Conn, key string) error {
	_ = c.SetDeadline(time.Now().Add(handshakeTime))
	helo, err := readPacked(c)
	if err != nil {
		return errHandshake
	}
	elems := codec.PackedElems(helo)
	if len(elems) != 2 || !isText(elems[0], "HELO") {
		return errHandshake
	}
	var nonce []byte
	options := codec.PackedElems(elems[1])
	for i := 0; i+1 < len(options); i += 2 {
		if isText(options[i], "nonce") {
			nonce, _ = codec.PackedText(options[i+1])
		}
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	salt = hex.AppendEncode(nil, salt)
	ping := codec.AppendPackedString([]byte{arrayOf6}, "PING")
	for _, text := range []string{self, string(salt), keyDigest(salt, self, nonce, key), "", ""} {
		ping = codec.AppendPackedString(ping, text)
	}
	if _, err := c.Write(ping); err != nil {
		return errHandshake
	}
	pong, err := readPacked(c)
	if err != nil {
		return errHandshake
	}
	elems = codec.PackedElems(pong)
	if len(elems) != 5 || !isText(elems[0], "PONG") || elems[1][0] != packYes {
		return errHandshake
	}
	name, _ := codec.PackedText(elems[3])
	if !isText(elems[4], keyDigest(salt, string(name), nonce, key)) {
		return errHandshake
	}
	return c.SetDeadline(time.Time{})
}

// readPacked reads one MessagePack value and nothing behind it.
func readPacked(c net.Conn) ([]byte, error) {
	var end codec.PackedEnd
	var buf []byte
	var b [1]byte
	for len(buf) < maxHandshake {
		if _, err := c.Read(b[:]); err != nil {
			return nil, err
		}
		buf = append(buf, b[0])
		if n, err := end.Next(buf); err != nil || n > 0 {
			return buf, err
		}
	}
	return nil, errHandshake
}
