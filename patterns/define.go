package patterns

import (
	"fmt"
	"regexp"
)

// common are the definitions that every pack may use in a pattern as
// (?&name), beside those of its own [define] table. Using one puts it in as a
// group without capture.
var common = map[string]string{
	// edge stands before a token that has no rare beginning of its own: where a
	// word begins, also behind a percent escape, an escape sequence of a string
	// literal, or a colour code, whose last byte would belong to the word.
	"edge": `\b|%(?:25)?[0-9A-Fa-f]{2}|\\(?:[abfnrtv]|u00[0-9a-fA-F]{2})|\[[0-9;]{1,8}m`,

	// q is a quotation mark as it stands in plain text, in JSON inside strings,
	// in HTML, and percent-encoded.
	"q": "\\\\{0,7}[\"'`]|\\\\{1,4}u002[27]|&(?:quot|apos|#34|#39|#x22|#x27);|%(?:25)?2[27]",

	// sp is white space within a line, plain or encoded.
	"sp": `(?:[ \t+]|%(?:25)?(?:20|09)|&nbsp;)*`,

	// eq stands between a name and its value: = : := => == != ?= and such, plain,
	// HTML-escaped, JSON-escaped or percent-encoded.
	"eq": `!={1,2}|:{0,3}={1,3}(?:>|&gt;|\\u003[eE])?|:|[?.|]{1,2}=|(?:%(?:25)?3[aA]){0,3}%(?:25)?3[dD](?:%(?:25)?3[eE])?|%(?:25)?3[aA]|\\u003[dD]`,

	// gap is one blank, plain or encoded.
	"gap": `[ \t+]|%(?:25)?20`,

	// near leads from the name of a provider to a value that stands under it or
	// under a longer name that begins with it.
	"near": `[\w .%+-]{0,30}(?&to)`,

	// to leads from a name to its value: the name's closing quotation mark or
	// bracket, the sign between them, white space, the opening mark.
	"to": `(?:(?&q))?\]?(?&sp)(?&eq)(?&sp)(?:(?&q))?`,
}

var use = regexp.MustCompile(`\(\?&([a-z0-9_-]+)\)`)

// resolve puts definitions in place of their uses.
func resolve(pattern string, defs map[string]string) (string, error) {
	const depth = 8
	var unknown string
	for range depth {
		if !use.MatchString(pattern) {
			return pattern, nil
		}
		pattern = use.ReplaceAllStringFunc(pattern, func(u string) string {
			name := use.FindStringSubmatch(u)[1]
			text, ok := defs[name]
			if !ok {
				unknown = name
			}
			return "(?:" + text + ")"
		})
		if unknown != "" {
			return "", fmt.Errorf("(?&%s) is not defined", unknown)
		}
	}
	return "", fmt.Errorf("definitions use each other more than %d deep", depth)
}
