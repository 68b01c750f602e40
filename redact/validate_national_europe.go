package redact

import (
	"bytes"
	"strings"
)

// Numbers of Europe and Türkiye, as the authorities of each country describe them.
func init() {
	registerNational(map[string]func([]byte) bool{
		"at-svnr": func(id []byte) bool {
			return digitsOnly(id, 10) && id[0] != '0' &&
				weigh(id, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6)%11 == digit(id, 3)
		},
		"be-nrn": func(id []byte) bool {
			if !digitsOnly(id, 11) {
				return false
			}
			n, check := modulo(id[:9], 97), modulo(id[9:], 100)
			since2000 := (n + 2000000000%97) % 97
			return check == 97-n || check == 97-since2000
		},
		"bg-egn": func(id []byte) bool {
			return digitsOnly(id, 10) && weigh(id, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == digit(id, 9)
		},
		"ch-ahv": func(id []byte) bool {
			return digitsOnly(id, 13) && bytes.HasPrefix(id, []byte("756")) &&
				weigh(id, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
		},
		"cz-rc": func(id []byte) bool {
			if !digitsOnly(id, 10) {
				return false
			}
			month := modulo(id[2:4], 100) % 50
			return month%20 >= 1 && month%20 <= 12 && modulo(id[:9], 11)%10 == digit(id, 9)
		},
		"de-idnr": germanTax,
		"de-svnr": func(id []byte) bool {
			if len(id) != 12 || !isUpper(id[8]) || !isNumber(id[:8]) || !isNumber(id[9:]) {
				return false
			}
			letter := int(id[8]-'A') + 1
			sum := 0
			var parts [12]byte
			copy(parts[:], id[:8])
			parts[8], parts[9], parts[10], parts[11] = byte('0'+letter/10), byte('0'+letter%10), id[9], id[10]
			for i, w := range [12]int{2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1} {
				p := w * digit(parts[:], i)
				sum += p/10 + p%10
			}
			return sum%10 == digit(id, 11)
		},
		"dk-cpr": func(id []byte) bool {
			return digitsOnly(id, 10) && dated(id, 2, 0) && weigh(id, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
		},
		"baltic": func(id []byte) bool { // Estonia, Lithuania
			if !digitsOnly(id, 11) || !dated(id, 3, 5) {
				return false
			}
			rest := weigh(id, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11
			if rest == 10 {
				rest = weigh(id, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10
			}
			return rest == digit(id, 10)
		},
		"es-dni":  spanish,
		"es-nuss": func(id []byte) bool { return digitsOnly(id, 12) && modulo(id[:10], 97) == modulo(id[10:], 100) },
		"fi-hetu": func(id []byte) bool {
			n := len(id) // the dash of the 20th century does not count
			if n != 10 && n != 11 || !isNumber(id[:6]) || !isNumber(id[n-4:n-1]) || !dated(id, 2, 0) {
				return false
			}
			number := (modulo(id[:6], 1000000)*1000 + modulo(id[n-4:n-1], 1000)) % 31
			return id[n-1] == "0123456789ABCDEFHJKLMNPRSTUVWXY"[number]
		},
		"fr-nir": french,
		"fr-nif": func(id []byte) bool {
			return digitsOnly(id, 13) && id[0] < '4' && modulo(id[:10], 511) == modulo(id[10:], 1000)
		},
		"fr-siret": func(id []byte) bool { return (digitsOnly(id, 14) || digitsOnly(id, 9)) && luhn(id) },
		"gb-nhs": func(id []byte) bool {
			return digitsOnly(id, 10) && (11-weigh(id, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11 == digit(id, 9)
		},
		"gr-afm": func(id []byte) bool {
			return digitsOnly(id, 9) && weigh(id, 256, 128, 64, 32, 16, 8, 4, 2)%11%10 == digit(id, 8)
		},
		"gr-amka": func(id []byte) bool { return digitsOnly(id, 11) && dated(id, 2, 0) && luhn(id) },
		"hr-oib":  func(id []byte) bool { return digitsOnly(id, 11) && iso7064(id) },
		"hu-tax": func(id []byte) bool {
			return digitsOnly(id, 10) && id[0] == '8' && weigh(id, 1, 2, 3, 4, 5, 6, 7, 8, 9)%11 == digit(id, 9)
		},
		"hu-taj": func(id []byte) bool { return digitsOnly(id, 9) && weigh(id, 3, 7, 3, 7, 3, 7, 3, 7)%10 == digit(id, 8) },
		"ie-pps": func(id []byte) bool {
			if len(id) != 8 && len(id) != 9 || !isNumber(id[:7]) || !isUpper(id[7]) {
				return false
			}
			sum := weigh(id, 8, 7, 6, 5, 4, 3, 2)
			if len(id) == 9 && isUpper(id[8]) && id[8] != 'W' {
				sum += 9 * (int(id[8]-'A') + 1)
			}
			return id[7] == "WABCDEFGHIJKLMNOPQRSTUV"[sum%23] && (len(id) == 8 || isUpper(id[8]))
		},
		"is-kt": func(id []byte) bool {
			return digitsOnly(id, 10) && (11-weigh(id, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11 == digit(id, 8)
		},
		"it-cf":  italian,
		"it-vat": func(id []byte) bool { return digitsOnly(id, 11) && luhn(id) },
		"emso":   jmbg, // Slovenia, Serbia, Bosnia, Montenegro, North Macedonia
		"lu-nin": luxembourgish,
		"lv-pk": func(id []byte) bool {
			return digitsOnly(id, 11) && (1101-weigh(id, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))%11%10 == digit(id, 10)
		},
		"md-idnp": func(id []byte) bool {
			return digitsOnly(id, 13) && weigh(id, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)%10 == digit(id, 12)
		},
		"nl-bsn": func(id []byte) bool {
			return digitsOnly(id, 9) && weigh(id, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
		},
		"no-fnr": func(id []byte) bool {
			return digitsOnly(id, 11) && weigh(id, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 &&
				weigh(id, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
		},
		"pl-pesel": func(id []byte) bool {
			month := 0
			if digitsOnly(id, 11) {
				month = modulo(id[2:4], 100) % 20
			}
			return month >= 1 && month <= 12 && weigh(id, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
		},
		"pl-nip": func(id []byte) bool {
			return digitsOnly(id, 10) && weigh(id, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == digit(id, 9)
		},
		"pl-regon": func(id []byte) bool {
			return digitsOnly(id, 9) && weigh(id, 8, 9, 2, 3, 4, 5, 6, 7)%11%10 == digit(id, 8)
		},
		"pt-nif": func(id []byte) bool {
			return digitsOnly(id, 9) && id[0] != '0' && (11-weigh(id, 9, 8, 7, 6, 5, 4, 3, 2)%11)%11%10 == digit(id, 8)
		},
		"ro-cnp": func(id []byte) bool {
			if !digitsOnly(id, 13) || id[0] == '0' || !dated(id, 3, 5) {
				return false
			}
			rest := weigh(id, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11
			return rest == 10 && id[12] == '1' || rest == digit(id, 12)
		},
		"ru-inn": russianTax,
		"ru-snils": func(id []byte) bool {
			return digitsOnly(id, 11) && weigh(id, 9, 8, 7, 6, 5, 4, 3, 2, 1)%101%100 == modulo(id[9:], 100)
		},
		"se-pnr": func(id []byte) bool {
			if len(id) == 12 {
				id = id[2:]
			}
			return digitsOnly(id, 10) && luhn(id)
		},
		"tr-tckn": func(id []byte) bool {
			if !digitsOnly(id, 11) || id[0] == '0' {
				return false
			}
			tenth := weigh(id, 7, -1, 7, -1, 7, -1, 7, -1, 7)
			return (tenth%10+10)%10 == digit(id, 9) && weigh(id, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)%10 == digit(id, 10)
		},
		"ua-rnokpp": func(id []byte) bool {
			return digitsOnly(id, 10) && (weigh(id, -1, 5, 7, 9, 4, 6, 10, 5, 7)%11+11)%11%10 == digit(id, 9)
		},
	})
}

// germanTax checks the Identifikationsnummer: of its first ten digits one comes up
// two or three times, all others at most once.
func germanTax(id []byte) bool {
	if !digitsOnly(id, 11) || id[0] == '0' || !iso7064(id) {
		return false
	}
	repeated := 0
	for d := byte('0'); d <= '9'; d++ {
		switch n := bytes.Count(id[:10], []byte{d}); {
		case n > 3:
			return false
		case n > 1:
			repeated++
		}
	}
	return repeated == 1
}

// spanish checks a DNI, or a NIE, whose first letter stands for a digit.
func spanish(id []byte) bool {
	if len(id) != 9 || !isUpper(id[8]) || !isNumber(id[1:8]) {
		return false
	}
	first := strings.IndexByte("XYZ", id[0])
	if isDigit(id[0]) {
		first = digit(id, 0)
	}
	return first >= 0 && id[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[(first*10000000+modulo(id[1:8], 10000000))%23]
}

// french checks the number of the national register, with the letters of Corsica.
func french(id []byte) bool {
	if len(id) != 15 || id[0] != '1' && id[0] != '2' && id[0] != '7' && id[0] != '8' {
		return false
	}
	var number [15]byte
	copy(number[:], id)
	switch string(id[5:7]) { // Corsica had department 20
	case "2A":
		number[5], number[6] = '1', '9'
	case "2B":
		number[5], number[6] = '1', '8'
	}
	return isNumber(number[:]) && 97-modulo(number[:13], 97) == modulo(number[13:], 100)
}

// italian checks the codice fiscale.
func italian(id []byte) bool {
	if len(id) != 16 || !isUpper(id[15]) {
		return false
	}
	const odd = "BAKPLCQDREVOSFTGUHMINJWZYX" // letter at 2, 4, ... counts as in this order: A is 1, B is 0
	sum := 0
	for i, b := range id[:15] {
		value := int(b - 'A')
		if isDigit(b) {
			value = int(b - '0')
		}
		if i%2 == 0 {
			value = strings.IndexByte(odd, byte('A'+value))
		}
		sum += value
	}
	return id[15] == byte('A'+sum%26) && isUpper(id[0]) && isUpper(id[5]) && isUpper(id[8]) && isUpper(id[11])
}

// jmbg checks the number that Yugoslavia introduced.
func jmbg(id []byte) bool {
	if !digitsOnly(id, 13) || !dated(id, 2, 0) {
		return false
	}
	rest := 11 - weigh(id, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11
	return rest == 11 && id[12] == '0' || rest == digit(id, 12)
}

// luxembourgish checks a number that begins with a date of birth and ends in two
// check digits, each of what stands before both.
func luxembourgish(id []byte) bool {
	if !digitsOnly(id, 13) || !dated(id, 4, 6) || !luhn(id[:12]) {
		return false
	}
	var number [12]byte
	copy(number[:], id[:11])
	number[11] = id[12]
	return verhoeff(number[:])
}

// russianTax checks the INN of a company, ten digits, or of a person, twelve.
func russianTax(id []byte) bool {
	if digitsOnly(id, 10) {
		return weigh(id, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == digit(id, 9)
	}
	return digitsOnly(id, 12) && weigh(id, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == digit(id, 10) &&
		weigh(id, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10 == digit(id, 11)
}
