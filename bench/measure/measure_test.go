package measure_test

import (
	"slices"
	"testing"
	"time"

	"github.com/redactd/redactd/bench/measure"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want measure.Stat
	}{
		{[]float64{3}, measure.Stat{Median: 3, Min: 3, Max: 3}},
		{[]float64{5, 1, 3}, measure.Stat{Median: 3, Min: 1, Max: 5}},
		{[]float64{4, 1, 2, 9}, measure.Stat{Median: 3, Min: 1, Max: 9}},
	} {
		if got := measure.Of(c.in); got != c.want {
			t.Errorf("Of(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}

// The ratio of medians would be 1 here: rounds must be compared with themselves.
func TestRatioIsWithinRounds(t *testing.T) {
	got := measure.Ratio([]float64{1, 20, 300}, []float64{2, 10, 300})
	if want := (measure.Stat{Median: 1, Min: .5, Max: 2}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAlternate(t *testing.T) {
	var order []string
	contender := func(name string) measure.Contender {
		return measure.Contender{Name: name, Bytes: 10, Run: func() { order = append(order, name) }}
	}
	speeds := measure.Alternate([]measure.Contender{contender("a"), contender("b")}, 3, time.Nanosecond)
	if got := slices.Compact(order[2:]); !slices.Equal(got, []string{"a", "b", "a", "b", "a", "b"}) {
		t.Errorf("turns were %v", got)
	}
	for i, s := range speeds {
		if len(s) != 3 || slices.Min(s) <= 0 {
			t.Errorf("contender %d: speeds %v", i, s)
		}
	}
}
