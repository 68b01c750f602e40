package relay

import (
	"crypto/rand"
	"net/netip"
	"time"
)

// A chunk begins with two bytes of its own, eight that are the same for all chunks of
// a message, its number, and how many there are (GELF 1.1, "Chunking").
const (
	chunkHead = 12
	maxChunks = 128
	// chunkTime is how long the chunks of a message may take.
	chunkTime = 5 * time.Second
)

func isChunk(data []byte) bool { return len(data) > chunkHead && data[0] == 0x1e && data[1] == 0x0f }

// chunks cuts body into datagrams of at most limit bytes, or of as many as are needed
// for the number of chunks that are allowed. It returns nil where there is no way.
func chunks(body []byte, limit int) [][]byte {
	size := max(limit-chunkHead, 1)
	size = max(size, (len(body)+maxChunks-1)/maxChunks)
	if size+chunkHead > maxSend {
		return nil
	}
	head := [chunkHead]byte{0x1e, 0x0f}
	_, _ = rand.Read(head[2:10]) // never fails
	head[11] = byte((len(body) + size - 1) / size)
	var out [][]byte
	for len(body) > 0 {
		n := min(size, len(body))
		out = append(out, append(head[:len(head):len(head)], body[:n]...))
		body = body[n:]
		head[10]++
	}
	return out
}

// The bounds of what an assembler holds.
const (
	maxPartial      = 1024     // messages
	maxPartialBytes = 32 << 20 // bytes of their chunks
)

// assembler puts chunks together. It is for one goroutine.
type assembler struct {
	l     *Listener
	now   func() time.Time
	parts map[chunkKey]*partial
	order []chunkKey // by time of the first chunk
	size  int
}

// chunkKey names a message: its id, and who sends it.
type chunkKey struct {
	id   [8]byte
	from netip.AddrPort
}

// partial is a message of which chunks are missing.
type partial struct {
	began  time.Time
	chunks [][]byte
	have   int
	size   int
	limit  int // of the longest of its datagrams
}

func newAssembler(l *Listener) *assembler {
	return &assembler{l: l, now: time.Now, parts: map[chunkKey]*partial{}}
}

// add takes a chunk, which it does not keep, and returns the message that it makes
// whole, with the length of its longest datagram; nil if it makes none whole.
func (a *assembler) add(data []byte, from netip.AddrPort) (message []byte, limit int) {
	a.expire()
	key := chunkKey{[8]byte(data[2:10]), from}
	number, count := int(data[10]), int(data[11])
	if number >= count || count > maxChunks {
		a.l.drop(DroppedFraming, 1, "a chunk that can't be one")
		return nil, 0
	}
	p := a.parts[key]
	if p == nil {
		p = &partial{began: a.now(), chunks: make([][]byte, count)}
		a.parts[key] = p
		a.order = append(a.order, key)
	}
	if count != len(p.chunks) {
		a.forget(key)
		a.l.drop(DroppedFraming, 1, "chunks that tell different numbers")
		return nil, 0
	}
	if p.chunks[number] != nil {
		return nil, 0 // it came twice
	}
	p.chunks[number] = append([]byte(nil), data[chunkHead:]...)
	p.have++
	p.size += len(data) - chunkHead
	a.size += len(data) - chunkHead
	p.limit = max(p.limit, len(data))
	if p.have == count {
		for _, c := range p.chunks {
			message = append(message, c...)
		}
		a.forget(key)
		return message, p.limit
	}
	for len(a.order) > 0 && (len(a.parts) > maxPartial || a.size > maxPartialBytes) {
		a.lose("too many messages in chunks at once")
	}
	return nil, 0
}

// expire drops the messages whose time is over.
func (a *assembler) expire() {
	for len(a.order) > 0 {
		p := a.parts[a.order[0]]
		if p != nil && a.now().Sub(p.began) < chunkTime {
			return
		}
		a.lose("chunks of a message are missing")
	}
}

// lose drops the oldest message.
func (a *assembler) lose(why string) {
	key := a.order[0]
	a.order = a.order[1:]
	if a.parts[key] != nil {
		a.forget(key)
		a.l.drop(DroppedFraming, 1, why)
	}
}

// forget wipes a message; its place in the order goes when it is the oldest.
func (a *assembler) forget(key chunkKey) {
	p := a.parts[key]
	for _, c := range p.chunks {
		clear(c)
	}
	a.size -= p.size
	delete(a.parts, key)
}
