package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/dialect"
	"github.com/redactd/redactd/bench/hop"
	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/report"
)

var _ = register(group{
	name: "dialects", order: 6, run: runDialects,
	about: "batches of every log protocol through redactd, beside the same with scrubbing off",
})

const (
	cleanColumn = "clean MB/s"
	dirtyColumn = "dirty MB/s"
	offColumn   = "off MB/s"
	vsOff       = "clean vs off"
	dirtyVsOff  = "dirty vs off"
	sizeColumn  = "KB"
)

// batchText is the size in bytes of the log lines in a batch, which protocols make
// two to four times as long; batchRounds bounds the rounds of each.
const (
	batchText   = 128 << 10
	batchRounds = 5
	// batchSlice is by how much a contender runs shorter than in other groups.
	batchSlice = 3
	// batchConnections is how many requests are in flight.
	batchConnections = 2
)

// batch is one load: what is sent, and how it is sent.
type batch struct {
	size int // in bytes, without compression
	// send does it again and again for that long, and returns how often, and what
	// came through where that is asked for.
	send func(d time.Duration) (times int, err error)
}

// dialectBench holds what the group runs with.
type dialectBench struct {
	o            options
	redactd      *hop.Collector
	sink         *hop.Sink
	client       *hop.Client
	clean, dirty []dialect.Record
}

func runDialects(ctx context.Context, o options) (tables []report.Table, err error) {
	programs, err := hop.Build(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, programs.Remove()) }()
	sink, err := hop.NewSink()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sink.Close()) }()
	redactd, err := programs.Collector(ctx, sink)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, redactd.Stop()) }()
	b := &dialectBench{o: o, redactd: redactd, sink: sink, client: hop.NewClient(redactd.Addr, batchConnections)}
	defer b.client.Close()
	b.o.rounds, b.o.slice = min(o.rounds, batchRounds), o.slice/batchSlice
	b.clean, b.dirty = batches(min(o.size, batchText))
	for _, gzip := range []bool{false, true} {
		t := dialectTable("batches by HTTP", gzip)
		for _, d := range dialect.All() {
			if gzip && d.Compressed {
				continue
			}
			if err := b.posted(ctx, &t, d, gzip); err != nil {
				return nil, fmt.Errorf("%s: %w", d.Name, err)
			}
		}
		tables = append(tables, t)
	}
	t := dialectTable("batches at listeners", false)
	t.About += "; off: a listener with one rule that finds nothing"
	for _, l := range dialect.Listeners() {
		if err := b.streamed(ctx, &t, l); err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
	}
	for _, gzip := range []bool{false, true} {
		if err := b.called(ctx, &t, gzip); err != nil {
			return nil, fmt.Errorf("OTLP/gRPC: %w", err)
		}
	}
	return append(tables, t), nil
}

// batches returns the same records without and with secrets.
func batches(size int) (clean, dirty []dialect.Record) {
	return dialect.Records(corpus.Clean(9, size, corpus.Kinds()...)), dialect.Records(corpus.Dirty(9, size, dirtyShare, corpus.Kinds()...))
}

func dialectTable(title string, gzip bool) report.Table {
	if gzip {
		title += ", in gzip"
	}
	return report.Table{
		Title: title,
		About: fmt.Sprintf("MB of payload, before compression, for each second of redactd's own processor time, which has GOMAXPROCS=1; dirty: %.0f %% of the records hold a planted secret; off: the same redactd, not to scrub", dirtyShare*100),
		Columns: []report.Column{{Name: cleanColumn}, {Name: dirtyColumn}, {Name: offColumn},
			{Name: vsOff, Ratio: true}, {Name: dirtyVsOff, Ratio: true}, {Name: sizeColumn}},
	}
}

// posted measures a dialect of HTTP.
func (b *dialectBench) posted(ctx context.Context, t *report.Table, d dialect.Dialect, gzip bool) error {
	request := func(mode string, records []dialect.Record) (hop.Request, int) {
		r := hop.Request{Method: "POST", Path: mode + d.Path, ContentType: d.ContentType, Headers: d.Headers, Status: http.StatusOK, Body: d.Body(records)}
		size := len(r.Body)
		if d.Compressed {
			if text, err := dialect.Decoded(r.Body, d.Text); err == nil {
				size = len(text)
			}
		}
		if gzip {
			r.Body, r.Encoding = corpus.Gzip(r.Body), "gzip"
		}
		return r, size
	}
	text := func(body []byte) ([]byte, error) {
		if gzip {
			var err error
			if body, err = corpus.Gunzip(body); err != nil {
				return nil, err
			}
		}
		return dialect.Decoded(body, d.Text)
	}
	load := func(mode string, records []dialect.Record) batch {
		r, size := request(mode, records)
		return batch{size, func(time time.Duration) (int, error) {
			l, err := b.client.Run(&r, time)
			return l.Requests, err
		}}
	}
	for _, mode := range []string{hop.Scrubbed, hop.Passed} {
		for _, records := range [][]dialect.Record{b.clean, b.dirty} {
			r, _ := request(mode, records)
			r.Headers = map[string]string{hop.EchoHeader: "1"}
			for name, value := range d.Headers {
				r.Headers[name] = value
			}
			got, err := b.client.Do(&r)
			if err == nil {
				err = b.arrived(r.Body, got, text, mode == hop.Scrubbed)
			}
			if err != nil {
				return err
			}
		}
	}
	return b.measure(ctx, t, d.Name, load(hop.Passed, b.clean), load(hop.Scrubbed, b.clean), load(hop.Scrubbed, b.dirty))
}

// streamed measures messages over a connection.
func (b *dialectBench) streamed(ctx context.Context, t *report.Table, l dialect.Listener) error {
	load := func(mode string, records []dialect.Record) (batch, error) {
		body, addr := l.Body(records), b.redactd.Listener(l.Protocol, mode)
		plain, err := dialect.Decoded(body, l.Text)
		if err != nil {
			return batch{}, err
		}
		_, got, err := b.sink.Send(addr, body, 0)
		if err != nil {
			return batch{}, err
		}
		return batch{len(plain), func(time time.Duration) (int, error) {
			n, _, err := b.sink.Send(addr, body, time)
			return n, err
		}}, b.arrived(body, got, func(p []byte) ([]byte, error) { return dialect.Decoded(p, l.Text) }, mode == hop.Scrubbed)
	}
	return b.three(ctx, t, l.Name, load)
}

// called measures OTLP over gRPC.
func (b *dialectBench) called(ctx context.Context, t *report.Table, gzip bool) error {
	load := func(mode string, records []dialect.Record) (batch, error) {
		message, addr := dialect.OTLPLogs(records), b.redactd.Listener(hop.CallsProtocol, mode)
		_, got, err := b.sink.Call(ctx, addr, message, gzip, 0)
		if err != nil {
			return batch{}, err
		}
		return batch{len(message), func(time time.Duration) (int, error) {
			n, _, err := b.sink.Call(ctx, addr, message, gzip, time)
			return n, err
		}}, b.arrived(message, got, func(p []byte) ([]byte, error) { return p, nil }, mode == hop.Scrubbed)
	}
	name := "OTLP/gRPC logs"
	if gzip {
		name += ", gzip"
	}
	return b.three(ctx, t, name, load)
}

// three makes and measures the loads of a listener.
func (b *dialectBench) three(ctx context.Context, t *report.Table, name string, load func(mode string, records []dialect.Record) (batch, error)) error {
	off, err := load(hop.Passed, b.clean)
	if err != nil {
		return err
	}
	clean, err := load(hop.Scrubbed, b.clean)
	if err != nil {
		return err
	}
	dirty, err := load(hop.Scrubbed, b.dirty)
	if err != nil {
		return err
	}
	return b.measure(ctx, t, name, off, clean, dirty)
}

// arrived holds what came through against what was sent: the same where nothing is
// planted or nothing is scrubbed, else without the planted. text undoes codings.
func (b *dialectBench) arrived(sent, got []byte, text func([]byte) ([]byte, error), scrubs bool) error {
	before, err := text(sent)
	if err != nil {
		return err
	}
	after, err := text(got)
	if err != nil {
		return err
	}
	planted := 0
	for i := range b.dirty {
		secret := []byte(b.dirty[i].Secret)
		if len(secret) == 0 || !bytes.Contains(before, secret) {
			continue
		}
		planted++
		if scrubs && bytes.Contains(after, secret) {
			return errors.New("a planted secret comes through")
		}
	}
	switch {
	case planted > 0 && scrubs && !bytes.Contains(after, []byte("[REDACTED:")):
		return errors.New("nothing was redacted")
	case (planted == 0 || !scrubs) && !bytes.Equal(sent, got):
		return errors.New("a body does not arrive as it was sent")
	}
	return nil
}

// measure runs three loads in turns and appends a row of them.
func (b *dialectBench) measure(ctx context.Context, t *report.Table, name string, off, clean, dirty batch) error {
	loads := [...]batch{off, clean, dirty}
	var speeds [len(loads)][]float64
	for range b.o.rounds {
		for i := range loads {
			speed, err := b.speed(&loads[i])
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			speeds[i] = append(speeds[i], speed/MB)
		}
	}
	row := report.Row{Name: name}
	row.Set(offColumn, measure.Of(speeds[0]))
	row.Set(cleanColumn, measure.Of(speeds[1]))
	row.Set(dirtyColumn, measure.Of(speeds[2]))
	row.Set(vsOff, measure.Ratio(speeds[1], speeds[0]))
	row.Set(dirtyVsOff, measure.Ratio(speeds[2], speeds[0]))
	row.Set(sizeColumn, measure.Of([]float64{float64(clean.size) / 1e3}))
	t.Rows = append(t.Rows, row)
	if b.o.profiles == "" {
		return nil
	}
	file := "dialect-" + strings.NewReplacer(" ", "-", "/", "-", ",", "").Replace(name) + ".pprof"
	return profileLoad(ctx, b.o.profiles, file, b.redactd.Admin, clean.send)
}

// speed runs a load for a round and returns its bytes per second of processor time.
func (b *dialectBench) speed(load *batch) (float64, error) {
	before := b.redactd.ProcessorTime()
	n, err := load.send(b.o.slice)
	if err != nil {
		return 0, err
	}
	spent := b.redactd.ProcessorTime() - before
	if spent <= 0 {
		return 0, errors.New("the processor time of a process can't be had on this system")
	}
	return float64(n) * float64(load.size) / spent.Seconds(), nil
}
