package scrub

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/disguise"
	"github.com/redactd/redactd/redact"
)

// visitor answers a codec's fields with the edits that the findings in them
// amount to, and notes the findings.
type visitor struct {
	set  *redact.Set
	keys *redact.Keyring
	// codec is that of the payload at hand.
	codec codec.Codec
	sc    *redact.Scratch
	// prefix is put before each field's path: "query:" say.
	prefix string
	hits   []Hit
	field  codec.Field // see one
	// annotate makes edits say which rule they come from.
	annotate bool
	// skipped counts the bytes that a codec left alone, see Skipped.
	skipped int64
	// coded and inflated count what is decoded inside of a payload, which decodes to
	// most bytes at most; see Inflate.
	coded, inflated, most int64
	// tell, where it is not nil, is told each text that is searched, see Texts.
	tell func(path []byte, f redact.Field)

	// What was returned to the codec stays valid until clear.
	edits []codec.Splice
	texts []byte
	found []redact.Finding
	named []byte // see searchNamed

	around  codec.Around // of the field at hand, nil if it is not known
	origins origins
	last    lastHit
	seen    seen

	layers [maxDisguises]layer // what is decoded, see unmask
}

// one returns f where it stays until the next call: a field of no codec's.
func (v *visitor) one(f codec.Field) *codec.Field {
	v.field = f
	return &v.field
}

// clear makes room; edits returned before are invalid then.
func (v *visitor) clear() {
	v.edits, v.texts = v.edits[:0], v.texts[:0]
	v.origins.begin(nil)
	v.seen.begin()
}

// Visit implements codec.Visitor.
func (v *visitor) Visit(f *codec.Field) (edits []codec.Splice, remove bool, err error) {
	var buf [maxSeen]byte
	text, hash, small := v.seen.place(f, &buf)
	small = small && f.Beside == nil
	if small && v.seen.has(text, hash) {
		return nil, false, nil
	}
	hits := len(v.hits)
	v.around = f.Around
	edits, remove, err = v.search(f)
	v.around = nil
	if small && err == nil && len(edits) == 0 && !remove && len(v.hits) == hits && v.tell == nil {
		v.seen.add(text, hash)
	}
	return edits, remove, err
}

func (v *visitor) search(f *codec.Field) (edits []codec.Splice, remove bool, err error) {
	if f.StandsIn() {
		return nil, false, nil
	}
	field := redact.Field{Key: f.Key, Path: f.Path, Value: f.Value}
	if v.tell != nil {
		v.tell(f.Path, field)
	}
	v.found, err = v.set.Find(v.sc, v.found[:0], field)
	if err == nil && len(v.found) == 0 {
		err = v.searchNamed(f)
	}
	if err == nil && len(v.found) == 0 && f.Beside != nil {
		err = v.searchBeside(f)
	}
	if err != nil {
		return nil, false, err
	}
	from := len(v.edits)
	for _, fd := range v.found {
		v.edits = append(v.edits, v.edit(fd, f.Value, &remove))
		v.note(fd, f.Path, f.Value[fd.Start:fd.End], 0)
	}
	own := v.edits[from:]
	if f.Kind != codec.Number {
		var gone bool
		if own, gone, err = v.unmask(own, f, 0); err != nil {
			return nil, false, err
		}
		remove = remove || gone
		v.edits = append(v.edits[:from], own...)
	}
	if len(own) == 0 {
		return nil, false, nil
	}
	return v.edits[from:len(v.edits):len(v.edits)], remove && f.Kind != codec.Text && f.Kind != codec.Name, nil
}

const (
	// maxName and maxNamed bound, in bytes, the name and the value that are searched
	// together: what rules tell by a name is short.
	maxName  = 128
	maxNamed = 4 << 10
)

// searchNamed searches a field together with its name, written as text has them: rules
// that know a value by a name in front of it match there, and the walker has taken the two
// apart. Only a finding that is the whole value counts; what is in it was found before.
// Names that rules have among their Keys are left to those, which know what is no secret
// under them. Elements of an array have none in front of them, and over a line break none
// counts: that is how Suspect sees it too.
func (v *visitor) searchNamed(f *codec.Field) (err error) {
	if f.Kind != codec.String || f.Apart || len(f.Key) == 0 || len(f.Key) > maxName || len(f.Value) < minNamed || len(f.Value) > maxNamed ||
		bytes.HasSuffix(f.Path, []byte("[]")) || v.set.Suspect(v.sc, f.Key) {
		return nil
	}
	v.named = append(append(append(v.named[:0], '"'), f.Key...), `": "`...)
	at := len(v.named)
	v.named = append(append(v.named, f.Value...), '"')
	v.found, err = v.set.Find(v.sc, v.found, redact.Field{Path: f.Path, Value: v.named})
	for _, fd := range v.found {
		if fd.Start == at && fd.End == at+len(f.Value) {
			fd.Start, fd.End = 0, len(f.Value)
			v.found = append(v.found[:0], fd)
			return err
		}
	}
	v.found = v.found[:0]
	return err
}

// searchBeside searches a field under the name that stands beside it.
func (v *visitor) searchBeside(f *codec.Field) (err error) {
	field := redact.Field{Key: f.Beside, Path: f.Path, Value: f.Value}
	if v.tell != nil {
		v.tell(f.Path, field)
	}
	v.found, err = v.set.Find(v.sc, v.found[:0], field)
	return err
}

// minNamed is how many bytes a value that a rule tells by its name has at least.
const minNamed = 4

const escape = 0x1b

// edit returns the edit of text that a finding amounts to, and sets remove where its
// action wants the field gone. An escape character of terminals right before it goes
// too: it would take the beginning of what is put there.
func (v *visitor) edit(fd redact.Finding, text []byte, remove *bool) codec.Splice {
	start := len(v.texts)
	var gone bool
	v.texts, gone = v.set.AppendReplacement(v.texts, fd, text[fd.Start:fd.End])
	*remove = *remove || gone
	from := fd.Start
	if from > 0 && text[from-1] == escape {
		from--
	}
	s := codec.Splice{Start: from, End: fd.End, Text: v.texts[start:len(v.texts):len(v.texts)]}
	if v.annotate {
		s.Note = fd.Rule.ID
	}
	return s
}

// Suspect implements codec.Visitor.
func (v *visitor) Suspect(raw []byte) bool {
	return v.tell != nil || v.hides(raw) || v.set.Suspect(v.sc, raw)
}

// Tells implements codec.Visitor.
func (v *visitor) Tells(name, raw []byte) bool {
	return v.set.Names(v.sc, name) && (v.hides(raw) || v.set.Suspect(v.sc, raw))
}

// Skipped implements codec.Skipper.
func (v *visitor) Skipped(n int) { v.skipped += int64(n) }

// Inflate implements codec.Inflater: all that is decoded inside of a payload is bound as
// a payload under a coding is.
func (v *visitor) Inflate(size int) int64 {
	v.coded += int64(size)
	return max(0, min(v.most, max(maxRatio*v.coded, minBomb))-v.inflated)
}

// Inflated implements codec.Inflater.
func (v *visitor) Inflated(size int) { v.inflated += int64(size) }

// hides reports whether escapes of the format, or encodings in it, could hide text in
// raw from a scan of it as it is.
func (v *visitor) hides(raw []byte) bool { return v.codec.Opaque(raw) || disguise.Hides(raw) }

func (v *visitor) note(fd redact.Finding, path, value []byte, line int) {
	hit := Hit{Rule: fd.Rule, Action: v.set.ActionName(fd), Path: v.last.pathOf(v.prefix, path), Line: line, Length: len(value)}
	if own, ok := fd.Secret(); ok {
		hit.Secret = own.Source + "/" + own.Name
		if e := fd.Encoding(); e != "" {
			hit.Path += "|" + e
			value = fd.Value(value)
			defer clear(value)
			hit.Length = len(value)
		}
	}
	if v.keys != nil {
		hit.Fingerprint = v.last.fingerprintOf(v.keys, value)
	}
	if v.around != nil {
		v.origins.set = v.set
		hit.Origin = v.origins.around(v.around)
	}
	v.hits = append(v.hits, hit)
}

// lastHit is what the hit before had: a secret that leaks, leaks in line after line, at
// one place.
type lastHit struct {
	path, prefix string
	value        [64]byte // of it length bytes, where that is not 0; wiped with the rest
	length       int
	fingerprint  string
}

// pathOf returns prefix and path as one string.
func (l *lastHit) pathOf(prefix string, path []byte) string {
	if l.prefix != prefix || len(l.path) != len(prefix)+len(path) || l.path[len(prefix):] != string(path) {
		l.prefix, l.path = prefix, prefix+string(path)
	}
	return l.path
}

// fingerprintOf returns the fingerprint of value under keys, which are the same ones
// until wipe.
func (l *lastHit) fingerprintOf(keys *redact.Keyring, value []byte) string {
	if l.length > 0 && bytes.Equal(l.value[:l.length], value) {
		return l.fingerprint
	}
	l.fingerprint = keys.Fingerprint(value)
	clear(l.value[:])
	l.length = 0
	if len(value) <= len(l.value) {
		l.length = copy(l.value[:], value)
	}
	return l.fingerprint
}

// wipe forgets everything.
func (l *lastHit) wipe() { *l = lastHit{} }
