// Package measure takes times in turns: A B A B ..., so that what else the
// machine does falls on all contenders alike, and compares within each round.
package measure

import (
	"slices"
	"time"
)

// Stat sums up the rounds of a measurement.
type Stat struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Of sums up values. It panics without any.
func Of(values []float64) Stat {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return Stat{Median: (v[(n-1)/2] + v[n/2]) / 2, Min: v[0], Max: v[n-1]}
}

// Ratio sums up a[i]/b[i], the ratios of the same rounds.
func Ratio(a, b []float64) Stat {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return Of(r)
}

// Contender is one of the things compared.
type Contender struct {
	Name  string
	Bytes int // that one Run works through
	Run   func()
	// Elsewhere, if not nil, measures the speed in another process, as Speed
	// does here.
	Elsewhere func(slice time.Duration) float64
}

// Alternate runs the contenders in turns, rounds times each for at least slice
// and at least once, after a first run that does not count. It returns the
// speeds in bytes per second of processor time (of wall time where the system
// has no such clock), by contender and round.
func Alternate(cs []Contender, rounds int, slice time.Duration) [][]float64 {
	speeds := make([][]float64, len(cs))
	for i := range cs {
		cs[i].Run()
	}
	for range rounds {
		for i := range cs {
			speeds[i] = append(speeds[i], Speed(&cs[i], slice))
		}
	}
	return speeds
}

// Speed runs c for at least slice and at least once, and returns its speed in
// bytes per second, see Alternate.
func Speed(c *Contender, slice time.Duration) float64 {
	if c.Elsewhere != nil {
		return c.Elsewhere(slice)
	}
	n, start := 0, Now()
	for {
		c.Run()
		n++
		if spent := Now() - start; spent >= slice {
			return float64(n) * float64(c.Bytes) / spent.Seconds()
		}
	}
}
