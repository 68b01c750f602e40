package scrub

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

// repetitive returns records that have names and values in common, with findings in some
// of the places where others have the same value.
func repetitive(g *rand.Rand, n int) (lines []string) {
	names := []string{"msg", "password", "pin", "level", "a", "userPassword", "msg ", secret, "aŀb"}
	values := []string{`"info"`, `"hunter2"`, `1234`, `"` + secret + `"`, `"password: hunter2"`, `null`, `true`,
		`"key ` + secret + `"`, `"cGFzc3dvcmQ6IGh1bnRlcjIK"`, `""`, `"` + strings.Repeat("x", maxSeen) + `"`, `{"pin":1234,"n":1234}`, `["hunter2","info"]`}
	for i := range n {
		var members []string
		for range 1 + g.IntN(6) {
			members = append(members, fmt.Sprintf("%q:%s", names[g.IntN(len(names))], values[g.IntN(len(values))]))
		}
		if i%3 == 0 {
			members = append(members, fmt.Sprintf(`"id":"%d"`, i))
		}
		lines = append(lines, "{"+strings.Join(members, ",")+"}\n")
	}
	return lines
}

// TestSeen has a payload of many records scrubbed as its records are one by one, which have
// too few fields for any to be remembered.
func TestSeen(t *testing.T) {
	p := policy(t, "token")
	keys, err := redact.NewKeyring([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	g := rand.New(rand.NewPCG(7, 7))
	s := Acquire(p, keys)
	defer s.Release()
	for round := range 30 {
		lines := repetitive(g, 10+round*20)
		var want []byte
		var hits []Hit
		for _, line := range lines {
			one := Acquire(p, keys)
			res, err := one.Body([]byte(line), Meta{ContentType: "application/x-ndjson"})
			if err != nil {
				t.Fatal(err)
			}
			want, hits = append(want, res.Body...), append(hits, res.Hits...)
			one.Release()
		}
		whole := []byte(strings.Join(lines, ""))
		res, err := s.Body(whole, Meta{ContentType: "application/x-ndjson"})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(res.Body, want) || !slices.Equal(res.Hits, hits) {
			t.Fatalf("round %d: %d hits, want %d\ngot  %q\nwant %q", round, len(res.Hits), len(hits), res.Body, want)
		}
		if round > 5 && len(s.v.seen.texts) == 0 {
			t.Fatal("nothing was remembered")
		}
		if len(s.v.seen.texts) > maxSeenTexts {
			t.Fatalf("%d bytes are remembered", len(s.v.seen.texts))
		}
	}
}

// TestSeenIsWiped looks for text of a payload in what the next one gets.
func TestSeenIsWiped(t *testing.T) {
	s := Acquire(policy(t, "mask"), nil)
	if _, err := s.Body([]byte(strings.Join(repetitive(rand.New(rand.NewPCG(1, 1)), 200), "")), Meta{ContentType: "application/x-ndjson"}); err != nil {
		t.Fatal(err)
	}
	texts := s.v.seen.texts
	if !bytes.Contains(texts, []byte("info")) {
		t.Fatal("nothing was remembered")
	}
	v := &s.v
	s.Release()
	if len(bytes.Trim(texts[:cap(texts)], "\x00")) > 0 || v.last != (lastHit{}) {
		t.Error("a payload is remembered beyond its end")
	}
}

// An equal field elsewhere is another field: an entry of an allowlist holds for its path,
// a rule for its names.
func TestSeenTellsPathsAndNames(t *testing.T) {
	p := policy(t, "token")
	keys, err := redact.NewKeyring([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for range 100 { // nothing is found in these
		lines = append(lines, fmt.Sprintf(`{"note":"hunter2","a":{"note":"hunter2"},"n":1234,"list":["hunter2"],"t":%q}`, "plain"))
	}
	for _, last := range []string{`{"password":"hunter2"}`, `{"a":{"password":"hunter2"}}`, `{"pin":1234}`, `{"pin":"1234"}`, `{"note":"` + secret + `"}`} {
		whole := strings.Join(append(slices.Clone(lines), last), "\n") + "\n"
		s := Acquire(p, keys)
		res, err := s.Body([]byte(whole), Meta{ContentType: "application/x-ndjson"})
		if err != nil {
			t.Fatal(err)
		}
		one := Acquire(p, keys)
		alone, err := one.Body([]byte(last+"\n"), Meta{ContentType: "application/x-ndjson"})
		if err != nil || len(alone.Hits) == 0 {
			t.Fatalf("%s: %+v, %v", last, alone.Hits, err)
		}
		if !slices.Equal(res.Hits, alone.Hits) || !strings.HasSuffix(string(res.Body), string(alone.Body)) {
			t.Errorf("%s: %+v, alone %+v", last, res.Hits, alone.Hits)
		}
		one.Release()
		s.Release()
	}
}
