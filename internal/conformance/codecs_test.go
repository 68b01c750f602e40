package conformance

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
)

// document is a payload with one text in it.
type document struct {
	name string
	// codec is the one that walks it, which path and mediaType lead to.
	codec, path, mediaType string
	// before and after stand around the text as it is written; %KEY is the name of its
	// field.
	before, after string
	write         func(text string) string
	// read returns the text of a whole payload that decodes.
	read func(doc, key string) (text string, err error)
	// keyed says that the text stands under a name; names says which will do.
	keyed bool
	names func(key string) bool
	// typed says that addresses and dates keep their type.
	typed bool
	// takes says which texts can be written, if not all.
	takes func(text string) bool
}

func (d *document) text(key, written string) string {
	return strings.ReplaceAll(d.before, "%KEY", key) + written + strings.ReplaceAll(d.after, "%KEY", key)
}

// inner returns the text in doc, where all around it is as it was.
func (d *document) inner(doc, key string) (string, error) {
	if _, err := within(doc, strings.ReplaceAll(d.before, "%KEY", key), strings.ReplaceAll(d.after, "%KEY", key)); err != nil {
		return "", err
	}
	return d.read(doc, key)
}

func identity(text string) string { return text }

// between reads what stands as it is.
func between(before, after string) func(doc, key string) (string, error) {
	return func(doc, _ string) (string, error) { return within(doc, before, after) }
}

// member reads a member of a JSON document, found by the names on the way.
func member(names ...string) func(doc, key string) (string, error) {
	return func(doc, key string) (string, error) {
		var v any
		if err := json.Unmarshal([]byte(doc), &v); err != nil {
			return "", err
		}
		for _, name := range names {
			m, ok := v.(map[string]any)
			if !ok {
				return "", errForm
			}
			v = m[strings.ReplaceAll(name, "%KEY", key)]
		}
		s, ok := v.(string)
		if !ok {
			return "", errForm
		}
		return s, nil
	}
}

// lineOf reads line n of a payload, counted from 0, of which there must be count.
func lineOf(n, count int, read func(doc, key string) (string, error)) func(doc, key string) (string, error) {
	return func(doc, key string) (string, error) {
		lines := strings.Split(strings.TrimSuffix(doc, "\n"), "\n")
		if len(lines) != count {
			return "", errForm
		}
		return read(lines[n], key)
	}
}

func escapedXML(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // of a buffer
	return b.String()
}

// element reads the text of the element that is named by key.
func element(doc, key string) (text string, err error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	depth, found := 0, false
	for {
		token, err := d.Token()
		if err == io.EOF && found {
			return text, nil
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; token.Name.Local == key {
				found = true
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if found && depth == 2 && text == "" {
				text = string(token)
			}
		}
	}
}

// isXML reports whether text is the same once it was in XML.
func isXML(text string) bool {
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' || r == 0xFFFD || r > 0xFFFF {
			return false
		}
	}
	return true
}

func isName(key string) bool {
	for i, c := range key {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if i == 0 || c != '_' && c != '-' && c != '.' && (c < '0' || c > '9') {
				return false
			}
		}
	}
	return key != ""
}

func formValue(doc, key string) (string, error) {
	v, err := url.ParseQuery(doc)
	if err != nil || len(v) != 3 {
		return "", errForm
	}
	return v.Get(key), nil
}

func part(doc, key string) (string, error) {
	_, params, err := mime.ParseMediaType(multipartType)
	if err != nil {
		return "", err
	}
	form, err := multipart.NewReader(strings.NewReader(doc), params["boundary"]).ReadForm(1 << 20)
	if err != nil || len(form.Value[key]) != 1 {
		return "", errForm
	}
	return form.Value[key][0], nil
}

const multipartType = "multipart/form-data; boundary=xyzzy42"

// column reads the second cell of the second record.
func column(doc, _ string) (string, error) {
	rows, err := csv.NewReader(strings.NewReader(doc)).ReadAll()
	if err != nil || len(rows) != 3 || len(rows[1]) != 2 {
		return "", errForm
	}
	return rows[1][1], nil
}

var documents = []document{
	{name: "text", codec: "text", mediaType: "text/plain",
		before: "2026-11-22T08:00:00Z INFO app started\n2026-11-22T08:00:01Z WARN upstream said:\n", after: "\nok\n",
		write: identity, read: between("2026-11-22T08:00:00Z INFO app started\n2026-11-22T08:00:01Z WARN upstream said:\n", "\nok\n")},
	{name: "json", codec: "json", mediaType: "application/json", keyed: true,
		before: `{"level":"warn", "n": 1.0, "ctx":{"%KEY":`, after: `},"ok" :true}`,
		write: inJSON, read: member("ctx", "%KEY")},
	{name: "json in json", codec: "json", mediaType: "application/json", keyed: true,
		before: `{"level":"warn","line":"{\"%KEY\":`, after: `}"}`,
		write: func(text string) string { return escaped(inJSON(text)) },
		read: func(doc, key string) (string, error) {
			line, err := member("line")(doc, key)
			if err != nil {
				return "", err
			}
			return member("%KEY")(line, key)
		}},
	{name: "ndjson", codec: "ndjson", mediaType: "application/x-ndjson", keyed: true,
		before: "{\"a\":1}\n{\"%KEY\":", after: ",\"b\":[]}\n{\"c\":\"d\"}\n",
		write: inJSON, read: lineOf(1, 3, member("%KEY"))},
	{name: "esbulk", codec: "esbulk", path: "/logs/_bulk", mediaType: "application/x-ndjson", keyed: true, typed: true,
		before: "{\"index\":{\"_index\":\"logs\"}}\n{\"a\":{\"%KEY\":", after: "}}\n{\"create\":{}}\n{\"m\":\"x\"}\n",
		write: inJSON, read: lineOf(1, 4, member("a", "%KEY"))},
	{name: "esdoc", codec: "esdoc", path: "/logs/_doc/1", mediaType: "application/json", keyed: true, typed: true,
		before: `{"@timestamp":"2026-11-22T08:00:00Z","a":{"%KEY":`, after: `}}`, write: inJSON, read: member("a", "%KEY")},
	{name: "logfmt", codec: "logfmt", mediaType: "application/logfmt", keyed: true, names: isName,
		before: "ts=2026-11-22T08:00:00Z level=warn %KEY=", after: " status=500\nts=2026-11-22T08:00:01Z level=info\n",
		write: inJSON,
		read: func(doc, key string) (string, error) {
			in, err := within(doc, "ts=2026-11-22T08:00:00Z level=warn "+key+"=", " status=500\nts=2026-11-22T08:00:01Z level=info\n")
			if err != nil {
				return "", err
			}
			return fromJSON(in)
		}},
	{name: "form", codec: "form", mediaType: "application/x-www-form-urlencoded", keyed: true, names: isName,
		before: "a=1&%KEY=", after: "&b=x+y%21", write: url.QueryEscape, read: formValue},
	{name: "multipart", codec: "multipart", mediaType: multipartType, keyed: true, names: isName,
		before: "--xyzzy42\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--xyzzy42\r\nContent-Disposition: form-data; name=\"%KEY\"\r\n\r\n",
		after:  "\r\n--xyzzy42--\r\n", write: identity, read: part},
	{name: "csv", codec: "csv", mediaType: "text/csv; charset=utf-8", keyed: true, names: func(key string) bool { return key != "" && !strings.ContainsAny(key, "\r\n") },
		before: "id,\"%KEY\"\r\n7,\"", after: "\"\r\n8,\r\n",
		write: func(text string) string { return strings.ReplaceAll(text, `"`, `""`) }, read: column,
		takes: func(text string) bool { return !strings.Contains(text, "\r") }},
	{name: "html", codec: "html", mediaType: "text/html",
		before: "<!DOCTYPE html><html><body class=\"e\"><h1>500 &amp; so</h1><pre>", after: "</pre><br></body></html>",
		write: html.EscapeString,
		read: func(doc, _ string) (string, error) {
			in, err := within(doc, "<!DOCTYPE html><html><body class=\"e\"><h1>500 &amp; so</h1><pre>", "</pre><br></body></html>")
			if err != nil || strings.ContainsAny(in, "<>") {
				return "", errForm
			}
			return html.UnescapeString(in), nil
		},
		takes: isXML},
	{name: "xml", codec: "xml", mediaType: "application/xml", keyed: true, names: isName,
		before: "<?xml version=\"1.0\"?>\n<e a=\"1\"><%KEY>", after: "</%KEY><z/></e>\n", write: escapedXML, read: element, takes: isXML},
	{name: "sse", codec: "sse", mediaType: "text/event-stream", keyed: true,
		before: ": hello\n\nevent: m\nid: 7\ndata: {\"%KEY\":", after: "}\n\ndata: x\n\n", write: inJSON,
		read: lineOf(4, 8, func(line, key string) (string, error) {
			line, err := within(line, "data: ", "")
			if err != nil {
				return "", err
			}
			return member("%KEY")(line, key)
		})},
	{name: "Docker", codec: "json", mediaType: "",
		before: `{"log":`, after: `,"stream":"stderr","time":"2026-11-22T08:00:00.123456789Z"}`,
		write: func(text string) string { return inJSON(text + "\n") },
		read: func(doc, _ string) (string, error) {
			in, err := member("log")(doc, "")
			if err != nil {
				return "", err
			}
			return within(in, "", "\n")
		}},
	prefixed("Docker in a file", `{"log":`, `,"stream":"stderr","time":"2026-11-22T08:00:00.123456789Z"}`+"\n", inJSON, fromJSON),
	prefixed("syslog, RFC 5424", "<134>1 2026-11-22T08:00:00.003Z host1 app 4711 ID47 - ", "\n", syslogText, fromSyslogText),
	prefixed("syslog, RFC 3164", "<34>Nov 22 08:00:00 host1 app[4711]: ", "\n", syslogText, fromSyslogText),
	prefixed("CRI", "2026-11-22T08:00:00.123456789Z stderr F ", "\n", identity, same),
	prefixed("klog", "E1122 08:00:00.123456       1 controller.go:114] ", "\n", identity, same),
	prefixed("kubectl --prefix", "[pod/web-6d4cf56db6-x2x7k/app] ", "\n", identity, same),
	prefixed("logfmt in a file", `ts=2026-11-22T08:00:00Z level=error msg=`, " status=500\n", inJSON, fromJSON),
}

func same(s string) (string, error) { return s, nil }

// prefixed is plain text in which the text stands between a prefix and a suffix.
func prefixed(name, before, after string, write func(string) string, read func(string) (string, error)) document {
	const first, last = "2026-11-22T08:00:00Z INFO app started\n", "and so on\n"
	return document{name: name, codec: "text", mediaType: "text/plain", before: first + before, after: after + last, write: write,
		read: func(doc, _ string) (string, error) {
			in, err := within(doc, first+before, after+last)
			if err != nil {
				return "", err
			}
			return read(in)
		}}
}
