package errlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// sealer encrypts originals to keys of age, so that redactd itself can't open them.
type sealer struct{ to []age.Recipient }

// newSealer reads public keys, each "age1..."; nil without one.
func newSealer(keys []string) (*sealer, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	s := &sealer{}
	for i, key := range keys {
		r, err := parseRecipient(key)
		if err != nil {
			return nil, fmt.Errorf("seal_to[%d]: %w", i, err)
		}
		s.to = append(s.to, r)
	}
	return s, nil
}

// seal returns text encrypted. It keeps nothing of text.
func (s *sealer) seal(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, s.to...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Unseal opens what was sealed with the private keys in identities, a file as age-keygen
// writes it.
func Unseal(sealed []byte, identities io.Reader) ([]byte, error) {
	ids, err := age.ParseIdentities(identities)
	if err != nil {
		// Its text may quote what it could not read, which is a key.
		return nil, fmt.Errorf("there is no identity of age in the file (AGE-SECRET-KEY-1...)")
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), ids...)
	if err != nil {
		return nil, fmt.Errorf("it does not open: %w", err)
	}
	return io.ReadAll(r)
}

// parseRecipient reads a public key. Its error does not quote it, since it may be a private
// one.
func parseRecipient(key string) (age.Recipient, error) {
	if strings.HasPrefix(strings.ToUpper(key), "AGE-SECRET-KEY") {
		return nil, errors.New(`is a private key, which must not be here (the public one: "age1...")`)
	}
	rs, err := age.ParseRecipients(strings.NewReader(key))
	if err != nil || len(rs) != 1 {
		return nil, errors.New(`is no public key of age ("age1...", as age-keygen -y prints it)`)
	}
	return rs[0], nil
}
