package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// minKey is the least length, in bytes, of a key.
const minKey = 16

// Keyring holds the keys of tokens and fingerprints by epoch. It is immutable,
// safe for concurrent use, and prints as redacted.
type Keyring struct{ keys [][]byte }

// NewKeyring returns a keyring whose last key is the current one; epochs count
// from 1 in the order given. A key has at least 16 bytes. The keys are copied.
func NewKeyring(keys ...[]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("no key given")
	}
	k := &Keyring{}
	for i, key := range keys {
		if len(key) < minKey {
			return nil, fmt.Errorf("key %d has fewer than %d bytes", i+1, minKey)
		}
		k.keys = append(k.keys, slices.Clone(key))
	}
	return k, nil
}

// String hides the keys.
func (k *Keyring) String() string { return "[hidden]" }

// GoString hides the keys.
func (k *Keyring) GoString() string { return "[hidden]" }

// Epoch returns the number of the current key.
func (k *Keyring) Epoch() int { return len(k.keys) }

// Fingerprint returns the keyed fingerprint of a value under the current key:
// "e1-" (the epoch) and 26 characters, HMAC-SHA-256 cut to 128 bits in base32.
// It differs from the value's token, so that a reader of logs can't look a
// token up in the audit trail without the key.
func (k *Keyring) Fingerprint(value []byte) string {
	return string(k.append(make([]byte, 0, 40), "fingerprint", value))
}

// Fingerprints returns the fingerprints of a value under all keys, the current one first.
func (k *Keyring) Fingerprints(value []byte) []string { return k.all("fingerprint", value) }

// Tokens returns what stands in the tokens of a value, "e1-" and 26 characters, under all
// keys, the current one first.
func (k *Keyring) Tokens(value []byte) []string { return k.all("token", value) }

func (k *Keyring) all(purpose string, value []byte) (list []string) {
	for epoch := len(k.keys); epoch > 0; epoch-- {
		list = append(list, string(k.appendOf(nil, epoch, purpose, value)))
	}
	return list
}

var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func (k *Keyring) append(dst []byte, purpose string, value []byte) []byte {
	return k.appendOf(dst, len(k.keys), purpose, value)
}

// appendOf is append under the key of an epoch.
func (k *Keyring) appendOf(dst []byte, epoch int, purpose string, value []byte) []byte {
	sum := mac(k.keys[epoch-1], purpose, value)
	dst = append(dst, 'e')
	dst = strconv.AppendInt(dst, int64(epoch), 10)
	dst = append(dst, '-')
	return tokenEncoding.AppendEncode(dst, sum[:16])
}

// shortMessage bounds, in bytes, what is hashed without crypto/hmac.
const shortMessage = 512

// mac is the HMAC-SHA-256 of purpose, a zero byte and value. It is computed for
// every finding: done on the stack, as RFC 2104 has it, it takes a third of the
// time of crypto/hmac, which makes four objects.
func mac(key []byte, purpose string, value []byte) [sha256.Size]byte {
	const block = sha256.BlockSize
	n := block + len(purpose) + 1 + len(value)
	if len(key) > block || n > shortMessage {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(purpose))
		h.Write([]byte{0})
		h.Write(value)
		return [sha256.Size]byte(h.Sum(nil))
	}
	var inner [shortMessage]byte
	var outer [block + sha256.Size]byte
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range block {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	copy(inner[block:], purpose)
	copy(inner[block+len(purpose)+1:], value)
	sum := sha256.Sum256(inner[:n])
	copy(outer[block:], sum[:])
	clear(inner[:n])
	return sha256.Sum256(outer[:])
}
