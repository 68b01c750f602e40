package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/internal/tomlpos"
)

// ErrorMode says what becomes of an error response.
type ErrorMode string

// The modes, from the mildest.
const (
	ErrorOff        ErrorMode = "off"        // nothing is done, not even looked for secrets
	ErrorScrub      ErrorMode = "scrub"      // secrets go
	ErrorNeutralise ErrorMode = "neutralise" // and what it discloses of the service's inside
	ErrorReplace    ErrorMode = "replace"    // a safe body stands in its place
)

// HeaderScope says which answers are without header fields that disclose.
type HeaderScope string

// The scopes of header fields.
const (
	HeadersNone   HeaderScope = "none"
	HeadersErrors HeaderScope = "errors"
	HeadersAll    HeaderScope = "all"
)

// ErrorPolicy says what becomes of the error responses of a route, and what stands in
// place of one.
type ErrorPolicy struct {
	On4xx ErrorMode `toml:"4xx"`
	On5xx ErrorMode `toml:"5xx"`
	// Statuses are modes of single statuses: "404". They beat those of classes. In a file
	// they may stand beside the classes, too.
	Statuses map[string]string `toml:"status"`
	// LogProtocols is the mode of all error responses at endpoints of log protocols, whose
	// clients read them.
	LogProtocols ErrorMode `toml:"log_protocols"`
	// Embedded is the mode of errors inside of answers of success: of GraphQL, JSON-RPC and
	// gRPC-Web.
	Embedded ErrorMode   `toml:"embedded"`
	Mode     Mode        `toml:"mode"` // "" is that of the route
	Headers  HeaderScope `toml:"headers"`
	IDHeader string      `toml:"id_header"` // carries the reference
	MaxBody  Size        `toml:"max_body"`  // a larger one is replaced as a whole
	// Disable switches disclosure rules off: by id, pack, framework or part.
	Disable []string `toml:"disable"`

	// Shape to Texts are as in safebody.Options.
	Shape        string   `toml:"shape"`
	TemplateJSON string   `toml:"template_json"` // files
	TemplateHTML string   `toml:"template_html"`
	TemplateText string   `toml:"template_text"`
	Type         string   `toml:"type"`
	Instance     string   `toml:"instance"`
	Brand        string   `toml:"brand"`
	BrandColor   string   `toml:"brand_color"`
	Logo         string   `toml:"logo"` // file
	Support      string   `toml:"support"`
	Languages    []string `toml:"languages"`
	Texts        []string `toml:"texts"` // files
}

// On returns the mode of a status, apart from log protocols.
func (e *ErrorPolicy) On(status int) ErrorMode {
	if m, ok := e.Statuses[fmt.Sprint(status)]; ok {
		return ErrorMode(m)
	}
	if status < 500 {
		return e.On4xx
	}
	return e.On5xx
}

// errorMode is the check of a mode, by its default.
var errorMode = oneOf(string(ErrorOff), string(ErrorScrub), string(ErrorNeutralise), string(ErrorReplace))

var errorKeys = []key{
	{path: "route.NAME.errors.4xx", def: string(ErrorNeutralise), check: errorMode},
	{path: "route.NAME.errors.5xx", def: string(ErrorNeutralise), check: errorMode},
	{path: "route.NAME.errors.status", check: errorMode},
	{path: "route.NAME.errors.log_protocols", def: string(ErrorScrub), check: errorMode},
	{path: "route.NAME.errors.embedded", def: string(ErrorNeutralise), check: errorMode},
	{path: "route.NAME.errors.mode", check: optional(oneOf(string(ModeEnforce), string(ModeShadow)))},
	{path: "route.NAME.errors.headers", def: string(HeadersErrors), check: oneOf(string(HeadersNone), string(HeadersErrors), string(HeadersAll))},
	{path: "route.NAME.errors.id_header", def: "X-Error-Id", check: ownHeader},
	{path: "route.NAME.errors.max_body", def: "4MiB", min: 64 * kib, max: 64 * kib * kib},
	{path: "route.NAME.errors.disable", check: nonEmpty},
	{path: "route.NAME.errors.shape", def: "problem", check: oneOf("problem", "drf", "graphql", "grpc-json")},
	{path: "route.NAME.errors.template_json", file: readFile},
	{path: "route.NAME.errors.template_html", file: readFile},
	{path: "route.NAME.errors.template_text", file: readFile},
	{path: "route.NAME.errors.type"},
	{path: "route.NAME.errors.instance", def: "urn:error:{id}", check: nonEmpty},
	{path: "route.NAME.errors.brand"},
	{path: "route.NAME.errors.brand_color"},
	{path: "route.NAME.errors.logo", file: readFile},
	{path: "route.NAME.errors.support"},
	{path: "route.NAME.errors.languages", check: nonEmpty},
	{path: "route.NAME.errors.texts", file: readFile},

	{path: "disclosure.NAME.description", raw: true},
	{path: "disclosure.NAME.reference", raw: true},
	{path: "disclosure.NAME.framework", raw: true, check: optional(tableName)},
	{path: "disclosure.NAME.part", raw: true, check: oneOf(disclosureParts()...), required: true},
	{path: "disclosure.NAME.marks", raw: true, check: nonEmpty},
	{path: "disclosure.NAME.media", raw: true, check: nonEmpty},
	{path: "disclosure.NAME.pattern", raw: true},
	{path: "disclosure.NAME.validators", raw: true, check: nonEmpty},
	{path: "disclosure.NAME.before", def: int64(0)},
	{path: "disclosure.NAME.after", def: int64(0)},
	{path: "disclosure.NAME.gap", def: int64(0)},
	{path: "disclosure.NAME.keys", raw: true, check: nonEmpty},
	{path: "disclosure.NAME.beside", raw: true, check: nonEmpty},
	{path: "disclosure.NAME.within", raw: true},
	{path: "disclosure.NAME.headers", raw: true, check: nonEmpty},
	{path: "disclosure.NAME.exception", raw: true},
	{path: "disclosure.NAME.frame", raw: true},
	{path: "disclosure.NAME.reverse", def: false},
	{path: "disclosure.NAME.instead", raw: true},
	{path: "disclosure.NAME.status", raw: true, check: nonEmpty},
	{path: "disclosure.NAME.examples", raw: true, check: nonEmpty},
	{path: "disclosure.NAME.counter_examples", raw: true, check: nonEmpty},
}

func disclosureParts() (parts []string) {
	for _, p := range disclosure.Parts {
		parts = append(parts, string(p))
	}
	return parts
}

var errorStatus = regexp.MustCompile(`^[45][0-9]{2}$`)

// shortStatuses puts single statuses that stand beside their classes in the errors of a
// route into the table of them.
func shortStatuses(tree map[string]any, lines Positions) {
	routes, _ := tree["route"].(map[string]any)
	for name := range routes {
		route, _ := routes[name].(map[string]any)
		table, ok := route["errors"].(map[string]any)
		if !ok {
			continue
		}
		path := tomlpos.Join("route", name) + ".errors"
		for status, mode := range table {
			if !errorStatus.MatchString(status) {
				continue
			}
			if table["status"] == nil {
				table["status"] = map[string]any{}
			}
			of, ok := table["status"].(map[string]any)
			if !ok {
				continue
			}
			if of[status] == nil {
				delete(table, status)
				of[status] = mode
				if lines != nil {
					lines[path+".status."+status] = lines[path+"."+status]
				}
			}
		}
	}
}

// checkErrors looks at what a route does with error responses.
func (d *decoder) checkErrors(path string, r *Route) {
	for _, status := range slices.Sorted(maps.Keys(r.Errors.Statuses)) {
		if key := tomlpos.Join(path+".status", status); !errorStatus.MatchString(status) && !d.failed(key) {
			d.fail(key, "is no status of an error (400 to 599)")
		}
	}
	if r.Response != ScopeNone {
		return
	}
	for _, name := range []string{"4xx", "5xx", "status", "log_protocols", "embedded"} {
		if key := path + "." + name; d.has(key) && !d.failed(key) {
			d.fail(key, `has no effect where response is "none" ("errors" or "all")`)
		}
	}
}

// checkDisclosure looks at an own disclosure rule.
func (d *decoder) checkDisclosure(path string, r *disclosure.Rule) {
	for _, m := range r.Check() {
		key := path
		if m.Key != "" {
			key += "." + m.Key
		}
		if !d.failed(key) && !strings.HasPrefix(m.What, "names have") {
			d.fail(key, "%s", m.What)
		}
	}
}
