package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// A record is one line: {"seq":N,"prev":"H",...}, where H is the SHA-256 in hex
// of the line before, without its line feed. The chain is over bytes, so that
// no two spellings of an event are the same record.

// maxLine bounds, in bytes, a line that is read back.
const maxLine = 1 << 20

type hash [2 * sha256.Size]byte // in hex

func hashLine(line []byte) (h hash) {
	sum := sha256.Sum256(line)
	hex.Encode(h[:], sum[:])
	return h
}

// genesis is the hash that record 1 carries as that of the record before.
var genesis = hashLine([]byte("redactd audit trail 1"))

// link is a place in the chain: the number and the hash of a record.
type link struct {
	seq  uint64
	hash hash
}

// append appends the record that follows l, given its body and line feed as
// appendBodies wrote them, and moves l on to it.
func (l *link) append(dst, body []byte) []byte {
	start := len(dst)
	l.seq++
	dst = append(dst, `{"seq":`...)
	dst = strconv.AppendUint(dst, l.seq, 10)
	dst = append(dst, `,"prev":"`...)
	dst = append(dst, l.hash[:]...)
	dst = append(dst, `",`...)
	dst = append(dst, body...)
	l.hash = hashLine(dst[start : len(dst)-1])
	return dst
}

// appendAll appends a record for each line of bodies.
func (l *link) appendAll(dst, bodies []byte) []byte {
	for len(bodies) > 0 {
		n := bytes.IndexByte(bodies, '\n') + 1
		dst = l.append(dst, bodies[:n])
		bodies = bodies[n:]
	}
	return dst
}

// record is what the chain needs to know of a line.
type record struct {
	link
	prev hash
}

// parseRecord reads the link of a line and hashes it. It accepts only the
// spelling that link.append writes.
func parseRecord(line []byte) (record, bool) {
	seq, prev, ok := parseLink(line)
	if !ok {
		return record{}, false
	}
	rec := record{link: link{seq: seq, hash: hashLine(line)}}
	copy(rec.prev[:], prev)
	return rec, true
}

// parseLink is parseRecord without hashing. prev is part of the line.
func parseLink(line []byte) (seq uint64, prev []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"seq":`))
	if !ok {
		return 0, nil, false
	}
	num, rest, ok := bytes.Cut(rest, []byte(`,"prev":"`))
	if !ok || len(rest) < len(hash{})+3 || rest[len(hash{})] != '"' || rest[len(hash{})+1] != ',' ||
		line[len(line)-1] != '}' {
		return 0, nil, false
	}
	seq, err := strconv.ParseUint(string(num), 10, 63)
	if err != nil || seq == 0 || num[0] == '0' || num[0] == '+' {
		return 0, nil, false
	}
	return seq, rest[:len(hash{})], true
}
