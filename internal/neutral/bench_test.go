package neutral

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/redactd/redactd/disclosure"
)

// cleanJSON is an answer of about 2 KiB that discloses nothing.
func cleanJSON() []byte {
	var b bytes.Buffer
	b.WriteString(`{"type":"https://api.shop.example/errors/validation","title":"Your order is not complete.","status":422,"instance":"/api/v1/orders/12","errors":[`)
	for i := range 14 {
		fmt.Fprintf(&b, `{"field":"items[%d].quantity","code":"out_of_range","message":"The quantity must be a number from 1 to 99, and no more than what is in stock."},`, i)
	}
	b.WriteString(`{"field":"email","message":"Enter a valid address."}]}`)
	return b.Bytes()
}

// debugPage is a page of at least n bytes that no rule knows as a page, with frames only at
// its end, so that all of it has to be read.
func debugPage(n int) []byte {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something failed</h1>")
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "<div class=\"row\"><span class=\"name\">variable_%d</span> <code>%s</code> = <em>'value %d of the order, in the state &quot;open&quot;'</em></div>\n", i, strings.Repeat("ab", i%17), i)
	}
	b.WriteString("<pre>java.lang.IllegalStateException: no gateway\n\tat com.acme.Gateway.call(Gateway.java:41)\n</pre></body></html>")
	return b.Bytes()
}

func BenchmarkNeutralise(b *testing.B) {
	s := builtin(b)
	sc := s.NewScratch()
	trace := "{\"message\":\"java.lang.IllegalStateException: no gateway\\n" + strings.Repeat("\\tat com.acme.shop.Gateway.call(Gateway.java:41)\\n", 20_000) + "\"}"
	for _, bb := range []struct {
		name string
		body Body
	}{
		{"CleanJSON2K", Body{422, JSON, cleanJSON()}},
		{"HTML1M", Body{500, HTML, debugPage(1 << 20)}},
		{"Text1M", Body{500, Text, append([]byte("Sorry.\n"), debugPage(1<<20)...)}},
		{"TraceInJSON1M", Body{500, JSON, []byte(trace)}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.body.Text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Neutralise(sc, bb.body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	rules := disclosure.Rules(disclosure.Builtin())
	for b.Loop() {
		if _, err := Compile(rules); err != nil {
			b.Fatal(err)
		}
	}
}
