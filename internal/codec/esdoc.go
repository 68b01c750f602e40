package codec

import (
	"slices"
	"strings"
)

// Single documents, updates, and what Elasticsearch and OpenSearch answer to these and to
// bulk requests (Elasticsearch reference, "Document APIs"). Ids and indices stay, also
// where an answer has them: clients match answers to what they sent. A document can't
// have such a name at its root, so that one table serves both directions.
func init() {
	named := []string{"_id", "_index", "_type", "_routing", "routing"}
	registerJSONLogs(&jsonLogs{
		name: "esdoc", typed: true,
		at:   func(path string) bool { return hasSegment(path, "_doc", "_create") },
		kept: append([]string{"@timestamp"}, named[:4]...),
	})
	registerJSONLogs(&jsonLogs{
		name: "esupdate", typed: true,
		at: func(path string) bool { return hasSegment(path, "_update", "_update_by_query") },
		// A script is code; its parameters are data. "script" may be the code itself.
		kept: append([]string{
			"doc.@timestamp", "upsert.@timestamp", "script", "script.source", "script.inline", "script.id", "script.lang", "script.options.*",
		}, named[:4]...),
	})
	registerJSONLogs(&jsonLogs{
		name: "esanswer",
		at:   bulkPath,
		looks: func(head []byte) bool {
			return len(head) > 0 && !startsAction(head)
		},
		kept: bulkAnswerKept(named),
	})
}

// bulkAnswerKept returns the paths of what names a document in the answer to a bulk
// request, or says what became of it.
func bulkAnswerKept(named []string) []string {
	var kept []string
	for _, op := range actions {
		for _, name := range slices.Concat(named, []string{"result", "error.type", "error.index", "error.index_uuid", "error.shard"}) {
			kept = append(kept, "items[]."+op+"."+name)
		}
	}
	return kept
}

// hasSegment reports whether a segment of path is one of names.
func hasSegment(path string, names ...string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if slices.Contains(names, segment) {
			return true
		}
	}
	return false
}
