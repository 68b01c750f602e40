package proxy

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/internal/store"
	"github.com/redactd/redactd/redact"
)

// local answers requests in place of an upstream.
type local interface {
	Serve(ctx context.Context, from store.Origin, r *dialect.Request) (store.Result, error)
	Stop(ctx context.Context) error
}

// storeTimeout bounds how long a request waits for its records to be on disk.
const storeTimeout = 10 * time.Second

// serveLocal lets the embedded store answer.
func (x *exchange) serveLocal() *refusal {
	if x.p.local == nil {
		return refuseStore
	}
	body, r := x.decodedBody()
	if r != nil {
		return r
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	res, err := x.p.local.Serve(ctx, store.Origin{Route: x.rt.name, RequestID: x.id}, &dialect.Request{
		Method: string(x.ctx.Method()), Path: string(x.forwardedPath()), Query: string(x.outQuery), Host: x.clientAddress(),
		Header: x.headerValue, ContentType: string(x.contentType), Body: body,
	})
	if err != nil {
		x.p.m.errors.WithLabelValues(x.rt.name, refuseStore.stage, refuseStore.kind).Inc()
		x.p.log.Error("store does not accept records", "error", err, "route", x.rt.name, "request_id", x.id)
	}
	if err == nil {
		x.countUnread()
	}
	x.p.m.storeRecords.Add(float64(res.Records))
	x.p.m.storeBytes.Add(float64(res.Bytes))
	h := &x.ctx.Response.Header
	h.DisableNormalizing()
	h.SetStatusCode(res.Status)
	for _, f := range res.Header {
		h.Add(f.Name, f.Value)
	}
	if x.id != "" {
		h.Add(x.idHeader(), x.id)
	}
	x.ctx.Response.SetBody(res.Body)
	return nil
}

// forwardedPath returns the path as it goes on: without the prefix where the
// route cuts it off, and always with a slash in front.
func (x *exchange) forwardedPath() []byte {
	path := x.path
	if !x.rt.cfg.StripPath {
		return path
	}
	path = bytes.TrimPrefix(path, bytes.TrimSuffix([]byte(x.rt.cfg.PathPrefix), []byte{'/'}))
	if len(path) == 0 || path[0] != '/' {
		path = append([]byte{'/'}, path...)
	}
	return path
}

// decodedBody returns the scrubbed body with its content codings undone, and
// with one more where text was announced and something compressed came.
func (x *exchange) decodedBody() ([]byte, *refusal) {
	body, codings := x.out.Body(), string(x.coding)
	if len(body) == 0 {
		return body, nil
	}
	if len(codings) == 0 && (codec.ForMediaType(codec.MediaType(string(x.contentType))) != nil ||
		dialect.Of(x.dialectRequest()).Name() != dialect.Generic) {
		codings = codec.HiddenCoding(body)
	}
	if len(codings) == 0 {
		return body, nil
	}
	x.respBuf = acquireBuffer()
	limit := limitOr(int64(x.pol.cfg.Server.MaxDecoded), defaultMaxDecoded)
	decoded, err := codec.Decode(x.respBuf.b, body, codings, limit)
	x.respBuf.b = decoded
	switch {
	case errors.Is(err, codec.ErrTooLarge):
		return nil, refuseDecoded
	case err != nil:
		return nil, requestRefusal(scrub.KindCoding, codec.Supported(codings))
	}
	return decoded, nil
}

// headerValue returns the first field of that name as it would be sent on,
// without credentials: the store keeps what it reads.
func (x *exchange) headerValue(name string) string {
	for _, h := range x.headers {
		if !bytes.EqualFold(h.name, []byte(name)) || h.class.is(credentials) {
			continue
		}
		for _, e := range x.edits {
			if &e.name[0] == &h.name[0] {
				return string(e.value)
			}
		}
		return string(h.value)
	}
	return ""
}

// localKeys takes the key of fingerprints from beside the trail where none is
// configured.
func (p *Proxy) localKeys() error {
	cfg := p.o.Config
	if len(cfg.Token.Keys) > 0 || cfg.Audit.Dir == "" || p.o.recorder != nil {
		return nil
	}
	key, err := audit.LocalKey(cfg.Audit.Dir)
	if err != nil {
		return err
	}
	p.o.fingerprints, err = redact.NewKeyring(key)
	return err
}

// openSinks opens the audit trail and the store, where they are in use.
func (p *Proxy) openSinks(cfg *config.Config) error {
	p.recorder, p.local, p.errorLog = p.o.recorder, p.o.local, p.o.errorLog
	if p.recorder == nil && cfg.Audit.Dir != "" {
		trail, err := p.openTrail(cfg)
		if err != nil {
			return err
		}
		p.recorder = trail
	}
	p.m.audit.watch(p.recorder)
	if err := errors.Join(p.openRecords(cfg), p.openErrorLog(cfg)); err != nil {
		return errors.Join(err, p.stopSinks(context.Background()))
	}
	if p.local == nil && usesStore(cfg) && cfg.Store.Dir != "" {
		s, err := store.Open(store.Options{
			Dir: cfg.Store.Dir, MaxSize: int64(cfg.Store.MaxSize), MaxAge: time.Duration(cfg.Store.MaxAge),
			MaxFiles: cfg.Store.MaxFiles,
		})
		if err != nil {
			return errors.Join(err, p.stopSinks(context.Background()))
		}
		p.local = s
	}
	return nil
}

func usesStore(cfg *config.Config) bool {
	for _, r := range cfg.Routes {
		if r.Upstream == config.StoreUpstream {
			return true
		}
	}
	for _, l := range cfg.Listeners {
		if l.Upstream == config.StoreUpstream {
			return true
		}
	}
	return false
}

// startSinks starts what has goroutines of its own.
func (p *Proxy) startSinks() error {
	if s, ok := p.recorder.(interface{ Start() error }); ok {
		return s.Start()
	}
	return nil
}

// stopSinks writes what waits and closes.
func (p *Proxy) stopSinks(ctx context.Context) error {
	errs := p.closeErrorLog(ctx)
	p.stateCoverage(ctx)
	switch r := p.recorder.(type) {
	case nil:
	case interface{ Stop(context.Context) error }:
		errs = append(errs, r.Stop(ctx))
	default:
		errs = append(errs, r.Close())
	}
	if p.local != nil {
		errs = append(errs, p.local.Stop(ctx))
	}
	errs = append(errs, p.closeRecords(ctx)...)
	return errors.Join(errs...)
}
