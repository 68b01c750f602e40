package adminui

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/redactd/redactd/internal/gate"
)

// apiPath is where the operations of the API are, and apiDescription what describes them.
const (
	apiPath        = "/api/v1"
	apiDescription = "/api/openapi.json"
)

// api is the API while its operations are made.
type api struct {
	huma.API
	c    *Console
	gate *gate.Gate
	need gate.Need // of the operation that is being made
}

// Handle implements huma.Adapter: it puts an operation behind the gate.
func (a *api) Handle(op *huma.Operation, h func(huma.Context)) {
	a.gate.Handle(a.need, op.Method+" "+op.Path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h(humago.NewContext(op, r, w))
	}))
}

// ServeHTTP implements huma.Adapter.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.gate.ServeHTTP(w, r) }

// The library has no other way to say what errors look like. Its own repeat what was
// sent, which may be a text with secrets in it.
var setErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, text string, errs ...error) huma.StatusError {
		p := &gate.Problem{Title: http.StatusText(status), Status: status, Detail: text}
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok {
				detail := d.ErrorDetail()
				p.Errors = append(p.Errors, strings.TrimPrefix(knownPlace(detail.Location)+": "+detail.Message, ": "))
			}
		}
		return p
	}
})

// knownPlace returns a place in a request up to the first name that can't be one of the
// description's: names that were sent may be what was to be kept secret.
func knownPlace(place string) string {
	names := strings.Split(place, ".")
	for i, name := range names {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" || len(name) > maxPlaceName {
			return strings.Join(names[:i], ".")
		}
	}
	return place
}

// maxPlaceName bounds, in bytes, the names that errors tell.
const maxPlaceName = 24

// operations make the parts of the API, one file each.
var operations = []func(*api){(*api).session, (*api).overview, (*api).leaks, (*api).find, (*api).coverage, (*api).errors, (*api).rules, (*api).policy, (*api).audit}

// registerAPI puts the API behind the gate, with its description.
func (c *Console) registerAPI(g *gate.Gate) {
	setErrors()
	a := &api{c: c, gate: g}
	settings := huma.DefaultConfig("redactd", c.s.Version)
	settings.OpenAPIPath, settings.DocsPath, settings.SchemasPath, settings.CreateHooks = "", "", "", nil
	settings.RejectUnknownQueryParameters = true
	settings.Info.Description = "The console of redactd, for programs. Every action of its pages is an operation here. No answer holds a value that was found."
	settings.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		schemeToken:  {Type: "http", Scheme: "bearer", Description: "A token of the configuration ([admin.token.NAME])."},
		schemeCookie: {Type: "apiKey", In: "cookie", Name: gate.CookieName, Description: "The session of the log-in page; its name begins with __Host- under TLS."},
		schemeTLS:    {Type: "mutualTLS", Description: "A certificate of the configuration ([admin.client.NAME])."},
	}
	a.API = huma.NewAPI(settings, a)
	c.description = a.OpenAPI()
	for _, make := range operations {
		make(a)
	}
	text, err := json.Marshal(a.OpenAPI())
	if err != nil {
		panic(err)
	}
	g.Handle(gate.View, "GET "+apiDescription, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(text)
	}))
	g.Handle(gate.View, "GET /api/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		gate.Refuse(w, http.StatusNotFound, "There is no such operation; "+apiDescription+" describes all.")
	}))
}

// The ways to say who asks, in the description.
const (
	schemeToken  = "token"
	schemeCookie = "session"
	schemeTLS    = "certificate"
)

// operation is what the description says of an operation.
type operation struct {
	id, summary string
	about       string // more than the summary says
	tag         string
	fails       []int // statuses beside those that every operation may have
}

// answer is the body of an answer.
type answer[T any] struct{ Body T }

// operate makes an operation of f: what stands at pattern ("GET /leaks"), for who has what
// need asks for.
func operate[I, O any](a *api, need gate.Need, pattern string, o operation, f func(context.Context, *I) (O, error)) {
	method, path, _ := strings.Cut(pattern, " ")
	role := gate.Viewer.String()
	if need == gate.Operate {
		role = gate.Operator.String()
	}
	op := huma.Operation{
		OperationID: o.id, Method: method, Path: apiPath + path, Summary: o.summary, Tags: []string{o.tag},
		Description:  strings.TrimSpace(o.about + " For the role " + role + "."),
		Security:     []map[string][]string{{schemeToken: {role}}, {schemeCookie: {role}}, {schemeTLS: {role}}},
		Errors:       append([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable}, o.fails...),
		MaxBodyBytes: maxRequest,
	}
	if method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	a.need = need
	huma.Register(a.API, op, func(ctx context.Context, in *I) (*answer[O], error) {
		out, err := f(ctx, in)
		if err != nil {
			status, text := say(err)
			return nil, huma.NewError(status, text)
		}
		return &answer[O]{out}, nil
	})
}

// maxRequest bounds, in bytes, what is sent to an operation.
const maxRequest = 512 << 10

// Part is which part of a list is asked for.
type Part struct {
	Limit  int `query:"limit" minimum:"1" maximum:"50" default:"50" doc:"How many at most"`
	Offset int `query:"offset" minimum:"0" maximum:"1000000000" doc:"How many to leave out before"`
}
