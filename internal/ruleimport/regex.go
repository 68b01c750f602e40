package ruleimport

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// opened is what held before a group was opened, and whether it captures or holds
// one that does.
type opened struct{ verbose, captures bool }

// translator rewrites a pattern from left to right.
type translator struct {
	src    string
	at     int
	from   dialect
	secret groups
	// bare leaves out lookaround, for making examples.
	bare    bool
	out     strings.Builder
	groups  int // capturing ones so far
	secrets int // of them
	refers  bool
	// verbose says that white space and comments mean nothing ((?x)); outer has
	// what held before each open group.
	verbose bool
	outer   []opened
	counted bool // a repetition was written last
	// closed says that a group was closed last that captures or holds one that
	// does, repeated that a repetition followed one.
	closed, repeated bool
}

func (t *translator) run() error {
	for t.at < len(t.src) {
		counted, closed := false, false
		c := t.src[t.at]
		t.repeated = t.repeated || t.closed && (c == '*' || c == '+' || countForm.MatchString(t.src[t.at:]))
		var err error
		switch {
		case c == '\\':
			err = t.escape(false)
		case c == '[':
			err = t.class()
		case c == '(':
			err = t.group()
		case c == ')':
			if n := len(t.outer); n > 0 {
				t.verbose, closed = t.outer[n-1].verbose, t.outer[n-1].captures
				if t.outer = t.outer[:n-1]; n > 1 {
					t.outer[n-2].captures = t.outer[n-2].captures || closed
				}
			}
			t.copy(1)
		case t.verbose && strings.IndexByte(" \t\r\n\v\f", c) >= 0:
			t.at++
			continue
		case t.verbose && c == '#':
			end := strings.IndexByte(t.src[t.at:], '\n')
			if end < 0 {
				end = len(t.src) - t.at
			}
			t.at += end
			continue
		case c == '{':
			counted = t.count()
		case c == '+' && t.counted:
			t.at++ // possessive: what it would not give back is given back
		case c == '*' || c == '+' || c == '?' && !t.counted:
			counted = true
			t.copy(1)
		default:
			t.copy(1)
		}
		if err != nil {
			return err
		}
		t.counted, t.closed = counted, closed
	}
	return nil
}

func (t *translator) copy(n int) {
	n = min(n, len(t.src)-t.at)
	t.out.WriteString(t.src[t.at : t.at+n])
	t.at += n
}

// replace writes text in place of the next n bytes.
func (t *translator) replace(n int, text string) {
	t.out.WriteString(text)
	t.at += n
}

var (
	countForm  = regexp.MustCompile(`^\{([0-9]*)(,?)([0-9]*)\}`)
	codeForm   = regexp.MustCompile(`^\\[uUx](?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]+))`)
	borderForm = regexp.MustCompile(`^\\b\{(?:start|end)(?:-half)?\}`)
	classForm  = regexp.MustCompile(`^\\[pP]\{[^}]*\}`)
	posixForm  = regexp.MustCompile(`^\[:\^?[a-z]+:\]`)
	nameForm   = regexp.MustCompile(`^\(\?(?:P?<|')([A-Za-z_][A-Za-z0-9_]*)[>']`)
	flagForm   = regexp.MustCompile(`^\(\?([imsUxuaLRn]*(?:-[imsUxuaLRn]+)?)([:)])`)
	backForm   = regexp.MustCompile(`^\(\?P=([A-Za-z_][A-Za-z0-9_]*)\)`)
	lookForms  = []string{"(?=", "(?!", "(?<=", "(?<!"}
	dropFlags  = strings.NewReplacer("x", "", "u", "", "a", "", "L", "", "R", "", "n", "")
	errGroup   = errors.New("its pattern has a recursion or a condition")
)

// count translates a repetition and reports whether it was one.
func (t *translator) count() bool {
	m := countForm.FindStringSubmatch(t.src[t.at:])
	if m == nil || m[1]+m[3] == "" || t.from == goSyntax && (m[1] == "" || padded(m[1]) || padded(m[3])) {
		t.replace(1, `\{`)
		return false
	}
	least, _ := strconv.Atoi("0" + m[1])
	text := "{" + strconv.Itoa(min(least, maxRepeat))
	most, err := strconv.Atoi(m[3])
	switch {
	case m[2] == "" && least > maxRepeat, m[3] != "" && (err != nil || most > maxRepeat):
		text += ","
	case m[2] != "":
		text += "," + m[3]
	}
	t.replace(len(m[0]), text+"}")
	return true
}

// padded reports whether a number has a zero too many, with which it is none to
// regexp/syntax.
func padded(number string) bool { return len(number) > 1 && number[0] == '0' }

// escape translates what begins with a backslash.
func (t *translator) escape(class bool) error {
	rest := t.src[t.at:]
	if len(rest) < 2 {
		return errors.New("its pattern ends in a backslash")
	}
	switch c := rest[1]; {
	case c == 'Z' && t.from == pythonSyntax:
		t.replace(2, `\z`)
	case c == 'b' && class:
		t.replace(2, `\x08`)
	case c == 'b' && borderForm.MatchString(rest):
		t.replace(len(borderForm.FindString(rest)), `\b`)
	case (c == '<' || c == '>') && t.from == rustSyntax:
		t.replace(2, `\b`)
	case c == 'e':
		t.replace(2, `\x1b`)
	case c == '0' && t.from == pythonSyntax:
		t.replace(2, `\x00`)
	case c == 'K' || c == 'G' || c == 'N' || c == 'X' || c == 'C':
		return fmt.Errorf(`its pattern has \%c`, c)
	case c == 'g':
		return errGroup
	case c == 'p' || c == 'P':
		t.copy(max(2, len(classForm.FindString(rest))))
	case c == 'u' || c == 'U' || c == 'x':
		return t.code(rest)
	case c >= '1' && c <= '9' && !class:
		t.refers = true
		t.copy(2)
	default:
		t.copy(2)
	}
	return nil
}

// code translates a character by its number.
func (t *translator) code(rest string) error {
	m := codeForm.FindStringSubmatch(rest)
	if m == nil {
		return errors.New("its pattern has a character code that is none")
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[rest[1]]
	n, text := len(m[0]), m[1]
	if text == "" {
		n, text = 2+digits, m[2][:min(digits, len(m[2]))]
	}
	code, err := strconv.ParseUint(text, 16, 32)
	if err != nil || n > len(rest) || n > len(m[0]) || code > unicode.MaxRune {
		return errors.New("its pattern has a character code that is none")
	}
	// Both engines read these two.
	if code < 0x80 {
		t.replace(n, fmt.Sprintf(`\x%02x`, code))
	} else {
		t.replace(n, string(rune(code)))
	}
	return nil
}

// class translates [...].
func (t *translator) class() error {
	t.copy(1)
	if strings.HasPrefix(t.src[t.at:], "^") {
		t.copy(1)
	}
	if strings.HasPrefix(t.src[t.at:], "]") {
		t.replace(1, `\]`)
	}
	for t.at < len(t.src) {
		rest := t.src[t.at:]
		switch {
		case rest[0] == ']':
			t.copy(1)
			return nil
		case rest[0] == '\\':
			if err := t.escape(true); err != nil {
				return err
			}
		case posixForm.MatchString(rest):
			t.copy(len(posixForm.FindString(rest)))
		case t.from == rustSyntax && (rest[0] == '[' || strings.HasPrefix(rest, "&&") || strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "~~")):
			return errors.New("its pattern has a class made of classes")
		case rest[0] == '[':
			t.replace(1, `\[`)
		case t.verbose && t.from == rustSyntax && strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			t.at++
		default:
			t.copy(1)
		}
	}
	return errors.New("its pattern has a class that is not closed")
}

// group translates what begins with a parenthesis.
func (t *translator) group() error {
	rest := t.src[t.at:]
	open := func(captures bool) { t.outer = append(t.outer, opened{t.verbose, captures}) }
	if !strings.HasPrefix(rest, "(?") {
		open(true)
		t.capture(1, "")
		return nil
	}
	if strings.HasPrefix(rest, "(?#") {
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return errors.New("its pattern has a comment that is not closed")
		}
		t.at += end + 1
		return nil
	}
	for _, look := range lookForms {
		if strings.HasPrefix(rest, look) {
			if t.bare {
				return t.skipGroup()
			}
			open(false)
			t.copy(len(look))
			return nil
		}
	}
	if m := backForm.FindStringSubmatch(rest); m != nil {
		t.replace(len(m[0]), `\k<`+m[1]+`>`)
		return nil
	}
	if m := nameForm.FindStringSubmatch(rest); m != nil {
		open(true)
		t.capture(len(m[0]), m[1])
		return nil
	}
	if m := flagForm.FindStringSubmatch(rest); m != nil && (t.from == rustSyntax || !strings.Contains(m[1], "R")) {
		t.flags(len(m[0]), m[1], m[2] == ":")
		return nil
	}
	if strings.HasPrefix(rest, "(?>") {
		open(false)
		t.replace(3, map[bool]string{true: "(?:", false: "(?>"}[t.bare])
		return nil
	}
	return errGroup
}

// capture opens a capturing group.
func (t *translator) capture(n int, name string) {
	t.groups++
	if t.secret.none {
		t.replace(n, "(?:")
		return
	}
	secret := t.secret.all || t.secret.name != "" && name == t.secret.name
	for _, number := range t.secret.numbers {
		secret = secret || number == t.groups
	}
	switch {
	case secret:
		name = "secret"
		if t.secrets++; t.secrets > 1 {
			name += strconv.Itoa(t.secrets)
		}
	case strings.HasPrefix(name, "secret") && (len(t.secret.numbers) > 0 || t.secret.name != "" || t.secret.whole):
		name = "no_" + name
	}
	if name == "" {
		t.replace(n, "(")
		return
	}
	t.replace(n, "(?<"+name+">")
}

// flags translates (?flags) and (?flags:.
func (t *translator) flags(n int, text string, group bool) {
	on, off, _ := strings.Cut(text, "-")
	if group {
		t.outer = append(t.outer, opened{verbose: t.verbose})
	}
	if strings.Contains(on, "x") {
		t.verbose = true
	}
	if strings.Contains(off, "x") {
		t.verbose = false
	}
	text = dropFlags.Replace(on)
	if off = dropFlags.Replace(off); off != "" {
		text += "-" + off
	}
	switch {
	case group:
		text = "(?" + text + ":"
	case text != "":
		text = "(?" + text + ")"
	}
	t.replace(n, text)
}

// skipGroup passes over a group with all that is in it.
func (t *translator) skipGroup() error {
	depth := 0
	for t.at < len(t.src) {
		switch t.src[t.at] {
		case '\\':
			t.at++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				t.at++
				return nil
			}
		case '[':
			for t.at += 2; t.at < len(t.src) && t.src[t.at] != ']'; t.at++ {
				if t.src[t.at] == '\\' {
					t.at++
				}
			}
		}
		t.at++
	}
	return errors.New("its pattern has a group that is not closed")
}
