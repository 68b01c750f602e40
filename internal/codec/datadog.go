package codec

// Datadog's logs intake, versions 1 and 2 (Datadog API reference, "Send logs"). Tags
// are one string, in which each value stands under the name of its tag.
func init() {
	registerJSONLogs(&jsonLogs{
		name: "datadog",
		at: func(path string) bool {
			return endsIn(path, "/api/v2/logs", "/v1/input") || parentOf(path, "/v1/input")
		},
		kept: []string{"ddsource", "service", "hostname", "status", "timestamp", "date"},
		also: func(m *logMembers, f *Field, edits []Splice, remove bool) ([]Splice, bool, error) {
			if remove || string(f.Key) != "ddtags" {
				return edits, remove, nil
			}
			edits, err := m.pairs.visit(edits, f, 0, tagPairs, m.v)
			return edits, false, err
		},
	})
}
