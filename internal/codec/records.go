package codec

// Continuing is a Codec of records of which the text of one may go on in the next ones, as
// the answers of language models do in server-sent events.
type Continuing interface {
	Codec
	// Record looks for the end of the record that src begins with, at from, which is 0 or
	// what the last call returned for the same record with less of it. Where ok, the
	// record ends at next.
	Record(src []byte, from int, final bool) (next int, ok bool)
}

// Record implements Continuing: an event ends with an empty line.
func (sseCodec) Record(src []byte, from int, final bool) (next int, ok bool) {
	w := sseWalker{at: from, began: from > 0}
	for w.at < len(src) {
		start := w.at
		end, after, ok := w.line(src, final)
		if !ok {
			return start, false
		}
		if start == 0 && len(src) > 2 && string(src[:3]) == "\xef\xbb\xbf" {
			start = 3 // of the first event alone; elsewhere a line like others
		}
		if end == start {
			return after, true
		}
		w.at = after
	}
	return w.at, final && w.at > 0
}
