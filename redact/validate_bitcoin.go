package redact

import (
	"bytes"
	"crypto/sha256"
)

// bitcoin accepts an address of Bitcoin whose checksum holds: base58 with four
// bytes of a double SHA-256, or bech32 and bech32m (BIP 173, BIP 350).
func init() { registerPlain("bitcoin", bitcoin) }

func bitcoin(value []byte) bool {
	if len(value) > 3 && (bytes.EqualFold(value[:3], []byte("bc1")) || bytes.EqualFold(value[:3], []byte("tb1"))) {
		return bech32(value)
	}
	return base58Check(value)
}

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// base58Check reports whether value is 25 bytes in base58 that end in the first
// four of the double SHA-256 of those before.
func base58Check(value []byte) bool {
	if len(value) < 26 || len(value) > 35 {
		return false
	}
	var number [25]byte
	for _, b := range value {
		carry := bytes.IndexByte([]byte(base58), b)
		if carry < 0 {
			return false
		}
		for i := len(number) - 1; i >= 0; i-- {
			carry += 58 * int(number[i])
			number[i] = byte(carry)
			carry >>= 8
		}
		if carry != 0 {
			return false
		}
	}
	first := sha256.Sum256(number[:21])
	second := sha256.Sum256(first[:])
	return bytes.Equal(second[:4], number[21:])
}

const bech32Letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// bech32 reports whether the checksum of value holds, of either kind.
func bech32(value []byte) bool {
	const kind1, kindM = 1, 0x2bc830a3
	if len(value) < 14 || len(value) > 90 {
		return false
	}
	sum := uint32(1)
	human := [...]byte{value[0] | 0x20, value[1] | 0x20}
	for _, b := range []byte{human[0] >> 5, human[1] >> 5, 0, human[0] & 31, human[1] & 31} {
		sum = bech32Step(sum, b)
	}
	for _, b := range value[3:] {
		if isUpper(b) {
			b |= 0x20
		}
		d := bytes.IndexByte([]byte(bech32Letters), b)
		if d < 0 {
			return false
		}
		sum = bech32Step(sum, byte(d))
	}
	return sum == kind1 || sum == kindM
}

func bech32Step(sum uint32, value byte) uint32 {
	top := sum >> 25
	sum = sum&0x1ffffff<<5 ^ uint32(value)
	for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			sum ^= g
		}
	}
	return sum
}
