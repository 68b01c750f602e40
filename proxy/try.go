package proxy

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/errlog"
)

// TryAnswer is an answer to try, and what asked for it.
type TryAnswer struct {
	Method, Path  string      // default: GET and /
	RequestHeader http.Header // of the request: Accept, say
	Status        int
	Header        http.Header // of the answer; its length is added
	Body          []byte
}

// TryResult is what became of it.
type TryResult struct {
	Status int
	Header http.Header
	Body   []byte
	// Report is what the operator is told, nil for nothing.
	Report *errlog.Report
}

// tryTimeout bounds how long an answer is tried.
const tryTimeout = 30 * time.Second

// TryError has an answer go through the route of that name as if an upstream had given it,
// by the code that serves. Nothing is sent, recorded or kept. o has the rules; its
// configuration is cfg.
func TryError(cfg *config.Config, o Options, route string, a TryAnswer) (*TryResult, error) {
	r := cfg.Routes[route]
	if r == nil {
		return nil, fmt.Errorf("there is no route %s", route)
	}
	told := &lastReport{}
	o.Config, o.errorLog = tryConfig(cfg, r), told
	p, err := New(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), tryTimeout)
	defer cancel()
	p.answerWith(&a)
	res, err := p.ask(&a)
	p.up.closeAll()
	if err := errors.Join(err, p.stopSinks(ctx), p.goroutines.stop(ctx)); err != nil {
		return nil, err
	}
	res.Report = told.report
	return res, nil
}

// tryConfig returns cfg with one route alone that leads nowhere else.
func tryConfig(cfg *config.Config, r *config.Route) *config.Config {
	c, only := *cfg, *r
	only.Upstream, only.Request, only.Hosts, only.Methods, only.PathPrefix = config.EchoUpstream, r.Request, nil, nil, "/"
	only.StripPath, only.Signed = false, config.SignedPass
	c.Routes, c.Listeners, c.Upstreams = map[string]*config.Route{only.Name: &only}, nil, nil
	c.Audit, c.Store, c.Errors, c.Allow = config.Audit{}, config.Store{}, config.ErrorLog{}, allowOf(cfg, only.Name)
	return &c
}

// allowOf returns the allowlists that hold for a route.
func allowOf(cfg *config.Config, route string) map[string]*config.Allow {
	all := map[string]*config.Allow{}
	for name, a := range cfg.Allow {
		for _, r := range a.Routes {
			if r == route {
				only := *a
				only.Routes = []string{route}
				all[name] = &only
			}
		}
		if len(a.Routes) == 0 {
			all[name] = a
		}
	}
	return all
}

// answerWith makes the echo give an answer in place of what it is sent.
func (p *Proxy) answerWith(a *TryAnswer) {
	server := &fasthttp.Server{
		NoDefaultServerHeader: true, NoDefaultDate: true, NoDefaultContentType: true, DisableHeaderNamesNormalizing: true, Logger: quiet{},
		Handler: func(ctx *fasthttp.RequestCtx) {
			ctx.SetStatusCode(a.Status)
			for name, values := range a.Header {
				for _, v := range values {
					ctx.Response.Header.Add(name, v)
				}
			}
			ctx.SetBody(a.Body)
		},
	}
	p.policy.Load().upstreams[config.EchoUpstream].targets[0].local = func() (net.Conn, error) {
		pipe := fasthttputil.NewPipeConns()
		if !p.goroutines.start(func() { _ = server.ServeConn(pipe.Conn2()) }) {
			return nil, errEnded
		}
		return pipe.Conn1(), nil
	}
}

// ask sends the request and reads what the client gets.
func (p *Proxy) ask(a *TryAnswer) (*TryResult, error) {
	method, path := a.Method, a.Path
	if method == "" {
		method = http.MethodGet
	}
	if path == "" {
		path = "/"
	}
	req, err := http.NewRequest(method, "http://localhost"+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header, req.Close = a.RequestHeader.Clone(), true
	pipe := fasthttputil.NewPipeConns()
	client := pipe.Conn1()
	defer client.Close()
	if !p.goroutines.start(func() { _ = p.server.ServeConn(pipe.Conn2()) }) {
		return nil, errEnded
	}
	var head bytes.Buffer
	if err := req.Write(&head); err != nil {
		return nil, err
	}
	if _, err := client.Write(head.Bytes()); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(client), req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return &TryResult{Status: resp.StatusCode, Header: resp.Header, Body: body}, err
}

// lastReport is an errorLog that keeps the last report.
type lastReport struct{ report *errlog.Report }

func (l *lastReport) Report(r errlog.Report) { l.report = &r }

func (l *lastReport) Seals() bool { return false }

func (l *lastReport) Close(context.Context) error { return nil }
