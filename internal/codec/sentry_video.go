package codec

import "slices"

// sentryVideo is the type of the items that SDKs for phones send a replay in: a map of
// MessagePack with the event, the recording and the video of it, each as binary (Sentry
// developer documentation, "Replays").
const sentryVideo = "replay_video"

// video walks the event and the recording in raw, at offset base. The video, and what is
// no such map, is left alone and counted.
func (w *sentryWalker) video(dst []Splice, raw []byte, base int, v Visitor) ([]Splice, error) {
	p, _ := readPacked(raw)
	if skipPacked(raw) != len(raw) || p.kind != packMap {
		skip(v, len(raw))
		return dst, nil
	}
	for at, n := p.head, p.values/2; n > 0; n-- {
		key, _ := readPacked(raw[at:])
		name := raw[at+key.head : at+key.end()]
		at += skipPacked(raw[at:])
		value, _ := readPacked(raw[at:])
		next := at + skipPacked(raw[at:])
		if value.kind != packBin && value.kind != packStr {
			skip(v, next-at)
			at = next
			continue
		}
		mark, from := len(dst), at+value.head
		var err error
		switch string(name) {
		case "replay_event":
			dst, err = w.document(dst, raw[from:next], base+from, false, v)
		case sentryRecording:
			dst, err = w.recording(dst, raw[from:next], base+from, v)
		default:
			skip(v, next-from)
		}
		if err != nil {
			return dst, err
		}
		if grown := growth(dst[mark:]); grown != 0 {
			dst = slices.Insert(dst, mark, Splice{Start: base + at, End: base + from, Text: value.resize(nil, value.size+grown)})
		}
		at = next
	}
	return dst, nil
}
