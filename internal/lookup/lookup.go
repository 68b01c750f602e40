// Package lookup writes queries that find what redactd put in place of a value in logs that
// are stored elsewhere.
package lookup

import (
	"strconv"
	"strings"
)

// Query is a query in the language of a log store.
type Query struct {
	System   string `json:"system"` // as "Elasticsearch"
	Language string `json:"language"`
	Text     string `json:"query"`
	// Note says what to mind, "" for nothing.
	Note string `json:"note,omitempty"`
}

// Tokens returns queries for records that hold one of these tokens (e1-...), which the
// action "token" writes.
func Tokens(tokens []string) []Query {
	if len(tokens) == 0 {
		return nil
	}
	var full, bare []string
	for _, t := range tokens {
		full = append(full, t)
		bare = append(bare, digest(t))
	}
	return queries(bare, "|~ "+strconv.Quote(strings.Join(full, "|")))
}

// digest is what follows the epoch of a token. Tokenizers of search engines part them at
// the hyphen, and the digest alone tells a value.
func digest(token string) string {
	_, d, ok := strings.Cut(token, "-")
	if !ok {
		return token
	}
	return d
}

// Placeholders returns queries for records that hold what any action but "remove" and
// "replace" writes for a finding of a rule. They can't tell one value from another.
func Placeholders(rule string) []Query {
	text := "[REDACTED:" + rule
	return queries([]string{text}, "|= "+strconv.Quote(text))
}

func queries(words []string, filter string) []Query {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	or := strings.Join(quoted, " OR ")
	q := []Query{
		{System: "Elasticsearch, OpenSearch", Language: "query_string", Text: or},
		{System: "Kibana", Language: "KQL", Text: strings.Join(quoted, " or ")},
		{System: "Loki", Language: "LogQL", Text: `{service_name=~".+"} ` + filter, Note: "put the labels of your streams in place of service_name"},
		{System: "Splunk", Language: "SPL", Text: "index=* (" + or + ")"},
	}
	if len(words[0]) > 0 && words[0][0] != '[' {
		wild := make([]string, len(words))
		for i, w := range words {
			wild[i] = "*" + w + "*"
		}
		q = append(q[:1], append([]Query{{System: q[0].System, Language: "query_string", Text: strings.Join(wild, " OR "),
			Note: "for fields of type keyword, which are not parted into words; slow"}}, q[1:]...)...)
	}
	return q
}
