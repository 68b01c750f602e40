package adminui

import (
	"maps"
	"net/url"
	"strconv"
)

// part is which part of a list is shown, with the addresses of those beside it.
type part struct {
	From, To, Total int64
	Previous, Next  string // "" for none
}

// pager returns the part of n entries from offset of the list that v shows.
func pager(v view, offset, n int, total int64) part {
	p := part{From: int64(offset) + 1, To: int64(offset + n), Total: total}
	at := func(offset int) string {
		q := maps.Clone(v.Query)
		q.Del("offset")
		if offset > 0 {
			q.Set("offset", strconv.Itoa(offset))
		}
		return (&url.URL{Path: v.Path, RawQuery: q.Encode()}).String()
	}
	if offset > 0 {
		p.Previous = at(max(offset-maxRows, 0))
	}
	if p.To < total {
		p.Next = at(offset + n)
	}
	return p
}

// filtered reports whether a list is narrowed.
func filtered(v view) bool {
	for _, values := range v.Query {
		for _, s := range values {
			if s != "" {
				return true
			}
		}
	}
	return false
}

// choice is an option of a form.
type choice struct{ Value, Name string }

// choices makes them of values and names in turn.
func choices(pairs ...string) []choice {
	var list []choice
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, choice{pairs[i], pairs[i+1]})
	}
	return list
}
