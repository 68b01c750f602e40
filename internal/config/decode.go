package config

import (
	"encoding"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/tomlpos"
)

// decoder turns the tree that the TOML library gives into a Config. The
// library's own decoder would stop at the first error, match keys in any case
// and give unknown keys no line.
type decoder struct {
	cfg  *Config
	env  func(string) (string, bool)
	dir  string // of the configuration file
	errs Errors
}

// at names a place: the path of the key as written, and that of the key table.
type at struct{ path, spec string }

func (a at) child(name string) at {
	spec := name
	switch {
	case a.spec == "":
	case named[a.spec]:
		spec = a.spec + ".NAME"
	default:
		spec = a.spec + "." + name
	}
	return at{tomlpos.Join(a.path, name), spec}
}

func (d *decoder) fail(path, format string, args ...any) {
	file, line := d.cfg.Locate(path)
	d.errs = append(d.errs, Error{file, line, path, fmt.Sprintf(format, args...)})
}

// fields gives the fields of a struct type, with those of structs embedded in it, by
// TOML key.
func fields(t reflect.Type) map[string]reflect.StructField {
	m := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		if name != "" && name != "-" {
			m[name] = f
		}
	}
	return m
}

func (d *decoder) table(a at, in map[string]any, out reflect.Value) {
	fields := fields(out.Type())
	names := slices.Sorted(maps.Keys(fields))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if _, ok := fields[name]; !ok {
			d.unknown(a, name, in[name], names)
		}
	}
	for _, name := range names {
		child, field := a.child(name), out.FieldByIndex(fields[name].Index)
		v, ok := in[name]
		spec := keyByPath[child.spec]
		switch {
		case ok:
			d.value(child, v, field)
		case field.Kind() == reflect.Struct:
			d.table(child, nil, field)
		case spec == nil:
		case spec.def != nil:
			d.value(child, spec.def, field)
		case spec.required:
			d.fail(child.path, "is missing (wants %s)", wants(field.Type()))
		}
	}
}

// unknown reports a key that is not one, with the one that was probably meant.
func (d *decoder) unknown(a at, name string, v any, names []string) {
	path := tomlpos.Join(a.path, name)
	what := "unknown key"
	if _, ok := v.(map[string]any); ok {
		what = "unknown table"
	}
	if s := suggest(name, names); s != "" {
		d.fail(path, "%s%s", what, s)
		return
	}
	for _, k := range keys {
		if table, last, _ := cutLast(k.path); last == name && table != a.spec {
			d.fail(path, "%s here (it belongs in [%s])", what, table)
			return
		}
	}
	if a.spec == "" {
		d.fail(path, "%s (one of %s)", what, list(names))
		return
	}
	d.fail(path, "%s (docs/CONFIGURATION.md lists those of [%s])", what, a.spec)
}

func cutLast(path string) (table, last string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

var (
	textType   = reflect.TypeFor[encoding.TextUnmarshaler]()
	sizeType   = reflect.TypeFor[Size]()
	dateType   = reflect.TypeFor[Date]()
	ratioType  = reflect.TypeFor[Ratio]()
	secretType = reflect.TypeFor[Secret]()
)

func (d *decoder) value(a at, v any, out reflect.Value) {
	if out.Addr().Type().Implements(textType) {
		d.text(a, v, out)
		return
	}
	switch out.Kind() {
	case reflect.Struct:
		if m, ok := v.(map[string]any); ok {
			d.table(a, m, out)
			return
		}
	case reflect.Map:
		if m, ok := v.(map[string]any); ok {
			d.tableOf(a, m, out)
			return
		}
	case reflect.Slice:
		if l, ok := v.([]any); ok {
			d.list(a, l, out)
			return
		}
	case reflect.String:
		if s, ok := v.(string); ok {
			d.string(a, s, out)
			return
		}
	case reflect.Bool:
		if b, ok := v.(bool); ok {
			out.SetBool(b)
			return
		}
	case reflect.Int:
		if n, ok := v.(int64); ok {
			out.SetInt(n)
			d.bounds(a, out)
			return
		}
	}
	d.fail(a.path, "is %s (wants %s)", kindOf(v), wants(out.Type()))
}

// tableOf decodes a table whose keys are names.
func (d *decoder) tableOf(a at, in map[string]any, out reflect.Value) {
	out.Set(reflect.MakeMap(out.Type()))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		elem := reflect.New(out.Type().Elem()).Elem()
		child := at{tomlpos.Join(a.path, name), a.spec}
		if elem.Kind() == reflect.Pointer {
			child = a.child(name)
			d.name(child.path, a.spec, name)
			elem.Set(reflect.New(elem.Type().Elem()))
			d.value(child, in[name], elem.Elem())
		} else {
			d.value(child, in[name], elem)
		}
		out.SetMapIndex(reflect.ValueOf(name), elem)
	}
}

func (d *decoder) name(path, table, name string) {
	check := tableName
	if table == "rule" || table == "disclosure" {
		check = ruleID
	}
	if problem := check(name); problem != "" {
		d.fail(path, "the name %s", problem)
	}
}

func (d *decoder) list(a at, in []any, out reflect.Value) {
	out.Set(reflect.MakeSlice(out.Type(), len(in), len(in)))
	for i, v := range in {
		d.value(at{tomlpos.Element(a.path, i), a.spec}, v, out.Index(i))
	}
	if spec := keyByPath[a.spec]; spec != nil && spec.required && len(in) == 0 {
		d.fail(a.path, "is empty (at least one)")
	}
}

func (d *decoder) string(a at, s string, out reflect.Value) {
	s, ok := d.expand(a, s)
	if !ok {
		return
	}
	out.SetString(s)
	spec := keyByPath[a.spec]
	if spec == nil {
		return
	}
	if spec.check != nil {
		if problem := spec.check(s); problem != "" {
			d.fail(a.path, "%s%s", d.quote(a.path, s), problem)
			return
		}
	}
	if spec.file != noFile && s != "" {
		d.cfg.paths[a.path] = s
		if !filepath.IsAbs(s) {
			s = filepath.Join(d.dir, s)
		}
		out.SetString(s)
		if spec.file == readFile {
			d.readable(a.path, s)
		}
	}
}

// text decodes into a type that reads its own spelling.
func (d *decoder) text(a at, v any, out reflect.Value) {
	s, ok := v.(string)
	if n, isInt := v.(int64); isInt && out.Type() == sizeType {
		s, ok = strconv.FormatInt(n, 10), true
	}
	switch n := v.(type) {
	case float64:
		if out.Type() == ratioType {
			s, ok = strconv.FormatFloat(n, 'g', -1, 64), true
		}
	case int64:
		if out.Type() == ratioType {
			s, ok = strconv.FormatInt(n, 10), true
		}
	}
	// The TOML library gives a date as a Time in a zone of this name.
	if day, isTime := v.(time.Time); isTime && out.Type() == dateType && day.Location().String() == "date-local" {
		s, ok = day.Format(time.DateOnly), true
	}
	if !ok {
		d.fail(a.path, "is %s (wants %s)", kindOf(v), wants(out.Type()))
		return
	}
	if s, ok = d.expand(a, s); !ok {
		return
	}
	if err := out.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
		problem := err.Error()
		if !strings.HasPrefix(problem, "is ") {
			problem = "is refused: " + problem
		}
		d.fail(a.path, "%s%s", d.quote(a.path, s), problem)
		return
	}
	if out.CanInt() {
		d.bounds(a, out)
	}
}

func (d *decoder) bounds(a at, out reflect.Value) {
	spec := keyByPath[a.spec]
	if spec == nil {
		return
	}
	show := func(n int64) string {
		v := reflect.New(out.Type()).Elem()
		v.SetInt(n)
		return fmt.Sprint(v.Interface())
	}
	if n := out.Int(); n < spec.min {
		d.fail(a.path, "%s is too little (%s or more)", show(n), show(spec.min))
	} else if spec.max > 0 && n > spec.max {
		d.fail(a.path, "%s is too much (%s or less)", show(n), show(spec.max))
	}
}

func (d *decoder) expand(a at, s string) (string, bool) {
	if spec := keyByPath[a.spec]; d.env == nil || spec != nil && spec.raw {
		return s, true
	}
	out, shown, err := expand(s, d.env)
	if err != nil {
		d.fail(a.path, "%s", err)
		return "", false
	}
	if shown != "" {
		d.cfg.written[a.path] = shown
	}
	return out, true
}

// quote gives what to call a value in a message: itself, or the references
// that it came from, since what they stand for may be secret.
func (d *decoder) quote(path, s string) string {
	if shown, ok := d.cfg.written[path]; ok {
		return "the value of " + strconv.Quote(hideUserinfo(shown)) + " "
	}
	if len(s) > 80 {
		return "the value "
	}
	return strconv.Quote(hideUserinfo(s)) + " "
}

// readable asks that path is a regular file that can be opened. Opening is
// left out for anything else: it could wait forever.
func (d *decoder) readable(key, path string) {
	info, err := os.Stat(path)
	shown := d.quote(key, path)
	if key == "token.keys_file" || strings.HasSuffix(key, ".azure_shared_key_file") {
		shown = "" // it may be a key that was put where its file's name belongs
	}
	switch {
	case err != nil:
		d.fail(key, "%scannot be read: %s", shown, reason(err))
	case !info.Mode().IsRegular():
		d.fail(key, "%sis not a regular file", shown)
	default:
		f, err := os.Open(path)
		if err != nil {
			d.fail(key, "%scannot be read: %s", shown, reason(err))
			return
		}
		f.Close()
	}
}

// kindOf names the TOML type of v.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	case []map[string]any:
		return "a list of tables"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}

// wants says what a key of type t wants.
func wants(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Duration]():
		return `a duration in quotes: "30s"`
	case t == sizeType:
		return `a size: "8MiB"`
	case t == ratioType:
		return "a share from 0 to 1: 0.999"
	case t == dateType:
		return "a date: 2027-01-31"
	case t.Kind() == reflect.Slice:
		return `a list of strings: ["..."]`
	case t.Kind() == reflect.String, reflect.PointerTo(t).Implements(textType):
		return `a string: "..."`
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Pointer:
		return "tables with a name each: [table.NAME]"
	}
	return "a table"
}
