package patterns

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// namesOf returns begins with the lists of the pack's [names] table in place of their
// uses, which are written as those of definitions are: (?&name).
func (p *parser) namesOf(key toml.Key, begins []string, lists map[string][]string) []string {
	var out []string
	for _, word := range begins {
		name, used := strings.CutPrefix(word, "(?&")
		if !used {
			out = append(out, word)
			continue
		}
		list, ok := lists[strings.TrimSuffix(name, ")")]
		if !ok {
			p.Add(key, fmt.Sprintf("%s is not in [names]", word))
		}
		out = append(out, list...)
	}
	return out
}
