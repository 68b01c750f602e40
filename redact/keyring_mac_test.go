package redact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"testing"
)

// TestMAC holds mac to crypto/hmac at all lengths of keys and values.
func TestMAC(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789 abcdefghijklmnopqrstuvwxyz\x00\xff"), 30)
	for _, key := range []int{16, 32, 63, 64, 65, 200} {
		for n := range 600 {
			h := hmac.New(sha256.New, text[:key])
			h.Write([]byte("purpose\x00"))
			h.Write(text[n/7 : n/7+n])
			if got := mac(text[:key], "purpose", text[n/7:n/7+n]); !bytes.Equal(got[:], h.Sum(nil)) {
				t.Fatalf("key of %d bytes, value of %d: another MAC", key, n)
			}
		}
	}
}

func TestFingerprintAllocates(t *testing.T) {
	k, err := NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	value := []byte("0123456789abcdef")
	if n := testing.AllocsPerRun(100, func() { _ = k.Fingerprint(value) }); n > 1 {
		t.Errorf("%v allocations, want the string alone", n)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	k, err := NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		b.Fatal(err)
	}
	value := bytes.Repeat([]byte("x"), 40)
	b.ReportAllocs()
	for b.Loop() {
		_ = k.Fingerprint(value)
	}
}
