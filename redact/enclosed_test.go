package redact

import (
	"strings"
	"testing"
)

// A value ends where the string ends that it stands in; what follows is another one.
func TestEnclosed(t *testing.T) {
	set, err := Compile([]Rule{
		{ID: "bare", Pattern: `secretword[ =]{0,2}["']?([^\s']+)`},
		{ID: "quoted", Pattern: `quotedword="([^"\n]+)"`},
		{ID: "single", Pattern: `singleword='([^'\n]+)'`},
		{ID: "whole", Pattern: `wholeword":"[a-z]+"`},
		{ID: "named", Pattern: `namedword=([a-z]+":"[a-z]+)`},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`secretword hunter2`, `secretword #`},
		{`{"a":"secretword hunter2","b":1}`, `{"a":"secretword #","b":1}`},
		{`{"a":"secretword hunter2\n","b":1}`, `{"a":"secretword #\n","b":1}`},
		{`{"b":1,"a":"secretword hunter2"}`, `{"b":1,"a":"secretword #"}`},
		{`{"b":1,"a":"secretword"}`, `{"b":1,"a":"secretword"}`},
		{`["secretword","x"]`, `["secretword","x"]`},
		{`{\"a\":\"secretword hunter2\",\"b\":\"c\"}`, `{\"a\":\"secretword #\",\"b\":\"c\"}`},
		{`msg="quotedword=" status=500 user="bob"`, `msg="quotedword=" status=500 user="bob"`},
		{`{"a":"quotedword=","b":"c"}`, `{"a":"quotedword=","b":"c"}`},
		{`{"a":"quotedword=","b":12,"c":"d"}`, `{"a":"quotedword=","b":12,"c":"d"}`},
		{`quotedword="hunter2"`, `quotedword="#"`},
		{`quotedword="=,hunter2, "`, `quotedword="#"`},
		{`singleword='hun"ter,2"x'`, `singleword='#'`},
		{`singleword='{"a":"b","c":{"d":1}}' x`, `singleword='#' x`},
		{`{"a":"singleword='","b":"it's"}`, `{"a":"singleword='","b":"it's"}`},
		{`{"a":"singleword='hunt","b":"it's"}`, `{"a":"singleword='#","b":"it's"}`},
		{`{"wholeword":"hunter"}`, `{"#}`},
		{`namedword=user":"hunter`, `namedword=#`},
	} {
		found, err := set.Find(set.NewScratch(), nil, Field{Value: []byte(c[0])})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		at := 0
		for _, f := range found {
			b.WriteString(c[0][at:f.Start] + "#")
			at = f.End
		}
		b.WriteString(c[0][at:])
		if b.String() != c[1] {
			t.Errorf("%s\nbecomes %s\n   want %s", c[0], b.String(), c[1])
		}
	}
}
