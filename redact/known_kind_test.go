package redact

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestKindOf(t *testing.T) {
	for text, want := range map[string]windowKind{" -./\"\n\x00\x1f": 0, "01289:=?": 1, "AMZ_[]@^": 2, "amz{|}`~": 3} {
		k := kindOf(windowAt([]byte(text), 8))
		for i := range 8 {
			if got := kindAt(k, i); got != want {
				t.Errorf("%q is of kind %d, want %d", text[i], got, want)
			}
		}
	}
	k := kindOf(windowAt([]byte("a1B-z"), 5))
	for i, want := range []windowKind{3, 1, 2, 0, 3, 0, 0, 0} {
		if got := kindAt(k, i); got != want {
			t.Errorf("byte %d is of kind %d, want %d", i, got, want)
		}
	}
}

func TestKindSharesAreShares(t *testing.T) {
	for _, width := range []int{5, 8} {
		sum := 0.0
		for k, share := range kindShares(width) {
			if high := k>>width&(0xff>>width) | k>>(8+width); high == 0 {
				sum += float64(share)
			}
		}
		if math.Abs(sum-1) > 0.01 {
			t.Errorf("of windows of %d bytes they come to %v", width, sum)
		}
	}
}

// Whatever passes the filter at one of the offsets that are looked at must be met.
func TestKnownMeetsEachWindow(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 200 {
		var values []string
		for range 1 + r.IntN(20) {
			values = append(values, randomValue(r))
		}
		x := knownSet(knownBase(t), values).knownIndex()
		text := append(knownText(r, values), randomText(r)...)
		from := r.IntN(len(text) + 1)
		for i := range x.classes {
			c := &x.classes[i]
			type met struct {
				form  *knownForm
				start int
			}
			want := map[met]bool{}
			for at := from; at+c.width <= len(text) && len(c.forms) > 0; at += c.stride {
				h := x.key.windowHash(windowAt(text[at:], c.width))
				for _, w := range c.windows {
					f := &c.forms[int(w.number)/c.stride]
					k := int(w.number) % c.stride
					if w.hash == uint32(h>>32) && c.passes(h) {
						want[met{f, at - int(f.first) - k}] = true
					}
				}
			}
			c.each(x.key, text, from, func(f *knownForm, start int) bool {
				delete(want, met{f, start})
				return true
			})
			if len(want) > 0 {
				t.Fatalf("%q in %q from %d: class %d misses %d windows", values, text, from, i, len(want))
			}
		}
	}
}

// However many values there are, what logs are made of stays away from the filter.
func TestKnownWindowsAreOfRareKinds(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	k := NewKnown()
	v := k.NewValues()
	letters := knownAlphabets[0]
	for range 5000 {
		var value []byte
		for range 32 {
			value = append(value, letters[r.IntN(len(letters))])
		}
		v.Add(Secret{}, value)
	}
	text := []byte(strings.Repeat(`2026-11-22T16:35:59.123Z INFO  [http-nio-8080-exec-4] c.e.shop.OrderController - order accepted for customer 4711 in 23 ms
10.0.3.17 - - [22/Nov/2026:16:35:59 +0000] "GET /api/v1/orders/4711?page=2 HTTP/1.1" 200 5316 "-" "curl/8.5.0"
level=warn ts=1795365359 caller=retry.go:88 msg="upstream is slow, trying again" attempt=3 elapsed=1.52s
`, 8)) // so that each offset of the lines is met
	of, n := 0, 0
	for at := 0; at+8 <= len(text); at++ {
		n++
		if v.classes[0].kinds.has(kindOf(windowAt(text[at:], 8))) {
			of++
		}
	}
	if share := float64(of) / float64(n); share > 0.2 {
		t.Errorf("the filter is asked with %.0f %% of the windows", 100*share)
	} else {
		t.Log(share)
	}
}
