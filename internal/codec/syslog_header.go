package codec

import "bytes"

// priority returns the offset behind the priority of a message, 0 if it has none.
func priority(text []byte) int {
	end := bytes.IndexByte(text[:min(len(text), 5)], '>')
	if end < 2 || text[0] != '<' {
		return 0
	}
	for _, c := range text[1:end] {
		if c < '0' || c > '9' {
			return 0
		}
	}
	return end + 1
}

// fieldSizes are the greatest lengths of host, application, process and message id
// (RFC 5424, section 6).
var fieldSizes = [...]int{255, 48, 128, 32}

// header5424 returns the offset of the structured data of a message whose priority
// ends at at. ok is false if this is no message of RFC 5424.
func header5424(text []byte, at int) (sd int, ok bool) {
	if at == 0 || at+1 >= len(text) || text[at] < '1' || text[at] > '9' || text[at+1] != ' ' {
		return at, false
	}
	at += 2
	end := wordOf(text, at, 40)
	if end < 0 || text[at] != '-' && !isTime(text[at:end]) {
		return at, false
	}
	for _, size := range fieldSizes {
		at = end + 1
		if end = wordOf(text, at, size); end < 0 {
			return at, false
		}
	}
	return end + 1, true
}

// appName returns the application that the header of RFC 5424 behind its priority names,
// nil for none.
func appName(header []byte) []byte {
	const place = 3 // behind version, time and host
	for range place {
		_, rest, _ := bytes.Cut(header, []byte{' '})
		header = rest
	}
	if name, _, _ := bytes.Cut(header, []byte{' '}); string(name) != "-" {
		return name
	}
	return nil
}

// tagName returns the name in the tag that the header of RFC 3164 ends with, nil where it
// has none.
func tagName(header []byte) []byte {
	tag, ok := bytes.CutSuffix(bytes.TrimRight(header, " "), []byte{':'})
	if !ok {
		return nil
	}
	tag = tag[bytes.LastIndexByte(tag, ' ')+1:]
	name, _, _ := bytes.Cut(tag, []byte{'['})
	return name
}

// wordOf returns the end of the word at offset at, which is of printable ASCII, size
// bytes long at most, and followed by a space; or -1.
func wordOf(text []byte, at, size int) int {
	for i := at; i < len(text) && i <= at+size; i++ {
		switch c := text[i]; {
		case c == ' ' && i > at:
			return i
		case c <= ' ' || c >= 0x7f:
			return -1
		}
	}
	return -1
}

// isTime reports whether word looks like a time of RFC 3339.
func isTime(word []byte) bool {
	const least = "2006-01-02T15:04:05"
	if len(word) < len(least) || word[4] != '-' || word[10] != 'T' || word[13] != ':' {
		return false
	}
	for _, c := range word {
		if (c < '0' || c > '9') && bytes.IndexByte([]byte("-:.+TZ"), c) < 0 {
			return false
		}
	}
	return true
}

// param is a parameter of structured data; offsets are in the message, those of the
// value without its quotes.
type param struct{ id, idEnd, key, keyEnd, val, valEnd int }

// structured reads the structured data at offset at and returns its parameters, valid
// until the next call, and its end; -1 if it is none.
func (w *eventWalker) structured(text []byte, at int) (params []param, end int) {
	w.params = w.params[:0]
	if at < len(text) && text[at] == '-' && (at+1 == len(text) || text[at+1] == ' ') {
		return nil, at + 1
	}
	start := at
	for at < len(text) && text[at] == '[' {
		p := param{id: at + 1, idEnd: sdName(text, at+1)}
		at = p.idEnd
		for at < len(text) && text[at] == ' ' {
			p.key, p.keyEnd = at+1, sdName(text, at+1)
			p.val = p.keyEnd + 2
			if p.keyEnd == p.key || p.val > len(text) || string(text[p.keyEnd:p.val]) != `="` {
				return nil, -1
			}
			if p.valEnd = quoteEnd(text, p.val); p.valEnd < 0 {
				return nil, -1
			}
			w.params = append(w.params, p)
			at = p.valEnd + 1
		}
		if p.idEnd == p.id || at >= len(text) || text[at] != ']' {
			return nil, -1
		}
		at++
	}
	if at == start || at < len(text) && text[at] != ' ' {
		return nil, -1
	}
	return w.params, at
}

// sdName returns the end of the name at offset at (RFC 5424, section 6.3.2).
func sdName(text []byte, at int) int {
	for i := at; ; i++ {
		if i == len(text) || i == at+64 || text[i] <= ' ' || text[i] >= 0x7f || text[i] == '=' || text[i] == ']' || text[i] == '"' {
			return i
		}
	}
}

// header3164 returns the offset of the message behind what of the header of RFC 3164
// has the form that it should have, from offset at on. A host is taken for one only
// before a tag.
func header3164(text []byte, at int) int {
	after := stamp(text, at)
	if after < 0 {
		return at
	}
	if end := tag3164(text, after); end >= 0 {
		return end // without a host, as on a local socket
	}
	if end := runOf(text, after, 64, "._:-"); end > after && end < len(text) && text[end] == ' ' {
		if end = tag3164(text, end+1); end >= 0 {
			return end
		}
	}
	return after
}

// stamp returns the offset behind the time at offset at and its space, -1 if there is
// none.
func stamp(text []byte, at int) int {
	const form = "Jan _2 15:04:05 "
	if end := wordOf(text, at, 40); end >= 0 && isTime(text[at:end]) {
		return end + 1
	}
	if len(text)-at < len(form) || bytes.Index([]byte("JanFebMarAprMayJunJulAugSepOctNovDec"), text[at:at+3])%3 != 0 {
		return -1
	}
	for i, c := range text[at+3 : at+len(form)] {
		switch want := form[3+i]; want {
		case ' ', ':':
			if c != want {
				return -1
			}
		default:
			if (c < '0' || c > '9') && (want != '_' || c != ' ') {
				return -1
			}
		}
	}
	return at + len(form)
}

// tag3164 returns the offset behind the tag at offset at, such as "sshd[12]: ", -1 if
// there is none. Events in CEF and LEEF stand where the tag would.
func tag3164(text []byte, at int) int {
	if bytes.HasPrefix(text[at:], []byte("CEF:")) || bytes.HasPrefix(text[at:], []byte("LEEF:")) {
		return at
	}
	end := runOf(text, at, 48, "_./-")
	if end == at || end == len(text) {
		return -1
	}
	if text[end] == '[' {
		pid := runOf(text, end+1, 32, "._-")
		if pid == len(text) || text[pid] != ']' {
			return -1
		}
		end = pid + 1
	}
	if end >= len(text) || text[end] != ':' {
		return -1
	}
	if end++; end < len(text) && text[end] == ' ' {
		end++
	}
	return end
}

// runOf returns the end of the letters, digits and characters of others from offset at
// on, size of them at most.
func runOf(text []byte, at, size int, others string) int {
	i := at
	for i < len(text) && i < at+size && (isWordByte(text[i]) || bytes.IndexByte([]byte(others), text[i]) >= 0) {
		i++
	}
	return i
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
