package redact

import (
	"fmt"
	"sort"
	"strings"
)

// national:XX accepts a number of a person or company whose check digits hold.
// XX is one of the names in nationalChecks, which the files beside this one fill.
// Blanks, dashes, dots, slashes and brackets do not count.
func init() {
	RegisterValidator("national", func(arg string) (Validator, error) {
		check, ok := nationalChecks[arg]
		if !ok {
			names := make([]string, 0, len(nationalChecks))
			for name := range nationalChecks {
				names = append(names, name)
			}
			sort.Strings(names)
			return nil, fmt.Errorf("national needs one of %s", strings.Join(names, ", "))
		}
		return ValidatorFunc(func(v []byte) bool {
			var buffer [maxNational]byte
			id, ok := compact(&buffer, v)
			return ok && check(id) && !allSame(id)
		}), nil
	})
}

// maxNational is the length of the longest number without its signs.
const maxNational = 20

// nationalChecks has the check of each number by name. It gets the number in
// capitals without signs, and may not keep or change it.
var nationalChecks = map[string]func(id []byte) bool{}

func registerNational(checks map[string]func([]byte) bool) {
	for name, f := range checks {
		if _, ok := nationalChecks[name]; ok {
			panic("redact: national " + name + " registered twice")
		}
		nationalChecks[name] = f
	}
}

// compact copies value to buffer in capitals without the signs between its parts.
func compact(buffer *[maxNational]byte, value []byte) ([]byte, bool) {
	n := 0
	for _, b := range value {
		switch {
		case b == ' ' || b == '-' || b == '.' || b == '/' || b == '(' || b == ')':
			continue
		case isLower(b):
			b &^= 0x20
		case !isDigit(b) && !isUpper(b) && b != '+':
			return nil, false
		}
		if n == len(buffer) {
			return nil, false
		}
		buffer[n] = b
		n++
	}
	return buffer[:n], n > 0
}

func allSame(id []byte) bool {
	for _, b := range id[1:] {
		if b != id[0] {
			return false
		}
	}
	return true
}

// digitsOnly reports whether id is n digits.
func digitsOnly(id []byte, n int) bool { return len(id) == n && isNumber(id) }

// weigh returns the sum of the digits of id, each times its weight.
func weigh(id []byte, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(id[i]-'0')
	}
	return sum
}

// modulo returns the number that the digits of id write, modulo m.
func modulo(id []byte, m int) int {
	rest := 0
	for _, b := range id {
		rest = (rest*10 + int(b-'0')) % m
	}
	return rest
}

func digit(id []byte, at int) int { return int(id[at] - '0') }

// dated reports whether two digits each at month and day can be those of a date.
func dated(id []byte, month, day int) bool {
	m, d := modulo(id[month:month+2], 100), modulo(id[day:day+2], 100)
	return m >= 1 && m <= 12 && d >= 1 && d <= 31
}

// iso7064 checks a pure system of ISO/IEC 7064, MOD 11,10, whose last digit is the
// check digit.
func iso7064(id []byte) bool {
	p := 10
	for i := range len(id) - 1 {
		s := (digit(id, i) + p) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return (11-p)%10 == digit(id, len(id)-1)
}

var (
	verhoeffMultiply = [10]string{
		"0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
		"5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
	}
	verhoeffPermute = [8]string{
		"0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
	}
)

// verhoeff checks digits by the scheme of J. Verhoeff, Error Detecting Decimal Codes.
func verhoeff(id []byte) bool {
	c := 0
	for i := range id {
		d := digit(id, len(id)-1-i)
		c = int(verhoeffMultiply[c][verhoeffPermute[i%8][d]-'0'] - '0')
	}
	return c == 0
}
