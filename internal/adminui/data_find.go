package adminui

import (
	"context"
	"net/http"
	"slices"

	"github.com/redactd/redactd/internal/lookup"
	"github.com/redactd/redactd/internal/records"
)

// Found says whether a value was seen. The value is not in it.
type Found struct {
	Seen  bool           `json:"seen"`
	Leaks []records.Leak `json:"leaks"`
	// Queries find what stands in place of the value in logs that are stored elsewhere,
	// Placeholders what was masked, by rule.
	Queries      []lookup.Query `json:"queries"`
	Placeholders []lookup.Query `json:"placeholder_queries"`
}

var (
	errNoValue = &fault{http.StatusBadRequest, "There is no value to look up."}
	errNoKeys  = &fault{http.StatusNotFound, "There is no key of fingerprints: values can't be told."}
)

// find says whether a value was seen, and where. Nothing is kept of it. by is who asks.
func (c *Console) find(ctx context.Context, by string, value []byte) (found Found, err error) {
	switch {
	case c.s.Leaks == nil:
		return found, errNoRecords
	case c.s.Policy == nil:
		return found, errNoPolicy
	case len(value) == 0:
		return found, errNoValue
	}
	fingerprints, tokens := c.s.Policy.Traces(value)
	if len(fingerprints) == 0 {
		return found, errNoKeys
	}
	leaks, err := c.s.Leaks.LeaksOf(ctx, fingerprints)
	if err = orEmpty(err); err != nil {
		return found, err
	}
	found = Found{Seen: len(leaks) > 0, Leaks: append([]records.Leak{}, leaks...), Placeholders: []lookup.Query{}}
	found.Queries = append([]lookup.Query{}, lookup.Tokens(tokens)...)
	var rules []string
	for i := range found.Leaks {
		if r := found.Leaks[i].Rule; !slices.Contains(rules, r) {
			rules = append(rules, r)
			found.Placeholders = append(found.Placeholders, lookup.Placeholders(r)...)
		}
	}
	c.did(nil, by, "look up a value", "seen", found.Seen)
	return found, nil
}
