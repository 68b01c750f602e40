package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redactd/redactd/bench/debian"
	"github.com/redactd/redactd/bench/hop"
	"github.com/redactd/redactd/bench/report"
)

// proxyBench runs the scenarios of the proxy group.
type proxyBench struct {
	o        options
	programs *hop.Programs
	upstream string
}

// samples are what the rounds of one server gave.
type samples struct {
	name string
	samplesOf
}

type samplesOf struct {
	rate, p50, p99 []float64
	cpu            []float64 // microseconds per request
	peak           float64   // MiB
}

// scenario starts the servers of s, checks them, loads them in turns, and stops
// them.
func (b *proxyBench) scenario(ctx context.Context, i int, s scenario) (t report.Table, err error) {
	var procs []*hop.Process
	defer func() {
		for _, p := range procs {
			err = errors.Join(err, p.Stop())
		}
	}()
	notes := map[string]string{}
	admins := map[string]string{}
	for _, name := range s.servers {
		if strings.HasPrefix(name, "nginx") && hop.NginxPath() == "" {
			notes[name] = "not installed (apt-get install nginx)"
			continue
		}
		if name == caddyName && hop.CaddyPath(cache) == "" {
			notes[name] = debian.Advice("caddy")
			continue
		}
		p, adminAddr, err := b.start(ctx, name)
		if err != nil {
			return t, err
		}
		procs = append(procs, p)
		if adminAddr != "" {
			admins[name] = adminAddr
		}
	}
	clients := make([]*hop.Client, len(procs))
	all := make([]samples, len(procs))
	for k, p := range procs {
		clients[k] = hop.NewClient(p.Addr, connections)
		defer clients[k].Close()
		all[k].name = p.Name
		if p.Name != filterName { // whose filter changes bodies in its own way
			err = s.check(clients[k], strings.HasPrefix(p.Name, redactdName))
		}
		if err == nil {
			_, err = clients[k].Run(&s.request, b.o.slice/4)
		}
		if err != nil {
			return t, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	if err := b.rounds(ctx, s, procs, clients, all); err != nil {
		return t, err
	}
	if err := b.profile(ctx, fmt.Sprintf("proxy-%d", i), s, procs, clients, admins); err != nil {
		return t, err
	}
	return tabulate(s, all, notes), nil
}

// profile takes a processor profile of each redactd, where wanted.
func (b *proxyBench) profile(ctx context.Context, prefix string, s scenario, procs []*hop.Process, clients []*hop.Client, admins map[string]string) error {
	for k, p := range procs {
		admin := admins[p.Name]
		if admin == "" || b.o.profiles == "" {
			continue
		}
		file := fmt.Sprintf("%s-%s.pprof", prefix, strings.ReplaceAll(p.Name, " ", "-"))
		load := func(d time.Duration) (int, error) {
			l, err := clients[k].Run(&s.request, d)
			return l.Requests, err
		}
		if err := profileLoad(ctx, b.o.profiles, file, admin, load); err != nil {
			return err
		}
	}
	return nil
}

func (b *proxyBench) rounds(ctx context.Context, s scenario, procs []*hop.Process, clients []*hop.Client, all []samples) error {
	for range b.o.rounds {
		for k, p := range procs {
			before := p.ProcessorTime()
			load, err := clients[k].Run(&s.request, b.o.slice)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			spent := p.ProcessorTime() - before
			m := &all[k]
			m.rate = append(m.rate, load.PerSecond)
			m.p50 = append(m.p50, load.P50.Seconds()*1e3)
			m.p99 = append(m.p99, load.P99.Seconds()*1e3)
			m.cpu = append(m.cpu, float64(spent.Microseconds())/float64(load.Requests))
		}
	}
	for k, p := range procs {
		all[k].peak = float64(p.PeakMemory()) / (1 << 20)
	}
	return nil
}

// start starts a server by its name in the tables.
func (b *proxyBench) start(ctx context.Context, name string) (p *hop.Process, admin string, err error) {
	switch name {
	case redactdName, auditedName:
		return b.programs.Redactd(ctx, name, b.upstream, name == auditedName)
	case keptName:
		return b.programs.RedactdKept(ctx, name, b.upstream)
	case nginxName, filterName:
		p, err = b.programs.Nginx(ctx, name, b.upstream, name == filterName)
		return p, "", err
	}
	if name == caddyName {
		p, err = b.programs.Caddy(ctx, name, hop.CaddyPath(cache), b.upstream)
		return p, "", err
	}
	what := map[string]string{
		bareName: "fasthttp", gunzipName: "fasthttp-gunzip", regzipName: "fasthttp-regzip", httputilName: "httputil",
	}[name]
	p, err = b.programs.Peer(ctx, name, what, b.upstream)
	return p, "", err
}

// profileLoad takes a processor profile of redactd, at whose admin listener it is to be
// had, into a file of dir while load runs.
func profileLoad(ctx context.Context, dir, file, admin string, load func(time.Duration) (int, error)) error {
	const seconds = 3
	done := make(chan error, 1)
	go func() {
		_, err := load((seconds + 1) * time.Second)
		done <- err
	}()
	err := fetchTo(ctx, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", admin, seconds), filepath.Join(dir, file))
	return errors.Join(err, <-done)
}

func fetchTo(ctx context.Context, url, file string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", url, resp.StatusCode)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}
