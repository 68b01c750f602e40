package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/redactd/redactd/bench/hop"
	"github.com/redactd/redactd/bench/report"
)

var _ = register(group{
	name: "errors", order: 8, run: runErrors,
	about: "error responses without what they disclose, and successes on the same routes, beside proxies that change nothing",
})

// errorScenarios are loads on routes that neutralise errors.
func errorScenarios() []scenario {
	get := func(path string, status int) hop.Request {
		return hop.Request{Method: "GET", Path: path, Status: status}
	}
	servers := []string{redactdName, keptName, bareName, nginxName}
	return []scenario{
		{title: "64 KiB JSON answer of success, on a route that neutralises errors", request: get(hop.FinePath, http.StatusOK), base: bareName,
			least: .9, servers: []string{redactdName, bareName, nginxName}, check: sameAnswer(hop.FinePath, http.StatusOK)},
		{title: "2 KiB JSON error with a trace, neutralised", request: get(hop.TracePath, http.StatusInternalServerError), base: bareName,
			servers: servers, check: neutralAnswer(hop.TracePath, "views.py")},
		{title: "1 MiB debug page that no rule knows, replaced", request: get(hop.PagePath, http.StatusInternalServerError), base: bareName,
			servers: servers, check: neutralAnswer(hop.PagePath, "/srv/app")},
	}
}

func sameAnswer(path string, status int) func(*hop.Client, bool) error {
	return func(c *hop.Client, _ bool) error {
		got, err := c.Do(&hop.Request{Method: "GET", Path: path, Status: status})
		return errors.Join(err, checkBody(got, hop.JSONBody(), nil, false))
	}
}

// neutralAnswer asks that a mark of the inside goes where a server neutralises.
func neutralAnswer(path, mark string) func(*hop.Client, bool) error {
	return func(c *hop.Client, redacts bool) error {
		got, err := c.Do(&hop.Request{Method: "GET", Path: path, Status: http.StatusInternalServerError})
		if err == nil && bytes.Contains(got, []byte(mark)) == redacts {
			err = errors.New("an error response is not what it should be")
		}
		return err
	}
}

func runErrors(ctx context.Context, o options) (tables []report.Table, err error) {
	programs, err := hop.Build(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, programs.Remove()) }()
	upstream, err := programs.Peer(ctx, "upstream", "upstream", "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, upstream.Stop()) }()
	b := proxyBench{o: o, programs: programs, upstream: upstream.Addr}
	b.o.slice *= 4
	return b.scenarios(ctx, errorScenarios())
}
