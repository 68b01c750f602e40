package ownsecrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/redactd/redactd/internal/config"
)

// formats read the values of a text. name is what the text is called.
var formats = map[string]func(data []byte, name string, cfg *config.Secrets, yield func(string, []byte)) error{
	config.FormatWhole: parseWhole,
	config.FormatLines: parseLines,
	config.FormatEnv:   parseEnv,
	config.FormatJSON:  parseJSON,
}

func parseWhole(data []byte, name string, cfg *config.Secrets, yield func(string, []byte)) error {
	if wanted(cfg, name) {
		yield(name, data)
	}
	return nil
}

// parseLines takes each line for a value, but blank ones and those that begin with #.
func parseLines(data []byte, name string, _ *config.Secrets, yield func(string, []byte)) error {
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			yield(name+":"+strconv.Itoa(n), line)
		}
	}
	return nil
}

// parseEnv reads KEY=VALUE lines, as shells and libraries for .env files do: export
// before the name, values in quotes, which may go over lines, comments behind a blank.
func parseEnv(data []byte, _ string, cfg *config.Secrets, yield func(string, []byte)) error {
	bad := 0
	for at := 0; at < len(data); {
		end := lineEnd(data, at)
		line := data[at:end]
		from := at
		at = end + 1
		if trimmed := bytes.TrimSpace(line); len(trimmed) == 0 || trimmed[0] == '#' {
			continue
		}
		key, value, ok := bytes.Cut(line, []byte("="))
		name := string(bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(key), []byte("export "))))
		if !ok || name == "" || len(name) > maxEnvName {
			bad++
			continue
		}
		start := from + len(key) + 1
		for start < end && (data[start] == ' ' || data[start] == '\t') {
			start++
		}
		if start < end && (data[start] == '"' || data[start] == '\'' || data[start] == '`') {
			quoted, n := unquote(data[start+1:], data[start])
			value = quoted
			at = lineEnd(data, start+1+n) + 1
		} else {
			value, _, _ = bytes.Cut(value, []byte(" #"))
			value = bytes.Clone(bytes.TrimSpace(value))
		}
		if wanted(cfg, name) {
			yield(name, value)
		}
		clear(value)
	}
	if bad > 0 {
		return errors.New("has lines that are not KEY=VALUE")
	}
	return nil
}

// maxEnvName bounds the name of a variable, in bytes.
const maxEnvName = 256

// lineEnd returns where the line of data that at is in ends.
func lineEnd(data []byte, at int) int {
	if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(data)
}

// unquote returns the text up to the quote that ends it, and how long it is written
// with that. Without one it goes to the end of the line.
func unquote(text []byte, quote byte) (out []byte, n int) {
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == quote:
			return out, i + 1
		case b == '\\' && quote == '"' && i+1 < len(text):
			i++
			switch b = text[i]; b {
			case 'n':
				b = '\n'
			case 'r':
				b = '\r'
			case 't':
				b = '\t'
			case '"', '\\', '$', '`':
			default:
				out = append(out, '\\')
			}
			out = append(out, b)
		default:
			out = append(out, b)
		}
	}
	clear(out)
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return bytes.Clone(line), 0
}

// parseJSON takes the strings and numbers of a document, each by its path.
func parseJSON(data []byte, name string, cfg *config.Secrets, yield func(string, []byte)) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return errors.New("is not JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("is not one JSON document")
	}
	var visit func(path string, v any)
	visit = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				visit(path+"."+key, v[key])
			}
		case []any:
			for _, elem := range v {
				visit(path, elem)
			}
		case string:
			if wanted(cfg, path) {
				yield(path, []byte(v))
			}
		case json.Number:
			if wanted(cfg, path) {
				yield(path, []byte(v))
			}
		}
	}
	visit(name, doc)
	return nil
}
