package scrub

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/redact"
)

// laneRules are of the kinds that matter to a text that comes in pieces: announced at the
// beginning, by a name before the secret, and only behind it.
var laneRules = []redact.Rule{
	{ID: "prefixed", Pattern: `\btok_[a-z0-9]{12,40}\b`},
	{ID: "named", Pattern: `(?i)password\s{0,3}[:=]\s{0,3}(?P<secret>[^\s"\\]{6,40})`},
	{ID: "card", Pattern: `\b4[0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}\b`},
	{ID: "late", Pattern: `\b[0-9a-f]{16}-us[0-9]\b`},
	{ID: "block", Pattern: `-----BEGIN KEY-----[\sA-Za-z0-9+/=]{10,900}-----END KEY-----`},
}

var laneSecrets = []string{"tok_abcdef123456", "hunter2hunter2", "4111 1111 1111 1111", "0123456789abcdef-us1",
	"-----BEGIN KEY-----\nMIIabc\nabcdefgh\n-----END KEY-----"}

const laneText = "Here you are: tok_abcdef123456. The password: hunter2hunter2 is for\nthe account, card 4111 1111 1111 1111 " +
	"pays; 0123456789abcdef-us1 sends.\n-----BEGIN KEY-----\nMIIabc\nabcdefgh\n-----END KEY-----\nThat was all of it, password none."

const cleanText = "The quick brown fox, at 12:30, passes word for word over 4 lazy dogs (token by token), tok_ 41 -----BEGIN\nand so on."

func lanePolicy(t testing.TB) *Policy {
	t.Helper()
	set, err := redact.Compile(laneRules, redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &Policy{Set: set}
}

// A dialogue is a way to put a text into events, and to read it from them.
type dialogue struct {
	name  string
	event func(i int, piece string) string
	read  func(event string) (piece string, ok bool)
}

func jsonPiece(t testing.TB, event string, into any) bool {
	_, data, ok := strings.Cut(event, "data: ")
	if !ok || !strings.HasPrefix(data, "{") {
		return false
	}
	if err := json.Unmarshal([]byte(data), into); err != nil {
		t.Fatalf("%v: %q", err, event)
	}
	return true
}

func quote(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

func dialogues(t testing.TB) []dialogue {
	type choices struct {
		Choices []struct {
			Index int
			Delta struct{ Content string }
		}
	}
	return []dialogue{
		{"chat", func(i int, piece string) string {
			return fmt.Sprintf("data: {\"id\":\"chat-1234\",\"object\":\"chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%s}}]}\n\n", quote(piece))
		}, func(event string) (string, bool) {
			var c choices
			if !jsonPiece(t, event, &c) || c.Choices[0].Index != 0 {
				return "", false
			}
			return c.Choices[0].Delta.Content, true
		}},
		{"two at a time", func(i int, piece string) string {
			other := fmt.Sprintf("data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"%d and \"}}]}\n\n", i)
			return other + fmt.Sprintf("event: delta\nid: %d\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s}}]}\n\n", i, quote(piece))
		}, func(event string) (string, bool) {
			var c choices
			if !jsonPiece(t, event, &c) || c.Choices[0].Index != 0 {
				return "", false
			}
			return c.Choices[0].Delta.Content, true
		}},
		{"content blocks", func(i int, piece string) string {
			ping := ""
			if i%3 == 0 {
				ping = ": ping\r\n\r\n"
			}
			return ping + fmt.Sprintf("event: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":%s}}\r\n\r\n", quote(piece))
		}, func(event string) (string, bool) {
			var d struct{ Delta struct{ Text string } }
			ok := jsonPiece(t, event, &d)
			return d.Delta.Text, ok
		}},
		{"plain", func(i int, piece string) string {
			return "data: " + strings.ReplaceAll(piece, "\n", "\ndata: ") + "\n\n"
		}, func(event string) (string, bool) {
			event = "\n" + strings.TrimSuffix(event, "\n\n")
			if !strings.HasPrefix(event, "\ndata: ") {
				return "", false
			}
			return strings.TrimPrefix(strings.ReplaceAll(event, "\ndata: ", "\n"), "\n"), true
		}},
	}
}

// cutText cuts text into pieces; a cut in white space would give a plain event that is
// none.
func cutText(text string, r *rand.Rand, most int) (pieces []string) {
	for len(text) > 0 {
		n := min(len(text), 1+r.IntN(most))
		pieces = append(pieces, text[:n])
		text = text[n:]
	}
	return pieces
}

// said returns the text in the events of a stream.
func said(d dialogue, stream string) string {
	var b strings.Builder
	stream = strings.ReplaceAll(stream, "\r\n", "\n")
	for _, event := range strings.SplitAfter(stream, "\n\n") {
		if piece, ok := d.read(event); ok {
			b.WriteString(piece)
		}
	}
	return b.String()
}

// redacted is what becomes of a text in one piece.
func redacted(t testing.TB, p *Policy, text string) string {
	out, _, _, err := p.Set.Append(p.Set.NewScratch(), nil, nil, redact.Field{Value: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

var eventStream = Meta{ContentType: "text/event-stream"}

func TestSecretsOverEvents(t *testing.T) {
	p := lanePolicy(t)
	p.MaxDelay = time.Minute
	want := redacted(t, p, laneText)
	for _, s := range laneSecrets {
		if strings.Contains(want, s) {
			t.Fatalf("%q is not found at all", s)
		}
	}
	for _, d := range dialogues(t) {
		t.Run(d.name, func(t *testing.T) {
			for seed := range uint64(60) {
				r := rand.New(rand.NewPCG(seed, 1))
				var in strings.Builder
				for i, piece := range cutText(laneText, r, 1+int(seed%20)) {
					in.WriteString(d.event(i, piece))
				}
				s := Acquire(p, nil)
				res, err := s.Body([]byte(in.String()), eventStream)
				if err != nil {
					t.Fatal(err)
				}
				if got := said(d, string(res.Body)); got != want {
					t.Fatalf("seed %d:\n got %q\nwant %q", seed, got, want)
				}
				if len(res.Hits) != len(laneSecrets) {
					t.Fatalf("seed %d: %d hits: %v", seed, len(res.Hits), res.Hits)
				}
				s.Release()
				// As a stream, the beginning of a word may be gone before it is known to be
				// one of a secret, at the beginning of all.
				s = Acquire(p, nil)
				var out bytes.Buffer
				if _, err := s.Stream(&out, &prompt{dripping{r: r, b: []byte(in.String())}}, eventStream); err != nil {
					t.Fatal(err)
				}
				got := said(d, out.String())
				for _, secret := range laneSecrets {
					for i := range len(secret) - 8 {
						if part := secret[i : i+8]; !strings.HasPrefix(part, "-") && strings.Contains(got, part) {
							t.Fatalf("seed %d: %q in the stream %q", seed, part, got)
						}
					}
				}
				s.Release()
			}
		})
	}
}

func TestCleanEventsAreUntouched(t *testing.T) {
	p := lanePolicy(t)
	for _, d := range dialogues(t) {
		for seed := range uint64(40) {
			r := rand.New(rand.NewPCG(seed, 2))
			var in strings.Builder
			for i, piece := range cutText(cleanText, r, 1+int(seed%20)) {
				in.WriteString(d.event(i, piece))
			}
			s := Acquire(p, nil)
			res, err := s.Body([]byte(in.String()), eventStream)
			if err != nil || res.Changed || len(res.Hits) > 0 {
				t.Fatalf("%s, seed %d: %v %v %q", d.name, seed, err, res.Hits, res.Body)
			}
			s.Release()
			s = Acquire(p, nil)
			var out bytes.Buffer
			res, err = s.Stream(&out, &dripping{r: r, b: []byte(in.String())}, eventStream)
			if err != nil || out.String() != in.String() || len(res.Hits) > 0 {
				t.Fatalf("%s, seed %d: %v %v %q", d.name, seed, err, res.Hits, out.String())
			}
			s.Release()
		}
	}
}

// dripping brings a few bytes at a time.
type dripping struct {
	r *rand.Rand
	b []byte
}

func (d *dripping) Read(p []byte) (int, error) {
	if len(d.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1+d.r.IntN(90))], d.b)
	d.b = d.b[n:]
	return n, nil
}

// prompt is a Patient that never pauses.
type prompt struct{ dripping }

func (p *prompt) ReadBefore(b []byte, _ time.Time) (int, error) { return p.Read(b) }

// hesitant is a Patient that pauses wherever it likes, each time for longer than it may.
type hesitant struct {
	dripping
	pauses int
}

func (h *hesitant) ReadBefore(p []byte, t time.Time) (int, error) {
	if !t.IsZero() && h.r.IntN(3) == 0 {
		h.pauses++
		return 0, ErrWaiting
	}
	return h.dripping.Read(p)
}

// TestPausesLetNoSecretOut asks that whatever pauses there are, no secret is let out, and
// that what is let out is the text but for what was masked.
func TestPausesLetNoSecretOut(t *testing.T) {
	p := lanePolicy(t)
	p.MaxDelay = time.Minute
	for _, d := range append(dialogues(t), dialogue{name: "text"}) {
		paused := 0
		for seed := range uint64(100) {
			r := rand.New(rand.NewPCG(seed, 3))
			in, meta := laneText, Meta{ContentType: "text/plain"}
			if d.event != nil {
				in, meta = "", eventStream
				for i, piece := range cutText(laneText, r, 1+int(seed%20)) {
					in += d.event(i, piece)
				}
			}
			s := Acquire(p, nil)
			var out bytes.Buffer
			src := &hesitant{dripping: dripping{r: r, b: []byte(in)}}
			if _, err := s.Stream(&out, src, meta); err != nil {
				t.Fatal(err)
			}
			s.Release()
			paused += src.pauses
			got := out.String()
			if d.event != nil {
				got = said(d, got)
			}
			for _, secret := range laneSecrets {
				if strings.Contains(got, secret) {
					t.Fatalf("%s, seed %d: %q in %q", d.name, seed, secret, got)
				}
			}
			for _, rest := range []string{"Here you are: ", " is for\nthe account, ", " sends.\n", "That was all of it, "} {
				if !strings.Contains(got, rest) {
					t.Fatalf("%s, seed %d: no %q in %q", d.name, seed, rest, got)
				}
			}
		}
		if paused == 0 {
			t.Errorf("%s: nothing was ever waited for", d.name)
		}
	}
}

// TestLanesDoNotWaitInVain asks that events which nothing has begun in go on at once, and
// those in which a secret is whole.
func TestLanesDoNotWaitInVain(t *testing.T) {
	s := Acquire(lanePolicy(t), nil)
	defer s.Release()
	in, feed := io.Pipe()
	out, sink := io.Pipe()
	go func() {
		_, err := s.Stream(sink, in, eventStream)
		sink.CloseWithError(err)
	}()
	for _, tt := range []struct{ event, want string }{
		{"data: {\"text\":\"hello wor\"}\n\n", ""},
		{": ping\n\n", ""},
		{"data: {\"text\":\"my password\"}\n\n", ""},
		{"data: {\"text\":\" is: tok_abcdef123456\"}\n\n", "data: {\"text\":\" is: [REDACTED:prefixed]\"}\n\n"},
		{"data: {\"text\":\"7890 and more\"}\n\n", "data: {\"text\":\" and more\"}\n\n"},
	} {
		if _, err := io.WriteString(feed, tt.event); err != nil {
			t.Fatal(err)
		}
		if tt.want == "" {
			tt.want = tt.event
		}
		got := make([]byte, len(tt.want))
		if _, err := io.ReadFull(out, got); err != nil || string(got) != tt.want {
			t.Fatalf("%q: got %q (%v)", tt.event, got, err)
		}
	}
	feed.Close()
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("%q %v", rest, err)
	}
}

// FuzzSecretsOverEvents cuts any text with secrets in it anywhere.
func FuzzSecretsOverEvents(f *testing.F) {
	f.Add("see ", " and ", []byte{3, 1, 4, 1, 5})
	f.Add("password=", "\n", []byte{1})
	f.Add("{\"a\":\"", "\"}", []byte{200, 2})
	p := lanePolicy(f)
	all := dialogues(f)
	f.Fuzz(func(t *testing.T, before, behind string, cuts []byte) {
		if len(before)+len(behind) > 2000 || len(cuts) == 0 || !json.Valid([]byte(quote(before))) {
			return
		}
		secret := laneSecrets[0]
		text := before + " " + secret + " " + behind
		if strings.Contains(redacted(t, p, text), secret) {
			return // its surroundings say that it is none
		}
		d := all[len(before)%3]
		var in strings.Builder
		for i := 0; len(text) > 0; i++ {
			n := min(len(text), 1+int(cuts[i%len(cuts)]))
			in.WriteString(d.event(i, text[:n]))
			text = text[n:]
		}
		s := Acquire(p, nil)
		defer s.Release()
		res, err := s.Body([]byte(in.String()), eventStream)
		if err != nil {
			return
		}
		if got := said(d, string(res.Body)); strings.Contains(got, secret) {
			t.Fatalf("%q of %q", got, in.String())
		}
	})
}
