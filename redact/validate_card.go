package redact

// card-prefix accepts digits, with blanks and dashes between them, that begin
// like a payment card of a large issuer and have the length that issuer uses.
func init() { registerPlain("card-prefix", cardPrefix) }

// issuers lists ranges of the first four digits and the lengths in use.
var issuers = []struct {
	from, to int
	lengths  []int
}{
	{4000, 4999, []int{13, 16, 19}},     // Visa
	{5100, 5599, []int{16}},             // Mastercard
	{2221, 2720, []int{16}},             // Mastercard
	{3400, 3499, []int{15}},             // American Express
	{3700, 3799, []int{15}},             // American Express
	{6011, 6011, []int{16, 19}},         // Discover
	{6440, 6599, []int{16, 19}},         // Discover
	{3528, 3589, []int{16, 17, 18, 19}}, // JCB
	{3000, 3059, []int{14, 16}},         // Diners Club
	{3095, 3095, []int{14, 16}},         // Diners Club
	{3600, 3699, []int{14, 16}},         // Diners Club
	{3800, 3999, []int{14, 16}},         // Diners Club
	{6200, 6299, []int{16, 17, 18, 19}}, // UnionPay
	{5018, 5018, []int{12, 13, 14, 15, 16, 17, 18, 19}},
	{5020, 5020, []int{12, 13, 14, 15, 16, 17, 18, 19}},
	{5038, 5038, []int{12, 13, 14, 15, 16, 17, 18, 19}},
	{6304, 6304, []int{12, 13, 14, 15, 16, 17, 18, 19}},
	{6759, 6763, []int{12, 13, 14, 15, 16, 17, 18, 19}},
}

func cardPrefix(value []byte) bool {
	prefix, n := 0, 0
	for _, b := range value {
		if b == ' ' || b == '-' {
			continue
		}
		if !isDigit(b) {
			return false
		}
		if n++; n <= 4 {
			prefix = prefix*10 + int(b-'0')
		}
	}
	for _, is := range issuers {
		if prefix < is.from || prefix > is.to {
			continue
		}
		for _, l := range is.lengths {
			if l == n {
				return true
			}
		}
	}
	return false
}
