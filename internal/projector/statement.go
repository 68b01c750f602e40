package projector

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/records"
)

// readers make of the statements of one kind in a chunk what the records take, and say how
// many of them they can't read. Statements of other kinds, which a newer redactd may have
// made, are passed over. There is one file for each kind, statement_x.go.
var readers = map[string]func(list []*audit.Event) (s records.Statement, unreadable uint64){}

// statements returns what the statements amount to, in the order of their kinds.
func (g *gathered) statements() (out []records.Statement, unreadable uint64) {
	for _, kind := range slices.Sorted(maps.Keys(g.stated)) {
		if read := readers[kind]; read != nil {
			s, bad := read(g.stated[kind])
			out = append(out, s)
			unreadable += bad
		}
	}
	return out, unreadable
}

// facts calls take with the facts of each statement, and returns how many have others.
func facts[F any](list []*audit.Event, take func(e *audit.Event, f *F)) (unreadable uint64) {
	for _, e := range list {
		var f F
		if json.Unmarshal(e.Facts, &f) != nil {
			unreadable++
			continue
		}
		take(e, &f)
	}
	return unreadable
}
