package codec

import (
	"bytes"
	"slices"
	"strconv"
)

// groups calls fn with each run of changes that have the same name at depth.
func groups(changes []change, depth int, fn func(name []byte, group []change)) {
	for len(changes) > 0 {
		name, n := changes[0].path[depth], 1
		for n < len(changes) && bytes.Equal(changes[n].path[depth], name) {
			n++
		}
		fn(name, changes[:n])
		changes = changes[n:]
	}
}

// write writes the object that tells of changes, from depth on.
func (m *sentryMeta) write(changes []change, depth int) {
	m.texts = append(m.texts, '{')
	first := true
	groups(changes, depth, func(name []byte, group []change) {
		if !first {
			m.texts = append(m.texts, ',')
		}
		first = false
		m.writeMember(name, group, depth)
	})
	m.texts = append(m.texts, '}')
}

func (m *sentryMeta) writeMember(name []byte, group []change, depth int) {
	m.texts = append(append(append(m.texts, '"'), name...), `":`...)
	if len(group[0].path) > depth+1 {
		m.write(group, depth+1)
		return
	}
	m.texts = append(m.texts, '{')
	m.writeEntry(&group[0])
	m.texts = append(m.texts, '}')
}

// writeEntry writes the member with the empty name.
func (m *sentryMeta) writeEntry(c *change) {
	m.texts = append(m.texts, `"":{"rem":`...)
	m.writeRemarks(c, nil)
	if c.text {
		m.texts = append(m.texts, `,"len":`...)
		m.texts = strconv.AppendInt(m.texts, int64(characters(c.raw)), 10)
	}
	m.texts = append(m.texts, '}')
}

// remark is one remark: its beginning as it is written, up to the range, and where the
// range begins and ends.
type remark struct {
	head       []byte
	start, end int
	ranged     bool
}

// writeRemarks writes the remarks about c, with those of old among them.
func (m *sentryMeta) writeRemarks(c *change, old []remark) {
	grown := 0
	for i := range c.splices {
		s := &c.splices[i]
		kind := "s"
		if c.removed {
			kind = "x"
		}
		head := []byte(`["redactd`)
		if s.Note != "" {
			head = backslash{}.escape(append(head, ':'), []byte(s.Note))
		}
		head = append(head, `","`...)
		r := remark{head: append(append(head, kind...), '"'), ranged: c.text && !c.removed}
		if r.ranged {
			before := s.Start - c.base
			r.start = decodedLen(c.raw[:before]) + grown
			r.end = r.start + decodedLen(s.Text)
			grown += decodedLen(s.Text) - decodedLen(c.raw[before:s.End-c.base])
		}
		if !m.quiet {
			old = append(old, r)
		}
	}
	slices.SortStableFunc(old, func(a, b remark) int { return a.start - b.start })
	m.texts = append(m.texts, '[')
	for i, r := range old {
		if i > 0 {
			m.texts = append(m.texts, ',')
		}
		m.texts = append(m.texts, r.head...)
		if r.ranged {
			m.texts = strconv.AppendInt(append(m.texts, ','), int64(r.start), 10)
			m.texts = strconv.AppendInt(append(m.texts, ','), int64(r.end), 10)
		}
		m.texts = append(m.texts, ']')
	}
	m.texts = append(m.texts, ']')
}

// merge adds what tells of changes to the object that begins at src[i], which is at
// depth of their paths.
func (m *sentryMeta) merge(i int, changes []change, depth int) {
	some, closing := eachMember(m.src, i, nil)
	groups(changes, depth, func(name []byte, group []change) {
		val := m.find(i, decode(nil, name, backslash{}))
		leaf := len(group[0].path) == depth+1
		switch {
		case m.quiet && (val < 0 || m.src[val] != '{'):
		case val < 0:
			m.insert(closing, some, func() { m.writeMember(name, group, depth) })
			some = true
		case m.src[val] != '{':
			m.replace(val, documentEnd(m.src, val), func() {
				if leaf {
					m.texts = append(m.texts, '{')
					m.writeEntry(&group[0])
					m.texts = append(m.texts, '}')
				} else {
					m.write(group, depth+1)
				}
			})
		case leaf:
			m.mergeEntry(val, &group[0])
		default:
			m.merge(val, group, depth+1)
		}
	})
}

// mergeEntry adds what tells of c to the object of its value, which begins at src[i].
func (m *sentryMeta) mergeEntry(i int, c *change) {
	some, closing := eachMember(m.src, i, nil)
	entry := m.find(i, nil)
	switch {
	case m.quiet && (entry < 0 || m.src[entry] != '{'):
		return
	case entry < 0:
		m.insert(closing, some, func() { m.writeEntry(c) })
		return
	case m.src[entry] != '{':
		m.replace(entry, documentEnd(m.src, entry), func() {
			at := len(m.texts)
			m.writeEntry(c)
			m.texts = append(m.texts[:at], m.texts[at+len(`"":`):]...)
		})
		return
	}
	some, closing = eachMember(m.src, entry, nil)
	if rem := m.find(entry, []byte("rem")); rem >= 0 {
		m.replace(rem, documentEnd(m.src, rem), func() { m.writeRemarks(c, m.moved(rem, c)) })
	} else if !m.quiet {
		m.insert(closing, some, func() {
			m.texts = append(m.texts, `"rem":`...)
			m.writeRemarks(c, nil)
		})
		some = true
	}
	if c.text && !m.quiet && m.find(entry, []byte("len")) < 0 {
		m.insert(closing, some, func() {
			m.texts = strconv.AppendInt(append(m.texts, `"len":`...), int64(characters(c.raw)), 10)
		})
	}
}

// moved returns the remarks in the array at src[i], with ranges as they are once c is
// done; those about text that has changed are left out.
func (m *sentryMeta) moved(i int, c *change) []remark {
	if m.src[i] != '[' {
		return nil
	}
	var list []remark
	eachElement(m.src, i, func(at int) {
		if m.src[at] != '[' {
			return
		}
		r := remark{}
		var ends []int
		parts := 0
		eachElement(m.src, at, func(part int) {
			end := documentEnd(m.src, part)
			if parts < 2 {
				r.head = m.src[at:end]
			} else if n, err := strconv.Atoi(string(m.src[part:end])); err == nil {
				ends = append(ends, n)
			}
			parts++
		})
		if parts < 2 {
			return
		}
		if r.ranged = len(ends) == 2; r.ranged {
			var ok bool
			if r.start, r.end, ok = c.move(ends[0], ends[1]); !ok {
				return
			}
		}
		list = append(list, r)
	})
	return list
}

// move returns where the bytes start to end of the old value are in the new one; ok is
// false if they have changed.
func (c *change) move(start, end int) (newStart, newEnd int, ok bool) {
	if c.removed {
		return 0, 0, false
	}
	grown := 0
	for _, s := range c.splices {
		from := decodedLen(c.raw[:s.Start-c.base])
		to := from + decodedLen(c.raw[s.Start-c.base:s.End-c.base])
		switch {
		case to <= start:
			grown += decodedLen(s.Text) - (to - from)
		case from < end:
			return 0, 0, false
		}
	}
	return start + grown, end + grown, true
}
