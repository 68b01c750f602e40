package redact

// luhn accepts digits, with blanks and dashes between them, whose check digit
// holds (ISO/IEC 7812-1, annex B), unless all digits are the same.
func init() { registerPlain("luhn", luhn) }

func luhn(value []byte) bool {
	sum, n, same := 0, 0, true
	var last byte
	for i := len(value) - 1; i >= 0; i-- {
		b := value[i]
		if b == ' ' || b == '-' {
			continue
		}
		if !isDigit(b) {
			return false
		}
		d := int(b - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		same = same && (n == 0 || b == last)
		sum, n, last = sum+d, n+1, b
	}
	return n > 1 && sum%10 == 0 && !same
}
