package safebody

import (
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/text/language"
)

// A message is what is said of one status in one language.
type message struct {
	title, heading, advice string
	detail                 string // heading and advice as sentences
}

// words are the messages and labels of one language, compiled. They are immutable.
type words struct {
	name                                     string // BCP 47
	direction                                string // ltr or rtl
	colon                                    string
	labelError, labelReference, labelSupport string
	messages                                 [200]*message // of the statuses from 400 on
}

// message returns that of a status. What is no error status (errors of GraphQL in
// a 200) is spoken of as an internal error.
func (w *words) message(status int) *message {
	if status < 400 || status > 599 {
		status = 500
	}
	return w.messages[status-400]
}

// resolve compiles t. What it does not have for a status comes from its class,
// then from English.
func (t texts) resolve(english texts) *words {
	word := func(path string) string {
		if s, ok := t.words[path]; ok {
			return s
		}
		return english.words[path]
	}
	w := &words{
		name: t.tag.String(), direction: word("direction"), colon: word("punctuation.colon"),
		labelError: word("label.error"), labelReference: word("label.reference"), labelSupport: word("label.support"),
	}
	if _, ok := t.words["direction"]; !ok {
		w.direction = directionOf(t.tag)
	}
	distinct := map[message]*message{} // most statuses have the message of their class
	for i := range w.messages {
		status, class := strconv.Itoa(400+i), strconv.Itoa(4+i/100)+"xx"
		var m [3]string
		for k := range m {
			for _, from := range [][3]string{t.status[status], t.status[class], english.status[status], english.status[class]} {
				if m[k] = from[k]; m[k] != "" {
					break
				}
			}
		}
		said := message{title: m[0], heading: m[1], advice: m[2]}
		if distinct[said] == nil {
			whole := said
			whole.detail = said.heading + word("punctuation.sentence") + said.advice
			distinct[said] = &whole
		}
		w.messages[i] = distinct[said]
	}
	return w
}

// directionOf returns the direction of a language's usual script.
func directionOf(tag language.Tag) string {
	script, _ := tag.Script()
	if slices.Contains([]string{"Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg"}, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// languages are the languages of a set, the first being the one for who asks for
// none of them.
type languages struct {
	all     []*words
	matcher language.Matcher
	seed    maphash.Seed
	// chosen remembers what was chosen for a header: 56 bits of its hash, and the
	// language's number from 1. No byte of a request is kept, and a collision, one in
	// 2^56, costs no more than a body in another language.
	chosen [256]atomic.Uint64
}

// builtinWords holds the languages that come with redactd, compiled, by tag: sets
// without words of the operator's share them.
var builtinWords = sync.OnceValue(func() map[string]*words {
	all := map[string]*words{}
	for tag, t := range builtin() {
		all[tag] = t.resolve(builtin()["en"])
	}
	return all
})

// newLanguages compiles those of the names, all there are if there is none, with
// the files of the operator.
func newLanguages(names []string, files []File, errs *Errors) *languages {
	known := maps.Clone(builtin())
	own := map[string]string{} // files by tag
	for _, f := range files {
		t := parseTexts(f, errs)
		if t.tag == language.Und {
			continue // was reported
		}
		tag := t.tag.String()
		if before, ok := own[tag]; ok {
			*errs = append(*errs, Error{File: f.Name, Line: 1, Key: "language", Msg: "is the language of " + before + " too"})
		}
		own[tag] = f.Name
		if base, ok := known[tag]; ok {
			t = t.over(base)
		}
		known[tag] = t
	}
	l := &languages{seed: maphash.MakeSeed()}
	var tags []language.Tag
	for _, tag := range pick(names, known, errs) {
		if slices.Contains(tags, tag) {
			continue
		}
		tags = append(tags, tag)
		if len(files) == 0 {
			l.all = append(l.all, builtinWords()[tag.String()])
		} else {
			l.all = append(l.all, known[tag.String()].resolve(known["en"]))
		}
	}
	l.matcher = language.NewMatcher(tags)
	return l
}

// pick returns the tags of names, or all known with English first.
func pick(names []string, known map[string]texts, errs *Errors) []language.Tag {
	var tags []language.Tag
	for _, name := range names {
		tag, err := language.Parse(name)
		if _, ok := known[tag.String()]; err != nil || !ok {
			errs.option("languages", "no texts for %q (there are %s)", clean(name, 64),
				strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			continue
		}
		tags = append(tags, tag)
	}
	if len(tags) > 0 {
		return tags
	}
	tags = append(tags, language.English)
	for _, name := range slices.Sorted(maps.Keys(known)) {
		tags = append(tags, known[name].tag)
	}
	return tags
}

// maxAcceptLanguage bounds what is read of the header, in bytes. Browsers send less
// than 200.
const maxAcceptLanguage = 1024

// choose returns the language that fits an Accept-Language header best.
func (l *languages) choose(accept []byte) *words {
	if len(accept) == 0 || len(accept) > maxAcceptLanguage || len(l.all) == 1 {
		return l.all[0]
	}
	hash := maphash.Bytes(l.seed, accept)
	slot := &l.chosen[hash%uint64(len(l.chosen))]
	if seen := slot.Load(); seen != 0 && seen>>8 == hash>>8 {
		return l.all[(seen&255)-1]
	}
	n := 0
	if tags, _, err := language.ParseAcceptLanguage(string(accept)); err == nil && len(tags) > 0 {
		_, n, _ = l.matcher.Match(tags...)
	}
	if n < 255 {
		slot.Store(hash&^255 | uint64(n+1))
	}
	return l.all[n]
}
