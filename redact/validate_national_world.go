package redact

import "strings"

// Numbers of Asia, Africa, Oceania and the Americas, as the authorities of each
// country describe them.
func init() {
	registerNational(map[string]func([]byte) bool{
		// Africa and the Near East
		"ae-eid": func(id []byte) bool { return digitsOnly(id, 15) && string(id[:3]) == "784" && luhn(id) },
		"il-id":  func(id []byte) bool { return digitsOnly(id, 9) && luhn(id) },
		"ir-id": func(id []byte) bool {
			if !digitsOnly(id, 10) {
				return false
			}
			rest := weigh(id, 10, 9, 8, 7, 6, 5, 4, 3, 2) % 11
			return rest < 2 && rest == digit(id, 9) || rest > 1 && 11-rest == digit(id, 9)
		},
		"kw-civil": func(id []byte) bool {
			return digitsOnly(id, 12) && dated(id, 3, 5) && 11-weigh(id, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)%11 == digit(id, 11)
		},
		"ng-nin": func(id []byte) bool { return digitsOnly(id, 11) && verhoeff(id) },
		"sa-id":  func(id []byte) bool { return digitsOnly(id, 10) && (id[0] == '1' || id[0] == '2') && luhn(id) },
		"za-id":  func(id []byte) bool { return digitsOnly(id, 13) && dated(id, 2, 4) && luhn(id) },

		// Asia
		"cn-ric": chinese,
		"hk-id":  hongkong,
		"in-aadhaar": func(id []byte) bool {
			return digitsOnly(id, 12) && id[0] > '1' && verhoeff(id)
		},
		"in-gstin": indianTax,
		"jp-my": func(id []byte) bool {
			if !digitsOnly(id, 12) {
				return false
			}
			rest := weigh(id, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11
			return rest < 2 && id[11] == '0' || rest > 1 && 11-rest == digit(id, 11)
		},
		"kr-rrn": func(id []byte) bool {
			return digitsOnly(id, 13) && dated(id, 2, 4) && (11-weigh(id, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)%11)%10 == digit(id, 12)
		},
		"kr-brn": func(id []byte) bool {
			return digitsOnly(id, 10) && (10-(weigh(id, 1, 3, 7, 1, 3, 7, 1, 3, 5)+digit(id, 8)*5/10)%10)%10 == digit(id, 9)
		},
		"kz-iin": func(id []byte) bool {
			if !digitsOnly(id, 12) {
				return false
			}
			rest := weigh(id, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) % 11
			if rest == 10 {
				rest = weigh(id, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2) % 11
			}
			return rest == digit(id, 11)
		},
		"sg-nric": singaporean,
		"th-id": func(id []byte) bool {
			return digitsOnly(id, 13) && id[0] != '0' && (11-weigh(id, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11)%10 == digit(id, 12)
		},
		"tw-id": func(id []byte) bool {
			if len(id) != 10 || !isNumber(id[1:]) {
				return false
			}
			letter := strings.IndexByte("ABCDEFGHJKLMNPQRSTUVXYWZIO", id[0]) + 10
			return letter > 9 && (letter/10+letter%10*9+weigh(id[1:], 8, 7, 6, 5, 4, 3, 2, 1, 1))%10 == 0
		},

		// Oceania
		"au-abn": func(id []byte) bool {
			return digitsOnly(id, 11) && id[0] != '0' && (weigh(id, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)-10)%89 == 0
		},
		"au-acn": func(id []byte) bool {
			return digitsOnly(id, 9) && (10-weigh(id, 8, 7, 6, 5, 4, 3, 2, 1)%10)%10 == digit(id, 8)
		},
		"au-medicare": func(id []byte) bool {
			return (digitsOnly(id, 10) || digitsOnly(id, 11)) && id[0] >= '2' && id[0] <= '6' &&
				weigh(id, 1, 3, 7, 9, 1, 3, 7, 9)%10 == digit(id, 8)
		},
		"au-tfn": func(id []byte) bool {
			return digitsOnly(id, 9) && weigh(id, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0 ||
				digitsOnly(id, 8) && weigh(id, 10, 7, 8, 4, 6, 3, 5, 1)%11 == 0
		},
		"nz-ird": func(id []byte) bool {
			var number [9]byte
			switch {
			case digitsOnly(id, 9):
				copy(number[:], id)
			case digitsOnly(id, 8):
				number[0] = '0'
				copy(number[1:], id)
			default:
				return false
			}
			check := (11 - weigh(number[:], 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
			if check == 10 {
				check = (11 - weigh(number[:], 7, 4, 3, 2, 5, 2, 7, 6)%11) % 11
			}
			return check == digit(number[:], 8)
		},

		// The Americas
		"ar-cuit": func(id []byte) bool {
			return digitsOnly(id, 11) && (id[0] == '2' || id[0] == '3') && (11-weigh(id, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%11 == digit(id, 10)
		},
		"br-cpf": func(id []byte) bool {
			return digitsOnly(id, 11) && elevenDown(weigh(id, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == digit(id, 9) &&
				elevenDown(weigh(id, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == digit(id, 10)
		},
		"br-cnpj": func(id []byte) bool {
			return digitsOnly(id, 14) && elevenDown(weigh(id, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == digit(id, 12) &&
				elevenDown(weigh(id, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == digit(id, 13)
		},
		"ca-sin": func(id []byte) bool { return digitsOnly(id, 9) && id[0] != '0' && id[0] != '8' && luhn(id) },
		"cl-rut": func(id []byte) bool {
			n := len(id) - 1
			if n != 7 && n != 8 || !isNumber(id[:n]) {
				return false
			}
			sum := 0
			for i := range n {
				sum += digit(id, n-1-i) * (i%6 + 2)
			}
			return id[n] == "0K987654321"[sum%11]
		},
		"co-nit": func(id []byte) bool {
			n := len(id) - 1
			if n < 8 || n > 10 || !isNumber(id) {
				return false
			}
			sum := 0
			for i := range n {
				sum += digit(id, n-1-i) * [...]int{3, 7, 13, 17, 19, 23, 29, 37, 41, 43}[i]
			}
			return int("01987654321"[sum%11]-'0') == digit(id, n)
		},
		"do-cedula": func(id []byte) bool { return digitsOnly(id, 11) && luhn(id) },
		"ec-ci": func(id []byte) bool {
			return digitsOnly(id, 10) && modulo(id[:2], 100) >= 1 && modulo(id[:2], 100) <= 30 && id[2] < '6' && luhn(id)
		},
		"gt-cui": func(id []byte) bool {
			return digitsOnly(id, 13) && weigh(id, 2, 3, 4, 5, 6, 7, 8, 9)%11 == digit(id, 8)
		},
		"mx-curp": func(id []byte) bool {
			if len(id) != 18 || !isDigit(id[17]) || !isNumber(id[4:10]) {
				return false
			}
			sum := 0
			for i, b := range id[:17] {
				value := int(b - '0')
				if isUpper(b) {
					if value = int(b-'A') + 10; b > 'N' {
						value++ // the alphabet has Ñ
					}
				}
				sum += value * (18 - i)
			}
			return (10-sum%10)%10 == digit(id, 17)
		},
		"pe-ruc": func(id []byte) bool {
			return digitsOnly(id, 11) && (id[0] == '1' || id[0] == '2') && (11-weigh(id, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%10 == digit(id, 10)
		},
		"us-aba": func(id []byte) bool {
			if !digitsOnly(id, 9) {
				return false
			}
			area := modulo(id[:2], 100)
			return (area <= 12 || area >= 21 && area <= 32 || area >= 61 && area <= 72 || area == 80) &&
				weigh(id, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0
		},
		"us-npi": func(id []byte) bool {
			var number [15]byte
			copy(number[:], "80840")
			return digitsOnly(id, 10) && copy(number[5:], id) == 10 && luhn(number[:])
		},
		"us-dea": func(id []byte) bool {
			return len(id) == 9 && isUpper(id[0]) && isNumber(id[2:]) && weigh(id[2:], 1, 2, 1, 2, 1, 2)%10 == digit(id, 8)
		},
		"uy-ci": func(id []byte) bool {
			return digitsOnly(id, 8) && (10-weigh(id, 2, 9, 8, 7, 6, 3, 4)%10)%10 == digit(id, 7)
		},
		"ve-rif": func(id []byte) bool {
			if len(id) != 10 || !isNumber(id[1:]) {
				return false
			}
			kind := strings.IndexByte(" VEJPG", id[0])
			if kind < 1 {
				return false
			}
			rest := 11 - (kind*4+weigh(id[1:], 3, 2, 7, 6, 5, 4, 3, 2))%11
			return rest%11%10 == digit(id, 9)
		},
		"vin": vehicle,
	})
}

// elevenDown returns the check digit of Brazil's numbers for a weighted sum.
func elevenDown(sum int) int { return (11 - sum%11) % 11 % 10 }

// chinese checks a resident identity number (GB 11643, ISO/IEC 7064 MOD 11-2).
func chinese(id []byte) bool {
	return len(id) == 18 && isNumber(id[:17]) && dated(id, 10, 12) &&
		id[17] == "10X98765432"[weigh(id, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)%11]
}

// hongkong checks an identity card: one letter or two, six digits, one to check.
func hongkong(id []byte) bool {
	n := len(id)
	if n != 8 && n != 9 || !isNumber(id[n-7:n-1]) || !isUpper(id[0]) || !isUpper(id[n-8]) {
		return false
	}
	sum := 36 * 9 // a blank where there is one letter
	if n == 9 {
		sum = (int(id[0]-'A') + 10) * 9
	}
	sum += (int(id[n-8]-'A')+10)*8 + weigh(id[n-7:], 7, 6, 5, 4, 3, 2)
	return id[n-1] == "0A987654321"[sum%11]
}

// indianTax checks a GSTIN: each character counts by its place in 0-9A-Z.
func indianTax(id []byte) bool {
	if len(id) != 15 || !isNumber(id[:2]) || id[13] != 'Z' {
		return false
	}
	sum := 0
	for i, b := range id[:14] {
		p := base36(b) * (1 + i%2)
		sum += p/36 + p%36
	}
	return (36-sum%36)%36 == base36(id[14])
}

func base36(b byte) int {
	if isDigit(b) {
		return int(b - '0')
	}
	return int(b-'A') + 10
}

// singaporean checks an NRIC or FIN.
func singaporean(id []byte) bool {
	if len(id) != 9 || !isNumber(id[1:8]) {
		return false
	}
	sum := weigh(id[1:], 2, 7, 6, 5, 4, 3, 2)
	switch id[0] {
	case 'S':
		return id[8] == "JZIHGFEDCBA"[sum%11]
	case 'T':
		return id[8] == "JZIHGFEDCBA"[(sum+4)%11]
	case 'F':
		return id[8] == "XWUTRQPNMLK"[sum%11]
	case 'G':
		return id[8] == "XWUTRQPNMLK"[(sum+4)%11]
	case 'M':
		return id[8] == "XWUTRQPNJLK"[(sum+3)%11]
	}
	return false
}

// vehicle checks a vehicle identification number (ISO 3779, 49 CFR 565.15).
func vehicle(id []byte) bool {
	if len(id) != 17 {
		return false
	}
	const letters = "12345678012345070923456789" // I, O and Q stand in none
	sum := 0
	for i, b := range id {
		value := int(b - '0')
		if isUpper(b) {
			if b == 'I' || b == 'O' || b == 'Q' {
				return false
			}
			value = int(letters[b-'A'] - '0')
		}
		sum += value * [...]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2}[i]
	}
	return id[8] == "0123456789X"[sum%11]
}
