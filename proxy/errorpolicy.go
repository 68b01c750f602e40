package proxy

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/neutral"
	"github.com/redactd/redactd/internal/safebody"
	"github.com/redactd/redactd/redact"
)

// errorPolicy is what becomes of the error responses of a route. It is immutable.
type errorPolicy struct {
	cfg     *config.ErrorPolicy
	set     *neutral.Set
	safe    *safebody.Set
	scratch *sync.Pool // of set
	shadow  bool
}

// mode returns what becomes of an error response with that status.
func (e *errorPolicy) mode(status int, ofLogs bool) config.ErrorMode {
	if ofLogs {
		return e.cfg.LogProtocols
	}
	return e.cfg.On(status)
}

// neutralise is neutral.Set.Neutralise with working memory of its own.
func (e *errorPolicy) neutralise(read func(*neutral.Set, *redact.Scratch) (neutral.Result, error)) (neutral.Result, error) {
	sc := e.scratch.Get().(*redact.Scratch)
	defer func() {
		sc.Wipe()
		e.scratch.Put(sc)
	}()
	return read(e.set, sc)
}

// errorPolicy compiles what stands at key; nil for a route whose answers are not looked
// at.
func (b *builder) errorPolicy(key string, rt *route) *errorPolicy {
	cfg := &rt.cfg.Errors
	if rt.cfg.Response == config.ScopeNone || cfg.MaxBody == 0 || rt.cfg.Upstream == config.StoreUpstream {
		return nil
	}
	e := &errorPolicy{cfg: cfg, shadow: rt.shadow || cfg.Mode == config.ModeShadow}
	e.set = b.disclosures(key, cfg)
	e.safe = b.safeBodies(key, cfg)
	if e.set == nil || e.safe == nil {
		return nil
	}
	e.scratch = &sync.Pool{New: func() any { return e.set.NewScratch() }}
	return e
}

// builtinDisclosures are compiled once for all policies.
var builtinDisclosures = sync.OnceValues(func() (*neutral.Set, error) {
	return neutral.Compile(disclosure.Rules(disclosure.Builtin()))
})

// disclosures compiles the disclosure rules of a route. Equal selections share them.
func (b *builder) disclosures(key string, cfg *config.ErrorPolicy) *neutral.Set {
	all := disclosure.Rules(disclosure.Builtin())
	for _, id := range slices.Sorted(maps.Keys(b.cfg.Disclosures)) {
		if slices.ContainsFunc(all, func(r disclosure.Rule) bool { return r.ID == id }) {
			b.fail("disclosure."+id, "a built-in disclosure rule has this name (another one; disable switches the built-in one off)")
			return nil
		}
		all = append(all, *b.cfg.Disclosures[id])
	}
	for i, name := range cfg.Disable {
		if !slices.ContainsFunc(all, func(r disclosure.Rule) bool { return isDisclosure(&r, name) }) {
			b.fail(key+".errors.disable["+strconv.Itoa(i)+"]", "no disclosure rule, pack, framework or part is called %q", name)
		}
	}
	var ids []string
	selected := all[:0:0]
	for _, r := range all {
		if !slices.ContainsFunc(cfg.Disable, func(name string) bool { return isDisclosure(&r, name) }) {
			selected, ids = append(selected, r), append(ids, r.ID)
		}
	}
	id := strings.Join(ids, " ")
	if set, done := b.neutral[id]; done {
		return set
	}
	compile := func() (*neutral.Set, error) { return neutral.Compile(selected) }
	if len(selected) == len(all) && len(b.cfg.Disclosures) == 0 {
		compile = builtinDisclosures
	}
	set, err := compile()
	b.disclosureErrors(key, err)
	b.neutral[id] = set
	return set
}

func isDisclosure(r *disclosure.Rule, name string) bool {
	return r.ID == name || r.Pack == name || r.Framework == name || string(r.Part) == name
}

// disclosureErrors notes the errors of neutral.Compile, each at its rule.
func (b *builder) disclosureErrors(key string, err error) {
	if err == nil {
		return
	}
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for _, err := range errs {
		var re *neutral.RuleError
		switch {
		case !errors.As(err, &re):
			b.fail(key+".errors", "%v", err)
		case b.cfg.Disclosures[re.ID] != nil && re.Key != "":
			b.fail("disclosure."+re.ID+"."+re.Key, "%v", re.Err)
		case b.cfg.Disclosures[re.ID] != nil:
			b.fail("disclosure."+re.ID, "%v", re.Err)
		default:
			b.fail(key+".errors", "built-in disclosure rule %s: %s: %v", re.ID, re.Key, re.Err)
		}
	}
}

// safeBodies builds what stands in place of bodies.
func (b *builder) safeBodies(key string, cfg *config.ErrorPolicy) *safebody.Set {
	key += ".errors."
	bad := len(b.bad)
	file := func(name, path string) safebody.File {
		if path == "" {
			return safebody.File{}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			b.fail(key+name, "cannot be read")
		}
		return safebody.File{Name: filepath.Base(path), Data: data}
	}
	o := safebody.Options{
		Shape: cfg.Shape, Type: cfg.Type, Instance: cfg.Instance, Support: cfg.Support, Languages: cfg.Languages,
		JSON: file("template_json", cfg.TemplateJSON), HTML: file("template_html", cfg.TemplateHTML),
		Text:  file("template_text", cfg.TemplateText),
		Brand: safebody.Brand{Name: cfg.Brand, Colour: cfg.BrandColor, Logo: file("logo", cfg.Logo)},
	}
	keys := map[string]string{ // by what safebody calls the options
		"brand.name": "brand", "brand.colour": "brand_color", "brand.logo": "logo",
		o.JSON.Name: "template_json", o.HTML.Name: "template_html", o.Text.Name: "template_text", "": "",
	}
	for i, path := range cfg.Texts {
		name := "texts[" + strconv.Itoa(i) + "]"
		f := file(name, path)
		o.Texts = append(o.Texts, f)
		keys[f.Name] = name
	}
	if len(b.bad) > bad {
		return nil
	}
	set, err := safebody.New(o)
	var mistakes safebody.Errors
	if errors.As(err, &mistakes) {
		for _, m := range mistakes {
			b.safeBodyError(key, keys, m)
		}
		return nil
	}
	if err != nil {
		b.fail(strings.TrimSuffix(key, "."), "%v", err)
		return nil
	}
	return set
}

// safeBodyError notes what is wrong with an option or a file, at the key that has it.
func (b *builder) safeBodyError(key string, keys map[string]string, m safebody.Error) {
	if m.File != "" {
		b.fail(key+keys[m.File], "%v", m)
		return
	}
	name := m.Key
	if k, ok := keys[name]; ok {
		name = k
	}
	b.fail(key+name, "%s", m.Msg)
}
