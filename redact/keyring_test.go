package redact

import (
	"bytes"
	"strings"
	"testing"
)

func TestKeyringEpochs(t *testing.T) {
	first, second := bytes.Repeat([]byte("a"), 32), bytes.Repeat([]byte("b"), 32)
	old, err := NewKeyring(first)
	if err != nil {
		t.Fatal(err)
	}
	both, err := NewKeyring(first, second)
	if err != nil {
		t.Fatal(err)
	}
	value := []byte("planted")
	if got := both.Fingerprints(value); len(got) != 2 || got[0] != both.Fingerprint(value) || got[1] != old.Fingerprint(value) {
		t.Errorf("fingerprints %q", got)
	}
	tokens := both.Tokens(value)
	act, err := ParseAction("token", both)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(act.Append(nil, &Rule{ID: "x"}, value)); text != "[REDACTED:x:"+tokens[0]+"]" || !strings.HasPrefix(tokens[1], "e1-") || len(tokens) != 2 {
		t.Errorf("tokens %q, and %s is written", tokens, text)
	}
}
