package proxy

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

// Local answers requests in place of an upstream. It is safe for concurrent
// use and keeps nothing of a request after it has returned.
type Local interface {
	ServeLocal(*LocalRequest) *LocalResponse
	Close() error
}

// LocalRequest is a scrubbed request.
type LocalRequest struct {
	Method, Path, Query          string
	ContentType, ContentEncoding string
	// Header returns the first value of a field, whatever case its name has.
	Header           func(name string) string
	Body             []byte // codings not undone
	Route, RequestID string
}

// LocalResponse is the answer. Records and Bytes say what was written.
type LocalResponse struct {
	Status         int
	ContentType    string
	Header         [][2]string
	Body           []byte
	Records, Bytes int64
}

// serveLocal lets the embedded store answer.
func (x *exchange) serveLocal() *refusal {
	if x.p.local == nil {
		return refuseStore
	}
	res := x.p.local.ServeLocal(&LocalRequest{
		Method: string(x.ctx.Method()), Path: string(x.path), Query: string(x.outQuery),
		ContentType: string(x.contentType), ContentEncoding: string(x.coding),
		Header: x.headerValue, Body: x.out.Body(), Route: x.rt.name, RequestID: x.id,
	})
	if res == nil {
		return refuseStore
	}
	x.p.m.storeRecords.Add(float64(res.Records))
	x.p.m.storeBytes.Add(float64(res.Bytes))
	h := &x.ctx.Response.Header
	h.SetStatusCode(res.Status)
	if res.ContentType != "" {
		h.SetContentType(res.ContentType)
	}
	for _, f := range res.Header {
		h.Add(f[0], f[1])
	}
	if x.madeID {
		h.Add(x.idHeader(), x.id)
	}
	x.ctx.Response.SetBody(res.Body)
	return nil
}

func (x *exchange) headerValue(name string) string {
	for _, h := range x.headers {
		if bytes.EqualFold(h.name, []byte(name)) {
			return string(h.value)
		}
	}
	return ""
}

// openSinks opens the audit trail and the store, where they are in use.
func (p *Proxy) openSinks(cfg *config.Config) error {
	p.recorder, p.local = p.o.recorder, p.o.local
	if p.recorder == nil && cfg.Audit.Dir != "" {
		trail, err := audit.Open(audit.Options{
			Dir: cfg.Audit.Dir, MaxSize: int64(cfg.Audit.MaxSize), MaxAge: time.Duration(cfg.Audit.MaxAge),
			MaxFiles: cfg.Audit.MaxFiles, Required: cfg.Audit.Required,
		})
		if err != nil {
			return err
		}
		p.recorder = trail
	}
	return nil
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
	var errs []error
	switch r := p.recorder.(type) {
	case nil:
	case interface{ Stop(context.Context) error }:
		errs = append(errs, r.Stop(ctx))
	default:
		errs = append(errs, r.Close())
	}
	if p.local != nil {
		errs = append(errs, p.local.Close())
	}
	return errors.Join(errs...)
}
