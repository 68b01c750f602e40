package redact

import (
	"errors"
	"math"
	"strconv"
)

// entropy:N accepts values whose Shannon entropy is at least N bits a byte;
// min-distinct:N those with at least N different bytes.
func init() {
	RegisterValidator("entropy", func(arg string) (Validator, error) {
		least, err := strconv.ParseFloat(arg, 64)
		if err != nil || least <= 0 || least > 8 {
			return nil, errors.New("entropy needs bits a byte, more than 0 and at most 8: entropy:3.5")
		}
		return ValidatorFunc(func(v []byte) bool { return Entropy(v) >= least }), nil
	})
	RegisterValidator("min-distinct", func(arg string) (Validator, error) {
		least, err := strconv.Atoi(arg)
		if err != nil || least < 1 || least > 256 {
			return nil, errors.New("min-distinct needs a number from 1 to 256: min-distinct:8")
		}
		return ValidatorFunc(func(v []byte) bool { return distinct(v) >= least }), nil
	})
}

// Entropy returns the Shannon entropy of the bytes of value, in bits a byte.
func Entropy(value []byte) float64 {
	var counts [256]int
	for _, b := range value {
		counts[b]++
	}
	bits, total := 0.0, float64(len(value))
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / total
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

func distinct(value []byte) int {
	var set byteSet
	for _, b := range value {
		set.add(b)
	}
	return set.size()
}
