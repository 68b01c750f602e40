package codec

import "bytes"

func init() { Register(forwardCodec{}) }

// forwardCodec is what clients send by the Forward Protocol of Fluentd, version 1.5
// (github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.5), one message
// after the other: an event, a list of events, or a list that is packed into a string
// and may be compressed. Records, and the metadata that Fluent Bit puts beside the
// time of an event, are walked; tags, times and options are left alone. What is none
// of these messages is walked as plain MessagePack.
type forwardCodec struct{ msgpackCodec }

func (forwardCodec) Name() string         { return "forward" }
func (forwardCodec) MediaTypes() []string { return nil }
func (forwardCodec) NewWalker() Walker    { return &forwardWalker{} }

type forwardWalker struct {
	msgpackWalker
	inner          packScan
	plain, amended []byte // compressed events, undone and changed
	splices        []Splice
}

func (w *forwardWalker) Reset() {
	w.msgpackWalker.Reset()
	w.inner = packScan{}
	w.plain, w.amended = wiped(w.plain), wiped(w.amended)
	clear(w.splices[:cap(w.splices)])
	w.splices = w.splices[:0]
}

func (w *forwardWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.begin()
	return w.values(dst, src, final, "forward", func(dst []Splice, n, end int) ([]Splice, error) {
		return w.message(dst, src[:end], n, v)
	})
}

// message walks the message at offset at, which ends where src does.
func (w *forwardWalker) message(dst []Splice, src []byte, at int, v Visitor) ([]Splice, error) {
	m := ParseForward(src[at:])
	switch m.Mode {
	case ForwardEvent:
		// [tag, time, record, options]: the record is a value like any other.
		w.path = w.path[:0]
		dst, _, _, err := w.value(dst, src, at+m.Entries, nil, 1, v)
		return dst, err
	case ForwardList:
		p, _ := readPacked(src[at+m.Entries:])
		at += m.Entries + p.head
		var err error
		for range p.values {
			if dst, at, err = w.event(dst, src, at, v); err != nil {
				return dst, err
			}
		}
		return dst, nil
	case ForwardPacked:
		return w.packed(dst, src, at+m.Entries, m.Coding, v)
	}
	dst, _, _, err := w.value(dst, src, at, nil, 0, v)
	return dst, err
}

// event walks [time, record] or [[time, metadata], record]; another value is walked
// as a whole.
func (w *forwardWalker) event(dst []Splice, src []byte, at int, v Visitor) (out []Splice, end int, err error) {
	w.path = w.path[:0]
	p, _ := readPacked(src[at:])
	if p.kind != packArray || p.values != 2 {
		dst, end, _, err = w.value(dst, src, at, nil, 2, v)
		return dst, end, err
	}
	at += p.head
	if p, _ = readPacked(src[at:]); p.kind == packArray && p.values == 2 {
		at += p.head
		at += skipPacked(src[at:])
		if dst, at, _, err = w.value(dst, src, at, nil, 3, v); err != nil {
			return dst, at, err
		}
	} else {
		at += skipPacked(src[at:])
	}
	w.path = w.path[:0]
	dst, end, _, err = w.value(dst, src, at, nil, 2, v)
	return dst, end, err
}

// packed walks the events in the string or binary at offset at.
func (w *forwardWalker) packed(dst []Splice, src []byte, at int, coding string, v Visitor) ([]Splice, error) {
	p, _ := readPacked(src[at:])
	start := at + p.head
	data := src[start : start+p.size]
	if coding == "" {
		mark := len(dst)
		dst, err := w.events(dst, src[:start+p.size], start, v)
		if err != nil {
			return dst, err
		}
		return w.sized(dst, mark, &p, at), nil
	}
	plain, err := inflate(v, w.plain[:0], data, coding)
	w.plain = plain
	if err != nil {
		return dst, err
	}
	w.splices, err = w.events(w.splices[:0], plain, 0, v)
	if err != nil || len(w.splices) == 0 {
		return dst, err
	}
	w.amended = Apply(w.amended[:0], plain, w.splices)
	from := len(w.arena)
	w.arena, err = Amend(w.arena, data, coding, plain, w.amended, w.splices)
	if err != nil {
		return dst, err
	}
	text := w.arena[from:len(w.arena):len(w.arena)]
	mark := len(dst)
	dst = append(dst, Splice{Start: start, End: start + p.size, Text: text})
	return w.sized(dst, mark, &p, at), nil
}

// events walks the stream of events that src[at:] is.
func (w *forwardWalker) events(dst []Splice, src []byte, at int, v Visitor) ([]Splice, error) {
	for at < len(src) {
		w.inner = packScan{}
		size, t := w.inner.run(src[at:])
		if t != tokenWhole {
			return dst, &SyntaxError{Codec: "forward", Offset: int64(at), Msg: "events are no MessagePack"}
		}
		var err error
		if dst, _, err = w.event(dst, src[:at+size], at, v); err != nil {
			return dst, err
		}
		at += size
	}
	return dst, nil
}

// skipPacked returns the length of the value at the beginning of src, which is there
// as a whole.
func skipPacked(src []byte) int {
	var s packScan
	n, _ := s.run(src)
	return n
}

// ForwardMode is a kind of message of the Forward Protocol.
type ForwardMode uint8

// The modes.
const (
	ForwardOther  ForwardMode = iota // no message with events
	ForwardEvent                     // [tag, time, record]
	ForwardList                      // [tag, [[time, record], ...]]
	ForwardPacked                    // [tag, string of events]
)

// ForwardMessage is what a message of the Forward Protocol says about its events.
type ForwardMessage struct {
	Mode    ForwardMode
	Entries int    // offset of the record, the list or the string of events
	Time    int    // offset of the time of ForwardEvent
	Tag     []byte // part of the message
	Coding  string // of the string of events: "gzip", "zstd" or ""
	Chunk   []byte // id to acknowledge, part of the message; nil for none
}

// IsForward reports whether a value that begins with msg can be a message: an array, or
// nil, which keeps connections alive.
func IsForward(msg []byte) bool {
	p, _ := readPacked(msg)
	return p.kind == packArray || p.kind == packPlain && p.form == 0xc0
}

// ParseForward reads the frame of a message that is there as a whole and well-formed.
// It looks at no event.
func ParseForward(msg []byte) ForwardMessage {
	none := ForwardMessage{}
	p, ok := readPacked(msg)
	if !ok || p.kind != packArray || p.values < 2 || p.values > 4 {
		return none
	}
	var at [5]int
	at[0] = p.head
	for i := range p.values {
		at[i+1] = at[i] + skipPacked(msg[at[i]:])
	}
	tag, _ := readPacked(msg[at[0]:])
	if tag.kind != packStr && tag.kind != packBin {
		return none
	}
	m := ForwardMessage{Tag: msg[at[0]+tag.head : at[1]]}
	second, _ := readPacked(msg[at[1]:])
	options := 2
	switch second.kind {
	case packArray:
		m.Mode, m.Entries = ForwardList, at[1]
	case packStr, packBin:
		m.Mode, m.Entries = ForwardPacked, at[1]
	case packInt, packExt, packFloat:
		if p.values < 3 {
			return none
		}
		m.Mode, m.Time, m.Entries, options = ForwardEvent, at[1], at[2], 3
	default:
		return none
	}
	switch {
	case p.values > options+1:
		return none
	case p.values == options+1:
		o, _ := readPacked(msg[at[options]:])
		if o.kind != packMap && o.kind != packPlain {
			return none
		}
		m.options(msg[at[options]:at[options+1]], &o)
	}
	if m.Mode == ForwardPacked && m.Coding == "" && second.kind == packStr && !startsEvent(msg[at[1]+second.head:at[2]]) {
		return none // such as ["PING", host, ...]
	}
	return m
}

// startsEvent reports whether packed events begin like one.
func startsEvent(events []byte) bool {
	p, ok := readPacked(events)
	return len(events) == 0 || ok && p.kind == packArray
}

// options reads the options of a message: the map p, which raw holds.
func (m *ForwardMessage) options(raw []byte, p *packed) {
	at := p.head
	for range p.values / 2 {
		key, _ := readPacked(raw[at:])
		name := raw[at+key.head : at+key.end()]
		at += skipPacked(raw[at:])
		value, _ := readPacked(raw[at:])
		text := raw[at+value.head : min(at+value.end(), len(raw))]
		isText := value.kind == packStr || value.kind == packBin
		switch {
		case key.kind != packStr || !isText:
		case string(name) == "chunk":
			m.Chunk = text
		case string(name) == "compressed" && !bytes.Equal(text, []byte("text")):
			m.Coding = string(bytes.ToLower(text))
		}
		at += skipPacked(raw[at:])
	}
}
