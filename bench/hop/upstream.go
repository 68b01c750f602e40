// Package hop has what measuring an HTTP hop needs: the upstream behind it, the
// processes, and the load in front.
package hop

import (
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
)

const seed = 7

// ErrorBody returns the body at ErrorPath and the secrets in it.
func ErrorBody() (body []byte, planted [][]byte) { return corpus.Error(seed) }

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
	taken := []byte(`{"took":1,"errors":false}`)
	answer := func(ctx *fasthttp.RequestCtx, status int, body []byte) {
		ctx.SetStatusCode(status)
		ctx.SetContentType("application/json")
		ctx.Response.SetBodyRaw(body)
	}
	return func(ctx *fasthttp.RequestCtx) {
		switch string(ctx.Path()) {
		case ErrorPath:
			answer(ctx, http.StatusInternalServerError, leaky)
		case JSONPath:
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
