package dialect

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

func init() { register(generic{}, true) }

// generic takes any body on any path, as the HTTP outputs of Fluent Bit,
// Fluentd, Vector, Logstash and Python's logging.handlers.HTTPHandler send
// them. It never refuses a body: what is not JSON is text.
type generic struct{}

// Generic is the name of the dialect of whatever belongs to no other.
const Generic = "http"

func (generic) Name() string { return Generic }

func (generic) Match(string, string, string) bool { return true }

func (generic) Handle(r *Request) (*Response, []Record) {
	var records []Record
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		records = genericRecords(r.ContentType, r.Body)
	case http.MethodGet, http.MethodHead:
		if rec, ok := queryRecord(r.Query); ok && r.Method == http.MethodGet {
			records = []Record{rec}
			break
		}
		return jsonAnswer(http.StatusOK, map[string]string{"status": "ok"}), nil
	default:
		res := problem(http.StatusMethodNotAllowed, "records are sent with POST or PUT")
		res.Header = append(res.Header, Header{"Allow", "GET, HEAD, PATCH, POST, PUT"})
		return res, nil
	}
	tag := strings.Trim(r.Path, "/")
	if v := r.header("X-Fluent-Tag"); v != "" {
		tag = v
	}
	if tag != "" {
		attr := text("tag", tag)
		for i := range records {
			records[i].Attrs = []Attr{attr}
		}
	}
	return jsonAnswer(http.StatusOK, map[string]int{"stored": len(records)}), records
}

func (generic) Fail(_ *Request, status int, reason string) *Response {
	return problem(status, reason)
}

// problem is an answer as RFC 9457 describes.
func problem(status int, detail string) *Response {
	return answer(status, typeProblem, marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{"about:blank", http.StatusText(status), status, detail}))
}

// genericRecords takes a body apart: an array gives its elements, any other
// JSON gives its values, whatever stands between them; a form gives one
// record, and text one for each line. The declared type decides only between
// form and text: "curl -d" calls everything a form.
func genericRecords(contentType string, body []byte) []Record {
	if isBinary(contentType, body) {
		return []Record{{Data: body}}
	}
	p := trim(body)
	if len(p) == 0 {
		return nil
	}
	if records, ok := jsonRecords(p); ok {
		return records
	}
	if mediaType(contentType) == "application/x-www-form-urlencoded" {
		if rec, ok := formRecord(p); ok {
			return []Record{rec}
		}
	}
	return lineRecords(p)
}

// jsonRecords succeeds if p is nothing but JSON that begins with an object or
// an array: bare words and numbers are text.
func jsonRecords(p []byte) ([]Record, bool) {
	if kind(p) != '{' && kind(p) != '[' {
		return nil, false
	}
	var records []Record
	add := func(v []byte) { records = append(records, Record{Data: v, JSON: true}) }
	rest := values(p, func(v []byte) {
		if kind(v) == '[' {
			elements(v, add)
		} else {
			add(v)
		}
	})
	return records, rest == nil
}

// lineRecords gives a record for each line, as JSON where it is an object or
// an array: a broken line does not spoil its neighbours.
func lineRecords(p []byte) []Record {
	var records []Record
	eachLine(p, func(_ int, line []byte) {
		t := bytes.TrimSpace(line)
		if (kind(t) == '{' || kind(t) == '[') && json.Valid(t) {
			records = append(records, Record{Data: t, JSON: true})
		} else {
			records = append(records, Record{Data: line})
		}
	})
	return records
}

// formRecord turns a form into an object of strings, in the form's order; a
// name that comes again makes an array of its values.
func formRecord(p []byte) (Record, bool) {
	var names []string
	fields := map[string][]string{}
	for pair := range bytes.SplitSeq(bytes.TrimSpace(p), []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		k, v, ok := bytes.Cut(pair, []byte("="))
		name, err1 := url.QueryUnescape(string(k))
		val, err2 := url.QueryUnescape(string(v))
		if !ok || err1 != nil || err2 != nil {
			return Record{}, false
		}
		if _, seen := fields[name]; !seen {
			names = append(names, name)
		}
		fields[name] = append(fields[name], val)
	}
	if len(names) == 0 {
		return Record{}, false
	}
	data := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			data = append(data, ',')
		}
		data = append(append(data, marshal(name)...), ':')
		if vals := fields[name]; len(vals) == 1 {
			data = append(data, marshal(vals[0])...)
		} else {
			data = append(data, marshal(vals)...)
		}
	}
	return Record{Data: append(data, '}'), JSON: true}, true
}

// queryRecord reads a record from a query, as HTTPHandler sends it unless told
// otherwise. Not every query is one.
func queryRecord(query string) (Record, bool) {
	rec, ok := formRecord([]byte(query))
	return rec, ok && member(rec.Data, "msg") != nil && member(rec.Data, "levelname") != nil
}

// isBinary reports whether a body is to be kept whole, as bytes.
func isBinary(contentType string, body []byte) bool {
	switch t := mediaType(contentType); {
	case t == "application/msgpack", t == "application/x-protobuf", t == "application/octet-stream" && !isText(body),
		strings.HasPrefix(t, "image/"), strings.HasPrefix(t, "audio/"), strings.HasPrefix(t, "video/"),
		strings.HasPrefix(t, "multipart/"):
		return len(body) > 0
	}
	return false
}

func isText(p []byte) bool { return bytes.IndexByte(p, 0) < 0 }

func itoa(n int) string { return strconv.Itoa(n) }
