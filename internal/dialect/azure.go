package dialect

import (
	"encoding/json"
	"net/http"
	"strings"
)

func init() { Register(azure{}) }

// azure is the Logs Ingestion API of Azure Monitor.
// Source: https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview
type azure struct{}

func (azure) Name() string { return "azure" }

func (azure) Match(_, path, _ string) bool { return azureStream(path) != "" }

// azureStream returns the stream of /dataCollectionRules/{rule}/streams/{stream}.
func azureStream(path string) string {
	_, rest, _ := strings.Cut(path, "/dataCollectionRules/")
	_, stream, _ := strings.Cut(rest, "/streams/")
	return strings.TrimSuffix(stream, "/")
}

func (a azure) Handle(r *Request) (*Response, []Record) {
	if !isPost(r.Method) {
		return allowPost(a.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	body := trim(r.Body)
	if kind(body) != '[' || !json.Valid(body) {
		return a.Fail(r, http.StatusBadRequest, "body is no array"), nil
	}
	attrs := []Attr{text("stream", azureStream(r.Path))}
	var records []Record
	elements(body, func(v []byte) { records = append(records, Record{Attrs: attrs, Data: v, JSON: true}) })
	return answer(http.StatusNoContent, "", nil), records
}

// Fail answers with an error of Azure's APIs. Its clients retry on 408, 429 and 5xx.
func (azure) Fail(_ *Request, status int, reason string) *Response {
	code := strings.ReplaceAll(http.StatusText(status), " ", "")
	return jsonAnswer(status, map[string]any{"error": map[string]string{"code": code, "message": reason}})
}
