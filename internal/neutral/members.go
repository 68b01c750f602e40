package neutral

import (
	"bytes"
	"encoding/json"
)

// Members returns where in a JSON document the objects and arrays stand that have that name
// in it: in the document itself, if it is an object, or in the elements of it, if it is an
// array of objects. Empty ones are left out. There are none in what is no document.
func Members(text []byte, name string) (spans [][2]int) {
	if rest, ok := bytes.CutPrefix(text, byteOrderMark); ok {
		spans = Members(rest, name)
		for i := range spans {
			spans[i][0] += len(byteOrderMark)
			spans[i][1] += len(byteOrderMark)
		}
		return spans
	}
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if len(trimmed) == 0 || !json.Valid(text) {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if trimmed[0] == '{' {
		return members(dec, 0, name, nil)
	}
	if trimmed[0] != '[' {
		return nil
	}
	_, _ = dec.Token() // it is valid, here and below
	for dec.More() {
		var element json.RawMessage
		if dec.Decode(&element) != nil {
			return nil
		}
		if element[0] == '{' {
			at := int(dec.InputOffset()) - len(element)
			spans = members(json.NewDecoder(bytes.NewReader(element)), at, name, spans)
		}
	}
	return spans
}

// members appends those of the object that dec reads, which stands at offset at.
func members(dec *json.Decoder, at int, name string, spans [][2]int) [][2]int {
	_, _ = dec.Token()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return spans
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return spans
		}
		if key == name && (value[0] == '{' || value[0] == '[') && len(bytes.TrimSpace(value[1:len(value)-1])) > 0 {
			end := at + int(dec.InputOffset())
			spans = append(spans, [2]int{end - len(value), end})
		}
	}
	return spans
}

// Splice returns text with what stands in each span replaced. The spans are in order.
func Splice(text []byte, spans [][2]int, instead [][]byte) []byte {
	edits := make([]edit, len(spans))
	for i, s := range spans {
		edits[i] = edit{s[0], s[1], string(instead[i])}
	}
	return apply(text, edits)
}
