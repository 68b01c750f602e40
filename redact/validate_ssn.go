package redact

// ssn accepts nine digits, with dashes or blanks between them, in the ranges that
// the US Social Security Administration issues: area not 000, 666 or 9xx, group
// not 00, serial not 0000, and none of the numbers known from advertisements.
func init() { registerPlain("ssn", ssn) }

func ssn(value []byte) bool {
	number, n := 0, 0
	for _, b := range value {
		if b == ' ' || b == '-' {
			continue
		}
		if !isDigit(b) {
			return false
		}
		number, n = number*10+int(b-'0'), n+1
	}
	area, group, serial := number/1000000, number/10000%100, number%10000
	known := number == 78051120 || number == 219099999 || number == 123456789
	return n == 9 && area != 0 && area != 666 && area < 900 && group != 0 && serial != 0 && !known
}
