package neutral

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// What the parser takes and reads is what encoding/json does.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, ` {"a" : [1, -2.5e+3 , 0, true,false , null, "x"]} `, `"\u00e9\n\ud83d\ude00\ud800"`, "\"\xff\"", `{"a":1,}`, `[1,]`, `[1 2]`,
		`01`, `-`, `1.`, `.5`, `1e`, `"a`, `"\x"`, "\"a\nb\"", `tru`, `{"a"}`, `{1:2}`, `{"a":1}x`, ``, ` `, `{"a":{"a":[[[{}]]]}}`, "\"\\u12\"", `{"\u0061":"é"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		root, ok, err := parseJSON(src)
		if err != nil {
			t.Skip("too many values")
		}
		if ok != json.Valid(src) {
			t.Fatalf("%q: taken %v, encoding/json %v", src, ok, !ok)
		}
		if !ok {
			return
		}
		if got := string(bytes.TrimSpace(src)); got != string(src[root.start:root.end]) && !bytes.ContainsAny(src, "\v\f\u0085\u00a0") {
			t.Errorf("%q stands at %q", src, src[root.start:root.end])
		}
		dec := json.NewDecoder(bytes.NewReader(src))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := root.plain(src); !reflect.DeepEqual(got, want) {
			t.Errorf("%q reads as %#v, want %#v", src, got, want)
		}
	})
}

// plain returns v as encoding/json does.
func (v *node) plain(src []byte) any {
	switch {
	case v.kind == '{':
		m := map[string]any{}
		for i := range v.members {
			m[v.members[i].name] = v.members[i].value.plain(src)
		}
		return m
	case v.kind == '[':
		list := []any{}
		for i := range v.members {
			list = append(list, v.members[i].value.plain(src))
		}
		return list
	case v.isString:
		return v.text
	case v.number:
		return json.Number(v.text)
	}
	switch string(src[v.start:v.end]) {
	case "true":
		return true
	case "false":
		return false
	}
	return nil
}
