package neutral

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/redactd/redactd/disclosure"
)

// Recognises reports whether the rules of s, among which r is, recognise something in a text
// that is an example of r: a body, or "Name: value" of a header field.
func (s *Set) Recognises(r *disclosure.Rule, text string) bool {
	if r.Part == disclosure.Header {
		name, value, _ := strings.Cut(text, ": ")
		out, remove := s.Header(statusOf(r), name, value)
		return remove || out != value
	}
	res, err := s.Neutralise(s.NewScratch(), Body{statusOf(r), kindOf(r, text), []byte(text)})
	return err != nil || res.Discloses()
}

// TryExample says how an example of r, with what goes marked by spans, is not what s makes of
// it; nil if it is. The error quotes nothing of the text.
func (s *Set) TryExample(r *disclosure.Rule, text string, spans [][2]int) error {
	if !s.Recognises(r, text) {
		return errors.New("is not recognised")
	}
	if r.Part == disclosure.Page {
		return nil
	}
	if len(spans) == 0 {
		return errors.New("has no « and » around what goes")
	}
	out, err := s.left(r, text)
	if err != nil {
		return err
	}
	kept := 0
	for _, span := range spans {
		if gone := bytes.TrimSpace([]byte(text[span[0]:span[1]])); bytes.Contains(out, gone) {
			return fmt.Errorf("bytes %d to %d stay, and are marked", span[0]+1, span[1])
		}
		if !stays(r, out, text[kept:span[0]]) {
			return fmt.Errorf("bytes %d to %d go, and are not marked", kept+1, span[0])
		}
		kept = span[1]
	}
	if !stays(r, out, text[kept:]) {
		return fmt.Errorf("bytes %d to %d go, and are not marked", kept+1, len(text))
	}
	if kindOf(r, text) == JSON && len(out) > 0 && !json.Valid(out) {
		return errors.New("leaves what is no JSON")
	}
	return nil
}

// left returns what is left of an example, nothing where it goes as a whole.
func (s *Set) left(r *disclosure.Rule, text string) ([]byte, error) {
	if r.Part == disclosure.Header {
		name, value, _ := strings.Cut(text, ": ")
		rest, _ := s.Header(statusOf(r), name, value)
		return []byte(name + ": " + rest), nil
	}
	res, err := s.Neutralise(s.NewScratch(), Body{statusOf(r), kindOf(r, text), []byte(text)})
	if err != nil || res.Whole {
		return nil, err
	}
	return res.Text, nil
}

func stays(r *disclosure.Rule, out []byte, text string) bool {
	return len(out) == 0 || r.Part == disclosure.Member || bytes.Contains(out, []byte(strings.TrimSpace(text)))
}

// statusOf returns a status on which the rule counts.
func statusOf(r *disclosure.Rule) int {
	for _, status := range []int{400, 500, 404, 422, 403, 502, 200} {
		if r.OnStatus(status) {
			return status
		}
	}
	for status := 400; status < 600; status++ {
		if r.OnStatus(status) {
			return status
		}
	}
	return 0
}

// kindOf returns what an example is.
func kindOf(r *disclosure.Rule, text string) Kind {
	text = strings.TrimSpace(text)
	switch {
	case len(r.Media) > 0:
		return Kind(r.Media[0])
	case strings.HasPrefix(text, "<?xml") || r.Part == disclosure.Member && strings.HasPrefix(text, "<"):
		return XML
	case strings.HasPrefix(text, "<"):
		return HTML
	case json.Valid([]byte(text)) && text != "":
		return JSON
	}
	return Text
}
