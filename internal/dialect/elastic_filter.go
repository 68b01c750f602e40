package dialect

import (
	"bytes"
	"net/url"
	"path"
	"strings"
)

// elasticFilter cuts an answer down to what the parameter filter_path names
// (Elasticsearch reference, "Response filtering"): paths with commas between, * for any
// part of a name, ** for any number of names, and a minus before what is left out.
func elasticFilter(r *Request, res *Response) {
	q, _ := url.ParseQuery(r.Query)
	if res.Status >= 300 || q.Get("filter_path") == "" || len(res.Body) == 0 {
		return
	}
	var in, out [][]string
	for pattern := range strings.SplitSeq(q.Get("filter_path"), ",") {
		if rest, minus := strings.CutPrefix(pattern, "-"); minus {
			out = append(out, strings.Split(rest, "."))
		} else if pattern != "" {
			in = append(in, strings.Split(pattern, "."))
		}
	}
	body := res.Body
	if len(in) > 0 {
		body, _ = filtered(body, in, true)
	}
	if len(out) > 0 && body != nil {
		body, _ = filtered(body, out, false)
	}
	if body == nil {
		body = []byte("{}")
	}
	res.Body = body
}

// filtered returns what of v, which is valid JSON, the patterns name if keep is set, else
// all but that; false for nothing.
func filtered(v []byte, patterns [][]string, keep bool) ([]byte, bool) {
	var list []byte
	add := func(name string, v []byte, patterns [][]string, named bool) {
		switch {
		case named && !keep:
			return
		case named || len(patterns) == 0 && !keep:
		default:
			var ok bool
			if v, ok = filtered(v, patterns, keep); !ok {
				return
			}
		}
		if len(list) > 0 {
			list = append(list, ',')
		}
		if name != "" {
			list = append(append(list, marshal(name)...), ':')
		}
		list = append(list, v...)
	}
	switch kind(v) {
	case '{':
		members(v, func(name string, m []byte) {
			next, named := descend(patterns, name)
			add(name, m, next, named)
		})
		if len(list) == 0 && keep {
			return nil, false
		}
		return bytes.Join([][]byte{{'{'}, list, {'}'}}, nil), true
	case '[':
		elements(v, func(e []byte) { add("", e, patterns, false) })
		if len(list) == 0 && keep {
			return nil, false
		}
		return bytes.Join([][]byte{{'['}, list, {']'}}, nil), true
	}
	return v, !keep
}

// descend returns what is left of the patterns below a member of that name, and whether
// one names it itself.
func descend(patterns [][]string, name string) (next [][]string, named bool) {
	for _, p := range patterns {
		if p[0] == "**" {
			next = append(next, p)
			if p = p[1:]; len(p) == 0 {
				return nil, true
			}
		}
		if ok, err := path.Match(p[0], name); err != nil || !ok {
			continue
		}
		if len(p) == 1 {
			return nil, true
		}
		next = append(next, p[1:])
	}
	return next, false
}
