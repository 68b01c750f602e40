package explain

import (
	"fmt"
	"strings"

	"github.com/redactd/redactd/internal/config"
)

// EntryTOML writes an entry of the allowlist as a table of a configuration.
func EntryTOML(name string, a *config.Allow) string {
	values := make([]string, len(a.Values))
	for i, v := range a.Values {
		values[i] = strings.ReplaceAll(v, "$", "$$")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[allow.%s]\ncomment = %s\n", name, tomlString(a.Comment))
	if a.Expires != "" {
		fmt.Fprintf(&b, "expires = %s\n", a.Expires)
	}
	for _, l := range []struct {
		key  string
		list []string
	}{{"values", values}, {"paths", a.Paths}, {"rules", a.Rules}, {"routes", a.Routes}, {"examples", a.Examples}} {
		if len(l.list) == 0 {
			continue
		}
		quoted := make([]string, len(l.list))
		for i, s := range l.list {
			quoted[i] = tomlString(s)
		}
		fmt.Fprintf(&b, "%s = [%s]\n", l.key, strings.Join(quoted, ", "))
	}
	return b.String()
}

// tomlString writes s as a string of TOML, literal where quotation marks in it would
// have to be escaped otherwise.
func tomlString(s string) string {
	control := strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
	if strings.ContainsAny(s, `"\`) && !control && !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String() + `"`
}
