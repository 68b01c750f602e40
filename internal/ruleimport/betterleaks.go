package ruleimport

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/redactd/redactd/redact"
)

// The configuration of betterleaks (github.com/betterleaks/betterleaks,
// docs/config.md): that of gitleaks, with expressions in place of allowlists.
func init() {
	register(format{
		name: "betterleaks", title: "betterleaks", tags: []string{"secret"},
		knows: func(d *document) bool { return leaksLike(d) && betterLike(d) },
		read:  readLeaks,
	})
}

// betterLike reports whether a configuration has what only betterleaks has.
func betterLike(d *document) bool {
	return anyHas([]map[string]any{d.toml}, "betterleaksMinVersion", "prefilter", "filter") ||
		anyHas(tables(d.toml["rules"]), "filter", "validate", "tokenEfficiency", "confidence", "skipReport", "required")
}

// filter is what can be told of a filter expression, by which findings are
// dropped: the alternatives that look at the secret alone.
type filter struct {
	entropy float64
	allow   []Allow
	tokens  bool // an alternative is the token efficiency
	rest    int  // how many alternatives are something else
}

var (
	filterEntropy = regexp.MustCompile(`^(?:filter\.)?entropy\(finding\["secret"\]\)\s*<=?\s*([0-9.]+)$`)
	filterTokens  = regexp.MustCompile(`^(?:filter\.)?failsTokenEfficiency\(finding\["secret"\]\)$`)
	filterList    = regexp.MustCompile(`(?s)^(?:filter\.)?(matches|contains)Any\(finding\["secret"\],\s*\[(.*)\]\s*\)$`)
	filterText    = regexp.MustCompile("(?s)r\"\"\"(.*?)\"\"\"|r'''(.*?)'''|r\"([^\"]*)\"|r'([^']*)'|`([^`]*)`|(\"(?:[^\"\\\\]|\\\\.)*\")")
)

// parseFilter reads a filter expression.
func parseFilter(text string) (f filter) {
	for _, part := range alternativesOf(text) {
		part = strings.TrimSpace(part)
		for strings.HasPrefix(part, "(") && closes(part) == len(part)-1 {
			part = strings.TrimSpace(part[1 : len(part)-1])
		}
		if parts := alternativesOf(part); len(parts) > 1 {
			inner := parseFilter(part)
			f.entropy, f.tokens, f.rest = max(f.entropy, inner.entropy), f.tokens || inner.tokens, f.rest+inner.rest
			f.allow = append(f.allow, inner.allow...)
			continue
		}
		switch m := filterEntropy.FindStringSubmatch(part); {
		case part == "":
		case m != nil:
			least, _ := strconv.ParseFloat(m[1], 64)
			f.entropy = max(f.entropy, least)
		case filterTokens.MatchString(part):
			f.tokens = true
		default:
			if a, ok := filterAllow(part); ok {
				f.allow = append(f.allow, a)
			} else {
				f.rest++
			}
		}
	}
	return f
}

// filterAllow reads matchesAny and containsAny.
func filterAllow(part string) (Allow, bool) {
	m := filterList.FindStringSubmatch(part)
	if m == nil {
		return Allow{}, false
	}
	var texts []string
	for _, t := range filterText.FindAllStringSubmatch(m[2], -1) {
		text := t[1] + t[2] + t[3] + t[4] + t[5]
		if t[6] != "" {
			unquoted, err := strconv.Unquote(t[6])
			if err != nil {
				return Allow{}, false
			}
			text = unquoted
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		return Allow{}, false
	}
	if m[1] == "contains" {
		texts = []string{containsAny(texts, false)}
	}
	return Allow{Allow: redact.Allow{Patterns: texts}}, true
}

// alternativesOf splits an expression at "||" outside of parentheses, brackets
// and strings.
func alternativesOf(text string) (parts []string) {
	start := 0
	scanExpr(text, func(i, depth int) bool {
		if depth == 0 && strings.HasPrefix(text[i:], "||") {
			parts = append(parts, text[start:i])
			start = i + 2
		}
		return true
	})
	return append(parts, text[start:])
}

// closes returns where the parenthesis closes that text begins with, -1 if
// nowhere.
func closes(text string) int {
	at := -1
	scanExpr(text, func(i, depth int) bool {
		if depth == 0 && i > 0 {
			at = i
		}
		return at < 0
	})
	return at
}

// scanExpr calls yield for each byte outside of strings, with the depth behind it.
func scanExpr(text string, yield func(i, depth int) bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case '"', '\'', '`':
			mark := string(c)
			if strings.HasPrefix(text[i:], strings.Repeat(mark, 3)) {
				mark = strings.Repeat(mark, 3)
			}
			raw := c == '`' || len(mark) == 3 || i > 0 && text[i-1] == 'r'
			for i += len(mark); i < len(text) && !strings.HasPrefix(text[i:], mark); i++ {
				if text[i] == '\\' && !raw {
					i++
				}
			}
			i += len(mark) - 1
			continue
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
		if !yield(i, depth) {
			return
		}
	}
}
