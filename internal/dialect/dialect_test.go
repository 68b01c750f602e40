package dialect

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// sample is a request in a dialect, with what must become of it.
type sample struct {
	name    string
	method  string // POST where empty
	path    string
	query   string
	ct      string
	header  map[string]string
	body    string
	status  int
	records []string // data of the records, in order
	answer  string   // JSON that the answer must equal, "" for any
	attrs   string   // of the first record, as an object, "" for any
}

func (s sample) request() *Request {
	method := s.method
	if method == "" {
		method = http.MethodPost
	}
	return &Request{
		Method: method, Path: s.path, Query: s.query, ContentType: s.ct, Host: "logs.example.com:8080", Body: []byte(s.body),
		Header: func(name string) string { return s.header[name] },
	}
}

// samples has an entry for each dialect; one without fails the tests.
var samples = map[string][]sample{}

func attrsOf(rec Record) string {
	out := []byte{'{'}
	for i, a := range rec.Attrs {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, marshal(a.Name)...), ':'), a.Value...)
	}
	return string(append(out, '}'))
}

// TestSamples runs every sample of every registered dialect.
func TestSamples(t *testing.T) {
	for _, d := range All() {
		if len(samples[d.Name()]) == 0 {
			t.Errorf("dialect %s has no samples", d.Name())
		}
		for _, s := range samples[d.Name()] {
			t.Run(d.Name()+"/"+s.name, func(t *testing.T) {
				r := s.request()
				if got := Of(r); got.Name() != d.Name() {
					t.Fatalf("belongs to %s", got.Name())
				}
				res, records := d.Handle(r)
				checkExchange(t, r, s.body, res, records)
				if res.Status != s.status {
					t.Errorf("status %d, want %d: %s", res.Status, s.status, res.Body)
				}
				var got []string
				for _, rec := range records {
					got = append(got, string(rec.Data))
				}
				if !slices.Equal(got, s.records) {
					t.Errorf("records %q, want %q", got, s.records)
				}
				if s.answer != "" && string(res.Body) != s.answer {
					t.Errorf("answer %s, want %s", res.Body, s.answer)
				}
				if s.attrs != "" && (len(records) == 0 || attrsOf(records[0]) != s.attrs) {
					t.Errorf("attributes %s, want %s", attrsOf(records[0]), s.attrs)
				}
			})
		}
	}
}

// reserved are the names that the store writes itself.
var reserved = []string{"time", "route", "dialect", "request_id", "record", "encoding"}

// checkExchange holds an answer and its records to what Dialect promises.
func checkExchange(t *testing.T, r *Request, body string, res *Response, records []Record) {
	t.Helper()
	if string(r.Body) != body {
		t.Fatal("the body was changed")
	}
	if res.Status < 200 || res.Status > 599 {
		t.Fatalf("status %d", res.Status)
	}
	checkAnswer(t, res)
	for _, rec := range records {
		if rec.JSON && !json.Valid(rec.Data) {
			t.Fatalf("record is not JSON: %q", rec.Data)
		}
		var seen []string
		for _, a := range rec.Attrs {
			if !json.Valid(a.Value) || slices.Contains(reserved, a.Name) {
				t.Fatalf("attribute %s: %q", a.Name, a.Value)
			}
			seen = append(seen, a.Name)
		}
		slices.Sort(seen)
		if r.Path != "" && len(slices.Compact(slices.Clone(seen))) != len(seen) && json.Valid(r.Body) && !duplicateNames(r.Body) {
			t.Fatalf("attribute twice: %v", seen)
		}
	}
}

// duplicateNames reports whether a document may repeat a name in an object, by
// comparing lengths before and after decoding.
func duplicateNames(p []byte) bool {
	var v any
	if json.Unmarshal(p, &v) != nil {
		return true
	}
	var b bytes.Buffer
	if json.Compact(&b, p) != nil {
		return true
	}
	return bytes.Count(b.Bytes(), []byte(`":`)) != bytes.Count(marshal(v), []byte(`":`))
}

func checkAnswer(t *testing.T, res *Response) {
	t.Helper()
	ct := res.Get("Content-Type")
	if strings.Contains(ct, "json") && !json.Valid(res.Body) {
		t.Fatalf("answer is not JSON: %s", res.Body)
	}
	if (ct == "") != (len(res.Body) == 0) && !strings.Contains(ct, "protobuf") { // an empty message
		t.Fatalf("content type %q with %d bytes", ct, len(res.Body))
	}
	var names []string
	for _, h := range res.Header {
		names = append(names, http.CanonicalHeaderKey(h.Name))
		if h.Name != http.CanonicalHeaderKey(h.Name) || strings.ContainsAny(h.Value, "\r\n") {
			t.Fatalf("header %q", h.Name)
		}
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(res.Header) {
		t.Fatalf("headers %v", res.Header)
	}
	patient := res.Status == http.StatusServiceUnavailable || res.Status == http.StatusTooManyRequests
	if res.Status == http.StatusServiceUnavailable && res.Get("Access-Control-Allow-Origin") != "" {
		patient = false // Sentry's, see there
	}
	if patient != (res.Get("Retry-After") != "") {
		t.Fatalf("status %d, Retry-After %q", res.Status, res.Get("Retry-After"))
	}
}

// TestAnswersHoldNoPayload sends a marker in every string of every sample's
// body that isn't part of the protocol's own positional answer.
func TestAnswersHoldNoPayload(t *testing.T) {
	const marker = "pla1nted"
	for _, d := range All() {
		for _, s := range samples[d.Name()] {
			// "msg" stands for the payload in all samples.
			for _, body := range []string{
				strings.ReplaceAll(s.body, "msg", marker),
				strings.ReplaceAll(s.body, "msg", marker) + "\n{\"" + marker + "\n",
				marker, `{"` + marker + `":1}`, `{"` + marker, `["` + marker + `"`,
			} {
				r := s.request()
				r.Body = []byte(body)
				res, _ := d.Handle(r)
				if bytes.Contains(res.Body, []byte(marker)) {
					t.Errorf("%s/%s: answer quotes the payload", d.Name(), s.name)
				}
			}
		}
	}
}

// TestRefusals asks every dialect to refuse and expects words that its senders
// understand, with the reason, and a status that keeps its meaning.
func TestRefusals(t *testing.T) {
	for _, d := range All() {
		for _, s := range samples[d.Name()] {
			for _, status := range []int{400, 401, 403, 404, 405, 413, 415, 429, 500, 502, 503, 504} {
				r := s.request()
				res := Refusal(r, status, "the reason")
				checkAnswer(t, res)
				if !bytes.Contains(res.Body, []byte("the reason")) {
					t.Errorf("%s: refusal %d without its reason: %s", d.Name(), status, res.Body)
				}
				retry := status == 429 || status >= 500
				if got := res.Status == 429 || res.Status >= 500; got != retry {
					t.Errorf("%s: refusal %d became %d", d.Name(), status, res.Status)
				}
				if status == Retryable && res.Status != Retryable {
					t.Errorf("%s: refusal %d became %d", d.Name(), status, res.Status)
				}
			}
		}
	}
	for path, want := range map[string]string{
		"/_bulk":                    `"type":"es_rejected_execution_exception"`,
		"/services/collector/event": `"code":9`,
		"/v1/logs":                  `{"code":14,"message":"why"}`,
		"/loki/api/v1/push":         "why\n",
		"/api/v2/logs":              `{"errors":[{"status":"503","title":"Service Unavailable","detail":"why"}]}`,
		"/gelf":                     `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"why"}`,
		"/api/users":                `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"why"}`,
	} {
		res := Refusal(&Request{Method: "POST", Path: path, ContentType: "application/json"}, Retryable, "why")
		if !strings.Contains(string(res.Body), want) || res.Get("Retry-After") == "" {
			t.Errorf("%s: %s", path, res.Body)
		}
	}
	res := Refusal(&Request{Method: "POST", Path: "/v1/traces", ContentType: "application/x-protobuf"}, 503, "why")
	if string(res.Body) != "\x08\x0e\x12\x03why" || res.Get("Content-Type") != "application/x-protobuf" {
		t.Errorf("protobuf refusal %q", res.Body)
	}
}

func TestRegisterTwicePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("a second registration was taken")
		}
	}()
	Register(loki{})
}

// FuzzHandle gives arbitrary bytes to every dialect.
func FuzzHandle(f *testing.F) {
	for _, d := range All() {
		for _, s := range samples[d.Name()] {
			f.Add(s.path, s.query, s.ct, []byte(s.body))
		}
	}
	f.Fuzz(func(t *testing.T, path, query, ct string, body []byte) {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			for _, d := range All() {
				r := &Request{Method: method, Path: path, Query: query, ContentType: ct, Host: path, Body: bytes.Clone(body)}
				res, records := d.Handle(r)
				checkExchange(t, r, string(body), res, records)
				checkAnswer(t, d.Fail(r, 503, "why"))
			}
		}
	})
}
