package audit

import (
	"bytes"
	"encoding/json"
)

// decodeMarker decodes a line if it is a marker. Findings, nearly all lines,
// cost no decoding.
func decodeMarker(line []byte) (Event, bool) {
	if !bytes.Contains(line, []byte(`,"note":"`)) {
		return Event{}, false
	}
	var e Event
	if json.Unmarshal(line, &e) != nil || e.Note == "" {
		return Event{}, false
	}
	return e, true
}
