package dialect

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// bulkItem is one operation of a bulk request or one document call.
type bulkItem struct {
	op, index, id string
	routing       []byte // JSON, nil for none
	pipeline      []byte
	source        []byte // nil for delete
	bad           bool   // source is not an object
}

// elasticBulk takes pairs of lines. An action line that can't be read leaves
// no way to tell actions from sources, so that nothing of the request is kept.
// A source that can't be read is refused in its item alone.
func elasticBulk(r *Request, index string) (*Response, []Record) {
	body := bytes.TrimPrefix(r.Body, bom)
	pipeline := queryAttr(r.Query, "pipeline")
	var items []bulkItem
	for line := 1; len(body) > 0; line++ {
		var action []byte
		action, body = cutLine(body)
		if len(action) == 0 {
			continue
		}
		it, ok := parseAction(action, index)
		if !ok {
			return elasticError(http.StatusBadRequest, "illegal_argument_exception",
				"Malformed action/metadata line ["+strconv.Itoa(line)+"]"), nil
		}
		if it.index == "" {
			return elasticError(http.StatusBadRequest, "action_request_validation_exception",
				"Validation Failed: 1: index is missing;"), nil
		}
		if it.pipeline == nil {
			it.pipeline = pipeline
		}
		if it.op != "delete" {
			it.source, body = cutLine(body)
			it.bad = kind(it.source) != '{' || !json.Valid(it.source)
			line++
		}
		items = append(items, it)
	}
	if len(items) == 0 {
		return elasticError(http.StatusBadRequest, "parse_exception", "request body is required"), nil
	}
	return bulkAnswer(items)
}

// cutLine cuts the first line off p and the space around it.
func cutLine(p []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(p, []byte("\n"))
	return bytes.TrimSpace(line), rest
}

// parseAction reads {"index": {...}} and its like.
func parseAction(line []byte, index string) (bulkItem, bool) {
	if kind(line) != '{' || !json.Valid(line) {
		return bulkItem{}, false
	}
	it := bulkItem{index: index}
	n, ok := 0, true
	members(line, func(name string, meta []byte) {
		n++
		switch name {
		case "index", "create", "update", "delete":
			it.op = name
		default:
			ok = false
		}
		ok = ok && kind(meta) == '{'
		members(meta, func(name string, v []byte) {
			switch name {
			case "_index":
				if s := str(v); s != "" {
					it.index = s
				}
			case "_id":
				it.id = idOf(v)
			case "routing", "_routing":
				it.routing = v
			case "pipeline":
				it.pipeline = v
			}
		})
	})
	if n != 1 || !ok || (it.id == "" && (it.op == "update" || it.op == "delete")) {
		return bulkItem{}, false
	}
	if it.id == "" {
		it.id = newID()
	}
	return it, true
}

// idOf reads an id, which may be written as a number.
func idOf(v []byte) string {
	switch kind(v) {
	case '"':
		return str(v)
	case '{', '[', 'n':
		return ""
	}
	return string(v)
}

// newID makes an id as Elasticsearch's look: 20 characters.
func newID() string {
	var p [15]byte
	_, _ = rand.Read(p[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(p[:])
}

func bulkAnswer(items []bulkItem) (*Response, []Record) {
	var records []Record
	var list []byte
	errors := false
	for i := range items {
		it := &items[i]
		if i > 0 {
			list = append(list, ',')
		}
		list = append(append(list, `{"`...), it.op...)
		list = append(list, `":`...)
		if it.bad {
			errors = true
			list = append(list, marshal(map[string]any{
				"_index": it.index, "_id": it.id, "status": http.StatusBadRequest,
				"error": map[string]string{"type": "document_parsing_exception", "reason": "failed to parse: the source is not an object"},
			})...)
		} else {
			list = append(list, marshal(it.result(i))...)
			records = append(records, it.record())
		}
		list = append(list, '}')
	}
	body := []byte(`{"took":1,"errors":` + strconv.FormatBool(errors) + `,"items":[`)
	body = append(append(body, list...), "]}"...)
	return answer(http.StatusOK, typeJSON, body), records
}

// docResult is what is said of one document that was taken.
type docResult struct {
	Index       string         `json:"_index"`
	ID          string         `json:"_id"`
	Version     int            `json:"_version"`
	Result      string         `json:"result"`
	Shards      map[string]int `json:"_shards"`
	SeqNo       int            `json:"_seq_no"`
	PrimaryTerm int            `json:"_primary_term"`
	Status      int            `json:"status,omitempty"`
}

func (it *bulkItem) result(seqNo int) docResult {
	res := docResult{it.index, it.id, 1, "created", elasticShards, seqNo, 1, http.StatusCreated}
	switch it.op {
	case "update":
		res.Result, res.Status = "updated", http.StatusOK
	case "delete":
		res.Result, res.Status = "deleted", http.StatusOK
	}
	return res
}

// record keeps an operation: the store only ever appends, so that an update
// or a deletion is a record of its own.
func (it *bulkItem) record() Record {
	attrs := []Attr{text("op", it.op), text("index", it.index), text("id", it.id)}
	if it.routing != nil {
		attrs = append(attrs, raw("routing", it.routing))
	}
	if it.pipeline != nil {
		attrs = append(attrs, raw("pipeline", it.pipeline))
	}
	data := it.source
	if data == nil {
		data = []byte("null")
	}
	return Record{Attrs: attrs, Data: data, JSON: true}
}

// queryAttr returns a query parameter as JSON, nil if there is none.
func queryAttr(query, name string) []byte {
	q, _ := url.ParseQuery(query)
	if v := q.Get(name); v != "" {
		return marshal(v)
	}
	return nil
}

// elasticDoc takes a single document.
func elasticDoc(r *Request, p elasticPath) (*Response, []Record) {
	it := bulkItem{op: "index", index: p.index, routing: queryAttr(r.Query, "routing"), pipeline: queryAttr(r.Query, "pipeline")}
	if len(p.rest) > 0 {
		it.id = p.rest[0]
	}
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return jsonAnswer(http.StatusNotFound, map[string]any{"_index": it.index, "_id": it.id, "found": false}), nil
	case r.Method == http.MethodDelete && p.api == "_doc":
		it.op = "delete"
	case !isPost(r.Method):
		return elasticError(http.StatusMethodNotAllowed, "illegal_argument_exception", "method not allowed"), nil
	case p.api != "_doc":
		it.op = p.api[1:]
	}
	if it.index == "" || (it.id == "" && it.op != "index") {
		return elasticError(http.StatusBadRequest, "action_request_validation_exception", "Validation Failed: 1: index or id is missing;"), nil
	}
	if it.id == "" {
		it.id = newID()
	}
	if it.op != "delete" {
		it.source = trim(r.Body)
		if kind(it.source) != '{' || !json.Valid(it.source) {
			return elasticError(http.StatusBadRequest, "document_parsing_exception", "failed to parse: the source is not an object"), nil
		}
	}
	res := it.result(0)
	status := res.Status
	res.Status = 0
	return jsonAnswer(status, res), []Record{it.record()}
}
