package redact

import (
	"errors"
	"strconv"
)

// rarity:N accepts values whose letters follow each other as they do in random
// text rather than in words: at least N bits a byte, by a table of how often
// letters follow each other in English names and prose. Words and names made of
// words, in any spelling, have 3.5 to 5 bits, random letters and digits 6 to 7.
func init() {
	RegisterValidator("rarity", func(arg string) (Validator, error) {
		least, err := strconv.ParseFloat(arg, 64)
		if err != nil || least <= 0 || least > 16 {
			return nil, errors.New("rarity needs bits a byte, more than 0 and at most 16: rarity:4.5")
		}
		return ValidatorFunc(func(v []byte) bool { return Rarity(v) >= least }), nil
	})
}

//go:generate go run validate_rarity_gen.go

// The symbols of the table: a to z, a digit, and the edge of a word, which is any
// other byte and where a capital follows a small letter.
const (
	raritySymbols = 28
	rarityDigit   = 26
	rarityEdge    = 27
)

// Rarity returns how unlike words value is, in bits a byte, where signs in a row count
// as one, and those that names don't have not at all. Its length does not count. At 5.2 bits it takes one in a hundred names of 16
// and more bytes for random, and one in a thousand random texts for a name.
func Rarity(value []byte) float64 {
	sum, steps := 0, 0
	before, wasLower := rarityEdge, false
	for _, b := range value {
		s := rarityEdge
		switch {
		case isLower(b):
			s = int(b - 'a')
		case isUpper(b):
			s = int(b - 'A')
			if wasLower {
				sum, before = sum+int(rarityBits[before][rarityEdge]), rarityEdge
			}
		case isDigit(b):
			s = rarityDigit
		}
		wasLower = isLower(b)
		if before == rarityEdge && s == rarityEdge {
			continue
		}
		sum += int(rarityBits[before][s])
		if s == rarityDigit {
			sum += digitBits
		}
		before = s
		if s != rarityEdge || isNameByte(b) || b == ' ' || b == '/' || b == ':' {
			steps++
		}
	}
	if steps == 0 {
		return 0
	}
	if before != rarityEdge {
		sum += int(rarityBits[before][rarityEdge])
	}
	return float64(sum) / 16 / float64(steps)
}

// digitBits is what it takes to tell one digit of ten, in sixteenths of a bit.
const digitBits = 53
