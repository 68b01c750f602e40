package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"github.com/redactd/redactd/bench/hop"
	"github.com/redactd/redactd/bench/report"
)

var _ = register(group{
	name: "audit", order: 9, run: runAudit,
	about: "redactd with an audit trail beside redactd without, at one finding for each log line",
})

// Names of the servers of this group.
const (
	plainName    = "audit off"
	queuedName   = "audit on"
	requiredName = "audit on, required"
	leaksName    = "audit on, leaks read from it"
)

func runAudit(ctx context.Context, o options) (tables []report.Table, err error) {
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
	for _, same := range []bool{true, false} {
		t, err := b.audited(ctx, same)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// audited loads one redactd without and three with a trail in turns, and holds what
// the trails say against what was sent.
func (b *proxyBench) audited(ctx context.Context, same bool) (t report.Table, err error) {
	body, findings := hop.LeakBody(same)
	title := "64 KiB NDJSON request, the same secret in each record"
	if !same {
		title = "64 KiB NDJSON request, a secret of its own in each record"
	}
	s := scenario{title: title, base: plainName, least: .9, servers: []string{queuedName, requiredName, leaksName, plainName}, request: hop.Request{
		Method: "POST", Path: hop.LogsPath, Body: body, ContentType: "application/x-ndjson", Status: http.StatusOK,
	}}
	var procs []*hop.Process
	defer func() {
		for _, p := range procs {
			err = errors.Join(err, p.Stop())
		}
	}()
	dirs, admins := map[string]string{}, map[string]string{}
	for _, name := range s.servers {
		conf := `dir = ""`
		if name != plainName {
			if dirs[name], err = b.programs.TrailDir(); err != nil {
				return t, err
			}
			conf = fmt.Sprintf("dir = %q\nrequired = %v\n[leaks]\nstore = %v", dirs[name], name == requiredName, name == leaksName)
		}
		p, admin, err := b.programs.RedactdWith(ctx, name, b.upstream, conf)
		if err != nil {
			return t, err
		}
		procs, admins[name] = append(procs, p), admin
	}
	clients, all := make([]*hop.Client, len(procs)), make([]samples, len(procs))
	for k, p := range procs {
		clients[k] = hop.NewClient(p.Addr, connections)
		defer clients[k].Close()
		all[k].name = p.Name
		if _, err = clients[k].Run(&s.request, b.o.slice/4); err != nil {
			return t, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	if err := b.rounds(ctx, s, procs, clients, all); err != nil {
		return t, err
	}
	if err := b.profile(ctx, fmt.Sprintf("audit-same-%v", same), s, procs, clients, admins); err != nil {
		return t, err
	}
	notes := map[string]string{}
	for _, name := range s.servers[:3] {
		if notes[name], err = b.counted(ctx, admins[name], dirs[name], findings); err != nil {
			return t, fmt.Errorf("%s: %w", name, err)
		}
	}
	return auditTable(s, all, notes, findings), nil
}

func auditTable(s scenario, all []samples, notes map[string]string, findings int) report.Table {
	t, _ := compare(s, all, notes)
	t.About = fmt.Sprintf("%d findings a request; %s", findings, t.About)
	for _, name := range s.servers[:2] {
		row(t.Rows, name).Want(report.Goal{Column: "vs " + s.base, Least: s.least})
	}
	return t
}

var series = regexp.MustCompile(`(?m)^(redactd_[a-z_]+)(?:\{[^}]*\})? ([0-9.e+]+)$`)

// counted holds the findings that the trail has against those that were counted,
// and these against the requests.
func (b *proxyBench) counted(ctx context.Context, admin, dir string, each int) (note string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	sum := map[string]float64{}
	for _, m := range series.FindAllStringSubmatch(string(text), -1) {
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return "", err
		}
		sum[m[1]] += v
	}
	out, err := b.programs.Output(ctx, "audit", "report", "--dir", dir, "--format", "json")
	if err != nil {
		return "", err
	}
	var got struct{ Findings float64 }
	if err := json.Unmarshal(out, &got); err != nil {
		return "", err
	}
	found, sent := sum["redactd_findings_total"], sum["redactd_requests_total"]*float64(each)
	if got.Findings != found || found != sent {
		return "", fmt.Errorf("%.0f secrets sent, %.0f found, %.0f in the trail", sent, found, got.Findings)
	}
	return fmt.Sprintf("%.0f findings sent, found and recorded; %.0f merged across requests, %.0f of them without path",
		sent, sum["redactd_audit_merged_total"], sum["redactd_audit_crude_total"]), nil
}
