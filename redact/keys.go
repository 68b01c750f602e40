package redact

import "fmt"

// maxKeyWords bounds how many of a name's last words are compared, maxKeyGap how
// many other characters may stand between two of them.
const (
	maxKeyWords = 6
	maxKeyGap   = 8
)

// keyTable finds the rules that apply to a field by its name. A name is cut into
// words at punctuation and at changes from lower to upper case; an entry fits
// when the name's last words, joined, equal it and are cut nowhere but where the
// entry is. A number of one or two digits at the end of a name counts the fields
// of its kind (api_key_2) and is left out where the name fits nothing with it.
type keyTable struct {
	entries map[string][]keyEntry // by joined words, such as "apikey"
}

type keyEntry struct {
	cuts uint64 // bit n: a word may begin at letter n
	rule int32
}

func (t *keyTable) add(key string, rule int32) error {
	words := splitWords(nil, []byte(key))
	if len(words.letters) < gramLen || len(words.letters) > 63 {
		return fmt.Errorf("%q: a name needs 3 to 63 letters or digits", key)
	}
	if t.entries == nil {
		t.entries = map[string][]keyEntry{}
	}
	joined := string(words.letters)
	t.entries[joined] = append(t.entries[joined], keyEntry{cuts: words.cuts, rule: rule})
	return nil
}

// lookup appends the rules that fit name.
func (t *keyTable) lookup(sc *Scratch, dst []int32, name []byte) []int32 {
	if len(t.entries) == 0 || len(name) == 0 {
		return dst
	}
	before := len(dst)
	if dst = t.fits(sc, dst, name); len(dst) > before {
		return dst
	}
	if plain := withoutCount(name); len(plain) < len(name) {
		dst = t.fits(sc, dst, plain)
	}
	return dst
}

// withoutCount returns name without a number of one or two digits at its end.
func withoutCount(name []byte) []byte {
	end := len(name)
	for end > 0 && !isLetterOrDigit(name[end-1]) {
		end--
	}
	n := end
	for n > 0 && isDigit(name[n-1]) {
		n--
	}
	if end-n < 1 || end-n > 2 {
		return name
	}
	return name[:n]
}

func (t *keyTable) fits(sc *Scratch, dst []int32, name []byte) []int32 {
	words := splitWords(sc.key[:0], name[max(0, len(name)-64):])
	sc.key = words.letters
	tried := 0
	for at := len(words.letters) - 1; at >= 0 && tried < maxKeyWords; at-- {
		if words.cuts>>at&1 == 0 {
			continue
		}
		tried++
		for _, e := range t.entries[string(words.letters[at:])] {
			if words.cuts>>at&^e.cuts == 0 {
				dst = append(dst, e.rule)
			}
		}
	}
	return dst
}

// keyWords are the letters and digits of a name in lower case, with a bit for
// each offset where a word begins.
type keyWords struct {
	letters []byte
	cuts    uint64
}

// splitWords cuts a name of at most 64 bytes into words; letters is appended to.
// After a gap of more than maxKeyGap other characters it starts afresh.
func splitWords(letters, name []byte) keyWords {
	w := keyWords{letters: letters}
	begin, gap := true, 0
	for i, b := range name {
		if !isLetterOrDigit(b) {
			if begin, gap = true, gap+1; gap > maxKeyGap {
				w.letters, w.cuts = letters, 0
			}
			continue
		}
		if begin || startsWord(name, i) {
			w.cuts |= 1 << len(w.letters)
		}
		w.letters = append(w.letters, lower(b))
		begin, gap = false, 0
	}
	return w
}

// startsWord reports whether the byte at i begins a word as a capital: after a lower-case
// letter or digit, or as the last of several before a lower-case letter, like
// the P of HTTPPassword.
func startsWord(name []byte, i int) bool {
	if i == 0 || !isUpper(name[i]) {
		return i == 0
	}
	last := isUpper(name[i-1]) && i+1 < len(name) && isLower(name[i+1])
	return isLower(name[i-1]) || isDigit(name[i-1]) || last
}

// isLetterOrDigit takes every byte beyond ASCII for part of a letter.
func isLetterOrDigit(b byte) bool { return isDigit(b) || isLower(b|0x20) || b >= 0x80 }

func isLower(b byte) bool { return b >= 'a' && b <= 'z' }
func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }
func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// keyName finds a name of a field in a raw payload, from one of its words on.
type keyName struct {
	letters string // the words joined
	cuts    uint64 // as in keyEntry
	from    int    // where in letters the word begins
	to      int    // and where it ends
}

// newKeyName returns the name for a key that keyTable takes, and the trigger by
// its rarest word; ok is false if it has no word of three letters.
func (a *analyzer) newKeyName(key string) (t trigger, ok bool) {
	words := splitWords(nil, []byte(key))
	best := 0.0
	for from := 0; from < len(words.letters); {
		to := from + 1
		for to < len(words.letters) && words.cuts>>to&1 == 0 {
			to++
		}
		var seq []*byteClass
		for _, b := range words.letters[from:min(to, from+maxRun)] {
			var set byteSet
			set.add(b)
			if isLower(b) {
				set.add(b &^ 0x20)
			}
			seq = append(seq, a.class(set))
		}
		word := trigger{rule: -1, before: context{set: allBytes, start: true}}
		word.key = &keyName{letters: string(words.letters), cuts: words.cuts, from: from, to: to}
		if len(seq) >= gramLen {
			if cost, good := word.chooseGram(a, seq); good && (!ok || cost < best) {
				t, best, ok = word, cost, true
			}
		}
		from = to
	}
	return t, ok
}

// maxRawGap bounds, in bytes of a raw payload, what may stand between two words:
// escapes are longer than what they stand for.
const maxRawGap = 4 * maxKeyGap

// fits reports whether the name, with its word at text[at], may stand there in a
// raw payload. A digit may follow, see withoutCount.
func (k *keyName) fits(text []byte, at int) bool {
	end := at + k.to - k.from
	for i := k.to; i < len(k.letters); i++ {
		if k.cuts>>i&1 == 1 {
			end = skipGap(text, end)
		}
		if end == len(text) || lower(text[end]) != k.letters[i] {
			return false
		}
		end++
	}
	if end < len(text) && isLower(lower(text[end])) {
		return false
	}
	for i := k.from; i > 0; i-- {
		if k.cuts>>i&1 == 1 {
			at = skipGapBack(text, at)
		}
		if at == 0 || lower(text[at-1]) != k.letters[i-1] {
			return false
		}
		at--
	}
	return startsWord(text, at) || !isLetterOrDigit(text[at-1]) || endsEscape(text[:at])
}

// skipGap returns where, after text[at], a letter or digit follows that is not
// part of an escape.
func skipGap(text []byte, at int) int {
	limit := min(len(text), at+maxRawGap)
	for at < limit && !isLetterOrDigit(text[at]) {
		if text[at] == '\\' && at+1 < limit {
			at++
		}
		at++
	}
	return at
}

// skipGapBack is skipGap towards the begin of text.
func skipGapBack(text []byte, at int) int {
	limit := max(0, at-maxRawGap)
	for at > limit && (!isLetterOrDigit(text[at-1]) || at > 1 && text[at-2] == '\\') {
		at--
	}
	return at
}

func lower(b byte) byte { return lowered[b] }

var lowered = func() (of [256]byte) {
	for b := range of {
		if of[b] = byte(b); isUpper(byte(b)) {
			of[b] |= 0x20
		}
	}
	return of
}()
