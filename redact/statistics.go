package redact

import "strings"

// What follows are counts over eight public system logs and generated application,
// access, container and JSON logs, four million bytes, letters folded. They only
// steer the choice of triggers.

// logBytes counts folded bytes per 10,000; bytes not named are rarer than one.
var logBytes = [256]int{
	' ': 800, '"': 302, '#': 12, '$': 3, '&': 2, '(': 21, ')': 22, '*': 72, '+': 5, ',': 82, '-': 197, '.': 239,
	'/': 80, '0': 565, '1': 483, '2': 410, '3': 206, '4': 197, '5': 210, '6': 191, '7': 173, '8': 197, '9': 137,
	':': 277, ';': 6, '=': 69, '?': 2, '`': 6,
	'a': 355, 'b': 90, 'c': 259, 'd': 248, 'e': 583, 'f': 130, 'g': 84, 'h': 92, 'i': 303, 'j': 32,
	'k': 78, 'l': 192, 'm': 162, 'n': 313, 'o': 355, 'p': 161, 'q': 11, 'r': 367, 's': 315, 't': 387,
	'u': 139, 'v': 71, 'w': 44, 'x': 28, 'y': 43, 'z': 20, '{': 53, '|': 18, '}': 58, 0x7f: 42,
}

// logGrams are the grams that hold a letter and are more frequent in logs than
// their bytes let one expect, each list with the least share of positions.
var logGrams = []struct {
	share float64
	grams string
}{
	{0.003, ` in`},
	{0.0015, ` co| re|che|con|ed |ent|err|erv|fo |ice|inf|ing|ion|ker|mes|nfo|ode|on |or |ser|sta|tem|tio`},
	{0.0007, ` at| bl| de| fo| fr| ms| no| pa| po| se| st| to|-c:|ace|ach|ack|age|ame|app|at |ata|ate|ati|` +
		`blo|c:j|cat|com|cor|cti|dat|der|dfs|ect|emp|er |er:|ere|ern|ers|ess|est|etr|eve|for|fro|htt|` +
		`id=|ime|in |int|lev|loc|nam|ng |nod|not|nte|ock|op.|ork|out|pac|pod|pro|r: |rac|rat|rea|red|` +
		`ren|res|rke|ror|rro|rvi|sag|ssa|ste|tat|ted|ter|tic|tim|tor|tra|ttp|vel|ver|vic|wor`},
	{0.00035, ` al| ch| cl| df| er| fa| fi| ge| ht| is| ke| le| li| ne| or| ra| tr| up| us|-ex|-sa|.ap|.go|` +
		`.ha|/ap|/no|: a|: c|: r|a-s|act|add|ado|ail|ain|all|amp|and|apa|arn|art|as |ase|ask|ath|ato|` +
		`att|atu|aul|blk|bo |bug|cal|ce.|chi|ck |cke|cko|cli|d i|d t|deb|dec|def|doo|duc|dul|dur|e.h|` +
		`ear|eas|ebu|ec |eck|edu|efa|el |end|ene|eou|era|esy|et |ete|ewe|fau|fs.|g.a|ge |get|go:|had|` +
		`han|he |he.|hed|hil|ica|ien|ies|ild|ile|ill|ind|ine|ini|inv|is |ive|jul|l i|ld |le |lea|ler|` +
		`let|lie|lin|lt/|man|map|mbo|meo|mod|mpl|mpt|msr|n d|n f|n s|nde|nds|nec|nel|ner|new|nit|nne|` +
		`nov|nt |o d|o s|oca|odu|om |omb|on=|ond|onn|ont|oop|or:|ord|ore|org|ort|ot |oti|oun|ov/|pan|` +
		`pat|per|ple|por|pre|que|r f|ra-|ras|rde|rec|ret|rg.|rn |rne|rom|rr |rsi|s k|sa-|sed|sho|sio|` +
		`slo|spa|sra|ss |std|sys|t /|t r|tac|tai|tal|tam|tan|tas|tch|tde|te |ten|tep|tin|to |tp/|tpd|` +
		`tre|tru|tte|tus|uid|ul |ule|ull|ult|un |uni|ura|ure|use|ven|war|wer|xce|yst|z s`},
}

type gramCount struct {
	gram  [gramLen]byte
	share float64
}

// gramCounts are logGrams one by one, gramShare the same by gram.
var gramCounts, gramShare = func() (list []gramCount, m map[[gramLen]byte]float64) {
	m = map[[gramLen]byte]float64{}
	for _, l := range logGrams {
		for _, g := range strings.Split(l.grams, "|") {
			gram := [gramLen]byte([]byte(g))
			list = append(list, gramCount{gram, l.share})
			m[gram] = l.share
		}
	}
	return list, m
}()

var digits = setOf("0123456789")

// beside returns how much more often two classes stand side by side than their
// shares say: digits come in numbers.
func beside(a, b *byteClass) float64 {
	if a.set.within(&digits) && b.set.within(&digits) {
		return 2.5
	}
	return 1
}

// gramOften estimates the share of positions of ordinary logs at which a gram of
// these classes begins.
func gramOften(seq []*byteClass) float64 {
	a, b, c := seq[0], seq[1], seq[2]
	often := a.often * b.often * c.often * beside(a, b) * beside(b, c)
	if a.size*b.size*c.size == 1 {
		return often + gramShare[[gramLen]byte{a.folded.first(), b.folded.first(), c.folded.first()}]
	}
	for i := range gramCounts {
		g := &gramCounts[i].gram
		if a.folded.has(g[0]) && b.folded.has(g[1]) && c.folded.has(g[2]) {
			often += gramCounts[i].share
		}
	}
	return often
}
