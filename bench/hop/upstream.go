// Package hop has what measuring an HTTP hop needs: the upstream behind it, the
// processes, and the load in front.
package hop

import (
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/bench/corpus"
)

// The paths that the upstream answers.
const (
	ErrorPath = "/error" // GET: a leaky error of 2 KiB, status 500
	JSONPath  = "/json"  // GET: 64 KiB of clean JSON
	LogsPath  = "/logs"  // POST: takes logs
	TracePath = "/trace" // GET: as ErrorPath
	PagePath  = "/page"  // GET: a debug page of 1 MiB that no rule knows, status 500
	FinePath  = "/fine"  // GET: as JSONPath
)

const seed = 7

// ErrorBody returns the body at ErrorPath and the secrets in it.
func ErrorBody() (body []byte, planted [][]byte) { return corpus.Error(seed) }

// PageBody returns the body at PagePath: frames of a trace, and what their variables held.
func PageBody() []byte {
	clean := corpus.Clean(seed, 256<<10, corpus.JSON()...).Lines
	page := []byte("<!DOCTYPE html><html><head><title>Failed</title></head><body><h1>OperationalError at /orders</h1>\n")
	for i := 0; len(page) < 1<<20; i++ {
		page = fmt.Appendf(page, "<li>File <code>&quot;/srv/app/shop/views_%d.py&quot;</code>, line %d, in <b>create</b><pre>    %s</pre></li>\n",
			i%40, i, html.EscapeString(string(clean[i%len(clean)])))
	}
	return append(page, "</body></html>\n"...)
}

// JSONBody returns the body at JSONPath.
func JSONBody() []byte { return corpus.JSONArray(corpus.Clean(seed, 64<<10, corpus.JSON()...).Lines) }

// LogsBody returns 64 KiB of NDJSON, with a secret in each record with
// probability share, and the secrets.
func LogsBody(share float64) (body []byte, planted [][]byte) {
	l := corpus.Dirty(seed, 64<<10, share, corpus.JSON()...)
	return l.Text, l.Planted
}

// LeakBody returns 64 KiB of NDJSON with a secret in each record: one of its own,
// or the same in all.
func LeakBody(same bool) (body []byte, findings int) {
	l := corpus.Dirty(seed, 64<<10, 1, corpus.JSON()...)
	if !same {
		return l.Text, len(l.Planted)
	}
	const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	g := rand.New(rand.NewPCG(seed, 1))
	token := []byte(`,"detail":"cloning with gh` + "p_")
	for range 36 {
		token = append(token, alnum[g.IntN(len(alnum))])
	}
	token = append(token, `"}`...)
	for _, line := range corpus.Clean(seed, 64<<10, corpus.JSON()...).Lines {
		body = append(append(append(body, line[:len(line)-1]...), token...), '\n')
		findings++
	}
	return body, findings
}

// NewUpstream returns the handler behind all proxies.
func NewUpstream() fasthttp.RequestHandler {
	leaky, _ := ErrorBody()
	json := JSONBody()
	page := PageBody()
	taken := []byte(`{"took":1,"errors":false}`)
	answer := func(ctx *fasthttp.RequestCtx, status int, body []byte) {
		ctx.SetStatusCode(status)
		ctx.SetContentType("application/json")
		ctx.Response.SetBodyRaw(body)
	}
	return func(ctx *fasthttp.RequestCtx) {
		switch string(ctx.Path()) {
		case ErrorPath, TracePath:
			answer(ctx, http.StatusInternalServerError, leaky)
		case PagePath:
			answer(ctx, http.StatusInternalServerError, page)
			ctx.SetContentType("text/html; charset=utf-8")
		case JSONPath, FinePath:
			answer(ctx, http.StatusOK, json)
		case LogsPath:
			answer(ctx, http.StatusOK, taken)
		case EchoPath:
			answer(ctx, http.StatusOK, ctx.Request.Body())
		default:
			answer(ctx, http.StatusNotFound, nil)
		}
	}
}
