package codec

import (
	"bytes"
	"strings"
)

// Events of Splunk's HTTP Event Collector: objects one after another, or in an array
// (Splunk, "Format events for HTTP Event Collector"). An event that is a string and
// becomes blank would be refused, and all others of the request with it: it gets a
// placeholder.
func init() {
	registerJSONLogs(&jsonLogs{
		name: "splunk",
		at: func(path string) bool {
			return endsIn(strings.TrimSuffix(strings.TrimSuffix(path, "/"), "/1.0"), "/services/collector", "/services/collector/event")
		},
		kept: []string{"time", "index", "sourcetype", "acks[]", "ackId"},
		also: func(m *logMembers, f *Field, edits []Splice, remove bool) ([]Splice, bool, error) {
			if !remove && len(edits) == 0 || string(bytes.TrimPrefix(f.Path, []byte("[]."))) != "event" {
				return edits, remove, nil
			}
			if !remove {
				left := Apply(nil, f.Value, edits)
				defer clear(left)
				if len(bytes.TrimSpace(left)) > 0 {
					return edits, false, nil
				}
			}
			m.edit[0] = Splice{0, len(f.Value), []byte(blankEvent), noteOf(edits)}
			return m.edit[:], false, nil
		},
	})
}

const blankEvent = "[REDACTED]"
