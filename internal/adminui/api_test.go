package adminui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/gate"
)

// tokens of the roles look random, and are made of what stands here.
var tokens = map[string]string{
	"metrics": strings.Repeat("0123456789abcdef", 2), "viewer": strings.Repeat("123456789abcdef0", 2), "operator": strings.Repeat("23456789abcdef01", 2),
}

// console is a console with the gate before it.
type console struct {
	*gate.Gate
	c *Console
}

// guarded returns the console over s for those with a token, and what its gate logs.
func guarded(t *testing.T, s Sources) (*console, *bytes.Buffer) {
	t.Helper()
	a := &config.Admin{Listen: ":9090", Page: config.PageLocal, Tokens: map[string]*config.AdminToken{}}
	for role, token := range tokens {
		a.Tokens[role] = &config.AdminToken{Value: config.Secret(token), Role: config.Role(role)}
	}
	rules, err := gate.Compile(a)
	if err != nil {
		t.Fatal(err)
	}
	logs := &bytes.Buffer{}
	s.Logger = slog.New(slog.NewTextHandler(logs, nil))
	g := gate.New(func() *gate.Rules { return rules }, s.Logger)
	return &console{g, Register(g, s)}, logs
}

// call sends a request of the API as who has a role; "" is nobody.
func call(t *testing.T, h http.Handler, role, method, target, body string) (int, http.Header, []byte) {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, content)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+tokens[role])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.Bytes()
}

// described returns the description, once its readers can get it.
func described(t *testing.T, h *console) *huma.OpenAPI {
	t.Helper()
	status, head, text := call(t, h, "viewer", "GET", apiDescription, "")
	if status != 200 || head.Get("Content-Type") != "application/openapi+json" {
		t.Fatalf("the description: %d %v", status, head)
	}
	var loose struct {
		OpenAPI string                               `json:"openapi"`
		Paths   map[string]map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(text, &loose); err != nil || !strings.HasPrefix(loose.OpenAPI, "3.1.") || bytes.Contains(text, []byte("https://")) {
		t.Fatalf("openapi %q, %v, or it names another site", loose.OpenAPI, err)
	}
	return h.c.description
}

// sample is what a test sends to an operation, as an operator.
type sample struct {
	target string // of the first, below apiPath
	body   string
	status int
}

// samples are, by operation, what is right to ask of what fill makes.
var samples = map[string]sample{
	"get-session":        {"/session", "", 200},
	"list-leaks":         {"/leaks?state=acknowledged&limit=5&since=2026-01-01T00:00:00Z", "", 200},
	"get-leak":           {"/leaks/1", "", 200},
	"set-leak-state":     {"/leaks/1/state", `{"state": "rotated", "note": "new key"}`, 200},
	"find-value":         {"/leaks/find", `{"value": "a key\nof two lines"}`, 200},
	"get-coverage":       {"/coverage?period=7d", "", 200},
	"list-errors":        {"/errors?state=open", "", 200},
	"get-error":          {"/errors/ab12ab12ab12", "", 200},
	"get-error-original": {"/errors/ab12ab12ab12/occurrences/ref-2/original", "", 404},
	"set-error-state":    {"/errors/ab12ab12ab12/state", `{"state": "resolved"}`, 200},
	"get-overview":       {"/overview?period=24h", "", 200},
	"list-rules":         {"/rules?sort=findings&limit=3", "", 200},
	"get-rule":           {"/rules/acme-token", "", 200},
	"get-policy":         {"/policy", "", 200},
	"reload-policy":      {"/policy/reload", "", 409},
	"explain":            {"/explain", `{"route": "logs", "text": "a text"}`, 200},
	"get-audit":          {"/audit", "", 200},
	"verify-audit":       {"/audit/verify", "", 200},
}

// each calls f with every operation of a description.
func each(api *huma.OpenAPI, f func(*huma.Operation)) {
	for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
		p := api.Paths[path]
		for _, op := range []*huma.Operation{p.Get, p.Put, p.Post, p.Delete, p.Patch, p.Head, p.Options, p.Trace} {
			if op != nil {
				f(op)
			}
		}
	}
}

// TestOperations asks every operation that is described of the real handlers, as everybody:
// only those may whom the description names, and what they get is what it says.
func TestOperations(t *testing.T) {
	db := fill(t)
	g, logs := guarded(t, Sources{Errors: db, Leaks: db, Version: "test", Metrics: counted(), Policy: fixed{}, Explain: fixed{}, Audit: fixed{}, Coverage: fixed{}, Statements: db})
	api := described(t, g)
	seen := map[string]bool{}
	each(api, func(op *huma.Operation) {
		s, ok := samples[op.OperationID]
		if !ok {
			t.Errorf("%s has no sample", op.OperationID)
			return
		}
		seen[op.OperationID] = true
		least := op.Security[0][schemeToken][0]
		for _, role := range []string{"", "metrics", "viewer", "operator"} {
			want := s.status
			switch {
			case role == "":
				want = 401
			case role == "metrics", least == "operator" && role == "viewer":
				want = 403
			}
			status, head, body := call(t, g, role, op.Method, apiPath+s.target, s.body)
			if status != want {
				t.Errorf("%s as %q: %d, want %d: %s", op.OperationID, role, status, want, body)
				continue
			}
			if problem := fits(api, op, status, head, body); problem != "" {
				t.Errorf("%s as %q: %d: %s in %s", op.OperationID, role, status, problem, body)
			}
		}
	})
	for id := range samples {
		if !seen[id] {
			t.Errorf("%s is no operation", id)
		}
	}
	if log := logs.String(); !strings.Contains(log, `what="set the state of a leak" by=operator leak=1 state=rotated`) || !strings.Contains(log, `what="set the state of an error" by=operator`) {
		t.Errorf("log: %s", log)
	}
	_, _, body := call(t, g, "viewer", "GET", apiPath+"/leaks/1", "")
	if !bytes.Contains(body, []byte(`"by":"operator","note":"new key"`)) {
		t.Errorf("the history of the leak: %s", body)
	}
}

// fits says what of an answer is not as the description has it, "" if nothing.
func fits(api *huma.OpenAPI, op *huma.Operation, status int, head http.Header, body []byte) string {
	described := op.Responses[fmt.Sprint(status)]
	if described == nil {
		return "the status is not described"
	}
	kind := head.Get("Content-Type")
	content := described.Content[kind]
	if content == nil {
		return "the type is not described: " + kind
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err.Error()
	}
	if m, ok := value.(map[string]any); ok {
		for name, v := range m {
			if v == nil {
				return name + " is null"
			}
		}
	}
	var result huma.ValidateResult
	huma.Validate(api.Components.Schemas, content.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
	if len(result.Errors) > 0 {
		return fmt.Sprint(result.Errors)
	}
	return ""
}

// TestNoPathOfTheAPIIsLeftOut asks that all there is of the API is described.
func TestNoPathOfTheAPIIsLeftOut(t *testing.T) {
	g, _ := guarded(t, Sources{})
	all := map[string]bool{"GET " + apiDescription: true, "GET /api/": true}
	each(described(t, g), func(op *huma.Operation) { all[op.Method+" "+op.Path] = true })
	for _, p := range g.Paths() {
		if strings.Contains(p.Pattern, " /api/") && !all[p.Pattern] {
			t.Errorf("%s is not described", p.Pattern)
		}
		delete(all, p.Pattern)
	}
	for p := range all {
		t.Errorf("%s is described and is not there", p)
	}
}

// forms are the operations that do what forms of pages do.
var forms = map[string]string{
	"POST /leaks/{id}":    "set-leak-state",
	"POST /leaks/find":    "find-value",
	"POST /errors/{id}":   "set-error-state",
	"POST /try":           "explain",
	"POST /policy/reload": "reload-policy",
	"POST /audit/verify":  "verify-audit",
}

// TestFormsAreOperations asks that whatever a page does, an operation does: for the same
// role.
func TestFormsAreOperations(t *testing.T) {
	g, _ := guarded(t, Sources{})
	roles := map[string]string{}
	each(described(t, g), func(op *huma.Operation) { roles[op.OperationID] = op.Security[0][schemeToken][0] })
	for _, p := range g.Paths() {
		method, path, _ := strings.Cut(p.Pattern, " ")
		if method == "GET" || strings.HasPrefix(path, "/api/") || path == "/login" || path == "/logout" {
			continue
		}
		role := map[gate.Need]string{gate.View: "viewer", gate.Operate: "operator"}[p.Need]
		if id := forms[p.Pattern]; roles[id] == "" || roles[id] != role {
			t.Errorf("%s is for the role %q, its operation %q for %q", p.Pattern, role, id, roles[id])
		}
	}
}

// What is wrong is said, and nothing of what was sent.
func TestRefusedOperations(t *testing.T) {
	db := fill(t)
	g, logs := guarded(t, Sources{Errors: db, Leaks: db, Policy: fixed{}, Explain: fixed{}, Audit: fixed{}})
	api := described(t, g)
	byID := map[string]*huma.Operation{}
	each(api, func(op *huma.Operation) { byID[op.OperationID] = op })
	for _, tt := range []struct {
		id, method, target, body string
		want                     int
		says                     string
	}{
		{"list-leaks", "GET", "/leaks?state=planted", "", 422, "query.state: expected value to be one of"},
		{"list-leaks", "GET", "/leaks?limit=51", "", 422, "query.limit: "},
		{"list-leaks", "GET", "/leaks?limit=planted", "", 422, "query.limit: "},
		{"list-leaks", "GET", "/leaks?offset=-1", "", 422, "query.offset: "},
		{"list-leaks", "GET", "/leaks?since=planted", "", 422, "query.since: "},
		{"list-leaks", "GET", "/leaks?colour=planted", "", 422, "unknown query parameter"},
		{"list-leaks", "GET", "/leaks?service=" + strings.Repeat("planted", 40), "", 422, "query.service: "},
		{"get-leak", "GET", "/leaks/77", "", 404, "none with that number"},
		{"get-leak", "GET", "/leaks/planted", "", 404, "none with that number"},
		{"set-leak-state", "PUT", "/leaks/1/state", `{"state": "planted"}`, 422, "body.state: "},
		{"set-leak-state", "PUT", "/leaks/1/state", `{"state": "open", "planted": 1}`, 422, "unexpected property"},
		{"set-leak-state", "PUT", "/leaks/1/state", `{"state": "open", "planted-7": 1}`, 422, `"body: unexpected property`},
		{"set-leak-state", "PUT", "/leaks/1/state", `{"state": "open", "` + strings.Repeat("planted", 4) + `": 1}`, 422, `"body: unexpected property`},
		{"list-leaks", "GET", "/leaks?planted-7=1", "", 422, `"query: unknown query parameter`},
		{"set-leak-state", "PUT", "/leaks/1/state", `{"note": "planted"}`, 422, "required property"},
		{"set-leak-state", "PUT", "/leaks/1/state", `{"state": "open", "note": "was planted, is new"}`, 422, "secret in it, as rule acme-token says"},
		{"set-leak-state", "PUT", "/leaks/1/state", `planted`, 400, ""},
		{"set-leak-state", "PUT", "/leaks/1/state", `{"state": "open", "note": "` + strings.Repeat("planted", 400) + `"}`, 422, "body.note: "},
		{"set-leak-state", "PUT", "/leaks/77/state", `{"state": "open"}`, 404, "none with that number"},
		{"set-leak-state", "PUT", "/leaks/1/state", "", 400, ""},
		{"set-error-state", "PUT", "/errors/ffffff/state", `{"state": "open"}`, 404, "none with that number"},
		{"get-rule", "GET", "/rules/planted", "", 404, "No rule is called so"},
		{"list-rules", "GET", "/rules?sort=planted", "", 422, "query.sort: "},
		{"reload-policy", "POST", "/policy/reload", "", 409, "config.toml:3: nonsense"},
		{"explain", "POST", "/explain", `{"route": "planted", "text": "planted"}`, 413, "The text is too long"},
		{"explain", "POST", "/explain", `{"text": "` + strings.Repeat("planted", 10_000) + `"}`, 422, "body.text: "},
		{"explain", "POST", "/explain", `{"route": "none", "text": "planted"}`, 404, "no route or listener of that name"},
		{"explain", "POST", "/explain", `{"route": "logs", "text": "x", "format": "planted"}`, 422, "no such format"},
		{"explain", "POST", "/explain", `{"text": "planted"}`, 422, "required property route"},
		{"explain", "POST", "/explain", `{"route": "logs", "text": {"planted": "planted"}}`, 422, "body.text: expected string"},
		{"explain", "POST", "/explain", `{"text": "planted`, 400, ""},
		{"get-error-original", "GET", "/errors/ab12ab12ab12/occurrences/planted/original", "", 404, "no such occurrence"},
	} {
		status, head, body := call(t, g, "operator", tt.method, apiPath+tt.target, tt.body)
		if status != tt.want || !bytes.Contains(body, []byte(tt.says)) || head.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d, want %d with %q: %s", tt.method, tt.target, status, tt.want, tt.says, body)
		}
		if bytes.Contains(body, []byte("planted")) && tt.says != "unknown query parameter" && tt.says != "unexpected property" || strings.Contains(logs.String(), "planted") {
			t.Errorf("%s %s: what was sent is repeated: %s", tt.method, tt.target, body)
		}
		if problem := fits(api, byID[tt.id], status, head, body); problem != "" {
			t.Errorf("%s %s: %s in %s", tt.method, tt.target, problem, body)
		}
	}
	// A body too large is not read to its end.
	status, _, _ := call(t, g, "operator", "PUT", apiPath+"/leaks/1/state", `{"state": "open", "note": "`+strings.Repeat("x", maxRequest)+`"}`)
	if status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", status)
	}
	for target, want := range map[string]int{"/api/v1/planted": 404, "/api/": 404, "/api/v2/leaks": 404} {
		if status, head, _ := call(t, g, "viewer", "GET", target, ""); status != want || head.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d", target, status)
		}
	}
}

// TestOperationsWithoutSources asks that what is not there is said, by every operation.
func TestOperationsWithoutSources(t *testing.T) {
	g, _ := guarded(t, Sources{})
	api := described(t, g)
	each(api, func(op *huma.Operation) {
		s := samples[op.OperationID]
		status, head, body := call(t, g, "operator", op.Method, apiPath+s.target, s.body)
		if status >= 500 {
			t.Errorf("%s: %d %s", op.OperationID, status, body)
		}
		if problem := fits(api, op, status, head, body); problem != "" {
			t.Errorf("%s: %s in %s", op.OperationID, problem, body)
		}
	})
}
