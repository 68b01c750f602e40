package safebody

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/language"

	"github.com/redactd/redactd/internal/tomlpos"
)

//go:embed languages/*.toml
var languageFiles embed.FS

// texts are the words of one language as a file has them.
type texts struct {
	tag    language.Tag
	words  map[string]string    // by path: "direction", "punctuation.colon", "label.error"
	status map[string][3]string // title, heading, advice; by status or class: "404", "4xx"
}

// The keys of a language file.
var (
	wordKeys = []string{
		"direction", "punctuation.colon", "punctuation.sentence",
		"label.error", "label.reference", "label.support",
	}
	messageKeys = []string{"title", "heading", "advice"}
)

// maxText bounds one text, in bytes.
const maxText = 500

// builtin holds the languages that come with redactd, by tag. English comes with the
// phrases of all statuses that have one.
var builtin = sync.OnceValue(func() map[string]texts {
	entries, err := languageFiles.ReadDir("languages")
	if err != nil {
		panic(fmt.Sprintf("safebody: %v", err))
	}
	all := map[string]texts{}
	for _, e := range entries {
		data, err := languageFiles.ReadFile("languages/" + e.Name())
		if err != nil {
			panic(fmt.Sprintf("safebody: %v", err))
		}
		var errs Errors
		t := parseTexts(File{e.Name(), data}, &errs)
		if len(errs) > 0 {
			panic(fmt.Sprintf("safebody: %v", errs))
		}
		all[t.tag.String()] = t
	}
	en := all["en"].status
	for status := 400; status < 600; status++ {
		if phrase, key := http.StatusText(status), strconv.Itoa(status); phrase != "" && en[key][0] == "" {
			en[key] = [3]string{phrase}
		}
	}
	return all
})

// parseTexts reads a language file. Mistakes, unknown keys included, are added to
// errs. It keeps nothing of the data.
func parseTexts(f File, errs *Errors) texts {
	p := textsParser{file: f.Name, lines: tomlpos.Find(f.Data), errs: errs}
	t := texts{words: map[string]string{}, status: map[string][3]string{}}
	if len(f.Data) > MaxTemplate {
		p.fail("", fmt.Sprintf("is larger than %d bytes", MaxTemplate))
		return t
	}
	var tree map[string]any
	if err := toml.Unmarshal(f.Data, &tree); err != nil {
		line, what := 0, err.Error()
		var pe toml.ParseError
		if errors.As(err, &pe) {
			line, what = pe.Position.Line, pe.Message
		}
		*errs = append(*errs, Error{File: f.Name, Line: line, Msg: what})
		return t
	}
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		switch key {
		case "language":
			t.tag = p.tag(tree[key])
		case "status":
			p.statuses(tree[key], t.status)
		case "label", "punctuation":
			for name, v := range p.table(key, tree[key]) {
				p.word(tomlpos.Join(key, name), v, t.words)
			}
		default:
			p.word(tomlpos.Join("", key), tree[key], t.words)
		}
	}
	if _, ok := tree["language"]; !ok {
		p.fail("language", "is missing (wants a language tag: \"de\")")
	}
	if d, ok := t.words["direction"]; ok && d != "ltr" && d != "rtl" {
		p.fail("direction", "is neither \"ltr\" nor \"rtl\"")
	}
	return t
}

type textsParser struct {
	file  string
	lines tomlpos.Lines
	errs  *Errors
}

func (p *textsParser) fail(key, what string) {
	*p.errs = append(*p.errs, Error{File: p.file, Line: max(p.lines.Nearest(key), 1), Key: key, Msg: what})
}

func (p *textsParser) tag(v any) language.Tag {
	s, ok := v.(string)
	tag, err := language.Parse(s)
	if !ok || err != nil || tag == language.Und {
		p.fail("language", "is no language tag (such as \"de\" or \"pt-BR\")")
	}
	return tag
}

func (p *textsParser) table(key string, v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		p.fail(key, "is no table")
	}
	return m
}

// word notes the text at a path that is one of wordKeys.
func (p *textsParser) word(path string, v any, words map[string]string) {
	if !slices.Contains(wordKeys, path) {
		p.fail(path, "unknown key")
		return
	}
	if s, ok := p.text(path, v); ok {
		words[path] = s
	}
}

func (p *textsParser) statuses(v any, out map[string][3]string) {
	for name, v := range p.table("status", v) {
		path := tomlpos.Join("status", name)
		if n, err := strconv.Atoi(name); name != "4xx" && name != "5xx" && (err != nil || n < 400 || n > 599 || len(name) != 3) {
			p.fail(path, "is no status from 400 to 599 and no class (4xx, 5xx)")
			continue
		}
		var m [3]string
		for key, v := range p.table(path, v) {
			i := slices.Index(messageKeys, key)
			if i < 0 {
				p.fail(tomlpos.Join(path, key), "unknown key (known are "+strings.Join(messageKeys, ", ")+")")
				continue
			}
			m[i], _ = p.text(tomlpos.Join(path, key), v)
		}
		out[name] = m
	}
}

func (p *textsParser) text(path string, v any) (string, bool) {
	s, ok := v.(string)
	switch {
	case !ok:
		p.fail(path, "is no string")
	case s == "":
		p.fail(path, "is empty (leave the key out for the English text)")
	case len(s) > maxText:
		p.fail(path, fmt.Sprintf("is longer than %d bytes", maxText))
	case s != clean(s, maxText):
		p.fail(path, "holds a character that can't be printed (one line of text)")
	default:
		return s, true
	}
	return "", false
}

// over returns t with what base has and t has not.
func (t texts) over(base texts) texts {
	words, status := maps.Clone(base.words), maps.Clone(base.status)
	maps.Copy(words, t.words)
	for key, m := range t.status {
		for i, s := range status[key] {
			if m[i] == "" {
				m[i] = s
			}
		}
		status[key] = m
	}
	return texts{t.tag, words, status}
}
