package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/klauspost/compress/gzip"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/hop"
	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/report"
)

var _ = register(group{
	name: "proxy", order: 7, run: runProxy,
	about: "redactd as a hop, beside other reverse proxies in front of the same upstream",
})

// connections is how many requests are in flight.
const connections = 16

const (
	rateColumn   = "req/s"
	cpuColumn    = "us of processor per request"
	p50Column    = "p50 ms"
	p99Column    = "p99 ms"
	memoryColumn = "peak MiB"
)

// Names of servers.
const (
	redactdName  = "redactd"
	auditedName  = "redactd with audit trail"
	keptName     = "redactd, originals kept"
	bareName     = "fasthttp"
	gunzipName   = "fasthttp, gunzip"
	httputilName = "httputil.ReverseProxy"
	regzipName   = "fasthttp, gunzip and gzip"
	caddyName    = "Caddy"
	nginxName    = "nginx"
	filterName   = "nginx, sub_filter"
)

// scenario is one kind of load.
type scenario struct {
	title   string
	request hop.Request
	// base is the server that others are compared with; least is the goal
	// for redactd's rate.
	base  string
	least float64
	// behind are servers that redactd is to be ahead of.
	behind  []string
	servers []string
	// check holds what arrives against what was sent.
	check func(c *hop.Client, redacts bool) error
}

func scenarios() []scenario {
	leaky, planted := hop.ErrorBody()
	json := hop.JSONBody()
	cleanLogs, _ := hop.LogsBody(0)
	dirtyLogs, plantedLogs := hop.LogsBody(dirtyShare)
	behind := []string{filterName, caddyName, httputilName}
	answers := []string{redactdName, bareName, httputilName, caddyName, nginxName, filterName}
	logs := []string{redactdName, bareName, gunzipName, regzipName, httputilName, caddyName, nginxName}
	get := func(path string, status int) hop.Request {
		return hop.Request{Method: "GET", Path: path, Status: status}
	}
	post := func(text []byte) hop.Request {
		return hop.Request{Method: "POST", Path: hop.LogsPath, Body: corpus.Gzip(text),
			ContentType: "application/x-ndjson", Encoding: "gzip", Status: http.StatusOK}
	}
	list := []scenario{
		{title: "2 KiB JSON error, scrubbed", request: get(hop.ErrorPath, http.StatusInternalServerError), base: bareName,
			least: .9, behind: behind, servers: append([]string{redactdName, auditedName}, answers[1:]...), check: answerCheck(leaky, planted)},
		{title: "64 KiB JSON answer, clean", request: get(hop.JSONPath, http.StatusOK), base: bareName,
			least: .85, behind: behind, servers: answers, check: answerCheck(json, nil)},
		{title: "64 KiB NDJSON request in gzip, clean", request: post(cleanLogs), base: gunzipName,
			least: .9, servers: logs, check: nil},
		{title: "64 KiB NDJSON request in gzip, 1 % of records rewritten", request: post(dirtyLogs), base: regzipName,
			least: .9, servers: logs, check: nil},
	}
	list[2].check = logsCheck(list[2].request, cleanLogs, nil)
	list[3].check = logsCheck(list[3].request, dirtyLogs, plantedLogs)
	return list
}

// answerCheck holds an answer against body: the same where nothing is planted or
// the server does not redact, else without the planted.
func answerCheck(body []byte, planted [][]byte) func(*hop.Client, bool) error {
	path, status := hop.JSONPath, http.StatusOK
	if planted != nil {
		path, status = hop.ErrorPath, http.StatusInternalServerError
	}
	return func(c *hop.Client, redacts bool) error {
		got, err := c.Do(&hop.Request{Method: "GET", Path: path, Status: status})
		return errors.Join(err, checkBody(got, body, planted, redacts))
	}
}

// logsCheck does so with a request that the upstream sends back.
func logsCheck(r hop.Request, text []byte, planted [][]byte) func(*hop.Client, bool) error {
	r.Path = hop.EchoPath
	return func(c *hop.Client, redacts bool) error {
		got, err := c.Do(&r)
		if err != nil {
			return err
		}
		if planted == nil && !bytes.Equal(got, r.Body) {
			return errors.New("clean logs do not arrive as they were sent")
		}
		zr, err := gzip.NewReader(bytes.NewReader(got))
		if err != nil {
			return err
		}
		var plain bytes.Buffer
		if _, err := plain.ReadFrom(zr); err != nil {
			return err
		}
		return checkBody(plain.Bytes(), text, planted, redacts)
	}
}

func checkBody(got, sent []byte, planted [][]byte, redacts bool) error {
	if planted == nil || !redacts {
		if !bytes.Equal(got, sent) {
			return errors.New("a body does not arrive as it was sent")
		}
		return nil
	}
	for _, secret := range planted {
		if bytes.Contains(got, secret) {
			return errors.New("a planted secret comes through")
		}
	}
	if !bytes.Contains(got, []byte("[REDACTED:")) {
		return errors.New("nothing was redacted")
	}
	return nil
}

func runProxy(ctx context.Context, o options) (tables []report.Table, err error) {
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
	b.o.slice *= 4 // the processor time of other processes is known in coarse steps
	return b.scenarios(ctx, scenarios())
}

// scenarios runs all.
func (b *proxyBench) scenarios(ctx context.Context, all []scenario) (tables []report.Table, err error) {
	for i, s := range all {
		t, err := b.scenario(ctx, i, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.title, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// tabulate makes the table of a scenario from the samples of its servers; those
// without samples have a note instead.
func tabulate(s scenario, samples []samples, notes map[string]string) report.Table {
	t, by := compare(s, samples, notes)
	own := row(t.Rows, redactdName)
	if s.least > 0 {
		own.Want(report.Goal{Column: "vs " + s.base, Least: s.least})
	}
	for _, name := range s.behind {
		column := "vs " + name
		t.Columns = append(t.Columns, report.Column{Name: column, Ratio: true, Hidden: true})
		if m := by[name]; m != nil {
			own.Set(column, measure.Ratio(by[redactdName].rate, m.rate))
			own.Want(report.Goal{Column: column, Least: 1})
		}
	}
	own.Want(report.Goal{Column: memoryColumn, Most: 96})
	return t
}

// compare is tabulate without goals. by are the samples by server.
func compare(s scenario, samples []samples, notes map[string]string) (t report.Table, by map[string]*samplesOf) {
	vs, vsCPU := "vs "+s.base, "processor vs "+s.base
	t = report.Table{
		Title: s.title,
		About: fmt.Sprintf("%d connections, a server at a time, each a process of its own with GOMAXPROCS=1 (nginx: 1 worker); "+
			"load, upstream and server share this machine's processors", connections),
		Columns: []report.Column{{Name: rateColumn}, {Name: vs, Ratio: true}, {Name: p50Column}, {Name: p99Column},
			{Name: cpuColumn}, {Name: vsCPU, Ratio: true}, {Name: memoryColumn}},
	}
	by = map[string]*samplesOf{}
	for i := range samples {
		by[samples[i].name] = &samples[i].samplesOf
	}
	base := by[s.base]
	for _, name := range s.servers {
		r := report.Row{Name: name, Note: notes[name]}
		if m := by[name]; m != nil {
			r.Set(rateColumn, measure.Of(m.rate))
			r.Set(p50Column, measure.Of(m.p50))
			r.Set(p99Column, measure.Of(m.p99))
			r.Set(cpuColumn, measure.Of(m.cpu))
			r.Set(memoryColumn, measure.Of([]float64{m.peak}))
			if name != s.base {
				r.Set(vs, measure.Ratio(m.rate, base.rate))
				r.Set(vsCPU, measure.Ratio(m.cpu, base.cpu))
			}
		}
		t.Rows = append(t.Rows, r)
	}
	return t, by
}
