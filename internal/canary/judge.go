package canary

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
)

// Outcome is what became of a canary.
type Outcome uint8

// The outcomes, best first.
const (
	Clean   Outcome = iota // its secrets did not arrive
	Refused                // nothing arrived, and the sender was told so
	Off                    // it arrived: its rule is not on there, or it is out of scope
	Shadow                 // it arrived: findings are only counted there
	Broken                 // its secrets did not arrive, and the payload that did can't be read
	Lost                   // nothing arrived, and nobody was told
	Leaked                 // it arrived
	outcomes
)

var outcomeNames = [outcomes]string{"clean", "refused", "off", "shadow", "broken", "lost", "leaked"}

// String returns the name of o, as metrics and statements have it.
func (o Outcome) String() string { return outcomeNames[o] }

// Outcomes returns the names of all outcomes, best first.
func Outcomes() []string { return outcomeNames[:] }

// Count is a number of canaries for each outcome.
type Count [outcomes]int

// Add adds the numbers of another.
func (c *Count) Add(o Count) {
	for i := range c {
		c[i] += o[i]
	}
}

// Arrival is what came out of the hop.
type Arrival struct {
	// State says whether something did: Clean for that it did, else Refused or Lost.
	State Outcome
	// Body is the payload without its content codings; nil where it can't be decoded.
	Body []byte
	// Rewritten says that the hop is free to put another payload in the place of this one,
	// which then is not broken.
	Rewritten bool
}

// Judge says what became of each canary of a payload. expect says what is to become of the
// canaries of a rule that arrive: Off and Shadow excuse them.
func Judge(f *Format, sent []Canary, a Arrival, expect func(rule string) Outcome) []Outcome {
	out := make([]Outcome, len(sent))
	if a.State != Clean {
		for i := range out {
			out[i] = a.State
		}
		return out
	}
	found, err := f.Read(a.Body, sent)
	anywhere := search(string(a.Body), sent)
	for i := range sent {
		arrived := anywhere[i]
		if err == nil {
			arrived = arrived || sent[i].In(found[i])
		}
		switch e := expect(sent[i].Rule); {
		case arrived && (e == Off || e == Shadow):
			out[i] = e
		case arrived:
			out[i] = Leaked
		case err != nil && !a.Rewritten:
			out[i] = Broken
		}
	}
	return out
}

// In reports whether a secret of c stands in text.
func (c *Canary) In(text string) bool {
	for _, s := range c.Secrets {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// window is how many bytes of a form are looked up at once.
const window = 8

// form is a secret as it may stand in a payload.
type form struct {
	text string
	of   int // canary
}

// search says which canaries have a secret somewhere in body, as it is or in a form in
// which formats hide it. It knows those that are fresh, and long enough to be nothing else.
func search(body string, sent []Canary) []bool {
	found := make([]bool, len(sent))
	index := map[string][]form{}
	for i := range sent {
		for _, s := range sent[i].Secrets {
			if !sent[i].Fresh || len(s) < 2*window {
				continue
			}
			for _, text := range forms(s) {
				index[text[:window]] = append(index[text[:window]], form{text, i})
			}
		}
	}
	for at := 0; at+window <= len(body); at++ {
		for _, f := range index[body[at:at+window]] {
			if strings.HasPrefix(body[at:], f.text) {
				found[f.of] = true
			}
		}
	}
	return found
}

// forms returns a secret of at least two windows as it may stand in a payload: as it is,
// escaped, in hexadecimal digits, and in base64 at any alignment.
func forms(secret string) []string {
	all := []string{secret, hex.EncodeToString([]byte(secret))}
	if text, err := marshal(secret); err == nil && len(text) != len(secret)+2 {
		all = append(all, string(text[1:len(text)-1]))
	}
	if text := url.QueryEscape(secret); text != secret {
		all = append(all, text)
	}
	for skip := range 3 {
		whole := secret[skip : len(secret)-(len(secret)-skip)%3]
		all = append(all, base64.StdEncoding.EncodeToString([]byte(whole)))
	}
	return all
}
