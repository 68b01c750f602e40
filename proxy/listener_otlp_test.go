package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpccreds "google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"

	"github.com/redactd/redactd/internal/config"
)

// plainCodec takes messages that are strings.
type plainCodec struct{}

func (plainCodec) Name() string                  { return "proto" }
func (plainCodec) Marshal(v any) ([]byte, error) { return []byte(*v.(*string)), nil }
func (plainCodec) Unmarshal(data []byte, v any) error {
	*v.(*string) = string(data)
	return nil
}

var _ encoding.Codec = plainCodec{}

const exportLogs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

// export sends a request for logs to the first address of a listener.
func (h *hop) export(listener, body string, creds grpccreds.TransportCredentials) error {
	h.t.Helper()
	c, err := grpc.NewClient("passthrough:///"+h.relays[listener].Addrs()[0].String(),
		grpc.WithTransportCredentials(creds), grpc.WithDefaultCallOptions(grpc.ForceCodec(plainCodec{})))
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	var answer string
	return c.Invoke(ctx, exportLogs, &body, &answer)
}

// TestListenerOTLP takes a request over TLS, on over another listener, to the store.
func TestListenerOTLP(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	dir := t.TempDir()
	cert, key := writeCert(t, dir, "front")
	cfg.Store.Dir = filepath.Join(dir, "store")
	otlp := func(name, upstream string) *config.Listener {
		l := *withListener(cfg, upstream)
		l.Name, l.Protocol, l.Listen = name, "otlp-grpc", []string{"tcp://127.0.0.1:0"}
		return &l
	}
	back := otlp("back", config.StoreUpstream)
	cfg.Listeners = map[string]*config.Listener{"back": back}
	h := start(t, cfg, real)
	body := otlpLogs(t, 2, "x "+realSecret, "hunter2hunter2")
	if err := h.export("back", body, insecure.NewCredentials()); err != nil {
		t.Fatal(err)
	}
	if n := h.metric("redactd_store_records_total"); n != 2 {
		t.Errorf("%v records", n)
	}

	other := settings(up.URL)
	front := otlp("front", "tcp://"+h.relays["back"].Addrs()[0].String())
	front.Listen, front.TLSCert, front.TLSKey = []string{"tls://127.0.0.1:0"}, cert, key
	other.Listeners = map[string]*config.Listener{"front": front}
	f := start(t, other, real)
	secure := grpccreds.NewTLS(&tls.Config{InsecureSkipVerify: true})
	if err := f.export("front", body, secure); err != nil {
		t.Fatal(err)
	}
	if n, found := h.metric("redactd_store_records_total"), f.metric("redactd_findings_total", "route", "front"); n != 4 || found != 4 {
		t.Errorf("%v records, %v findings", n, found)
	}
	if n := f.metric("redactd_listener_messages_total", "route", "front"); n != 1 {
		t.Errorf("%v messages", n)
	}

	// What can't be scrubbed gets no further, and the sender keeps it.
	if err := f.export("front", body[:len(body)-1], secure); status.Code(err) != codes.Unavailable {
		t.Error("broken: ", err)
	}
	if n := f.metric("redactd_blocked_total", "route", "front", "kind", "format"); n != 1 {
		t.Errorf("%v blocked", n)
	}
	for _, running := range []*hop{f, h} {
		if err := running.stop(); err != nil {
			t.Error(err)
		}
	}
	kept := strings.Join(linesIn(t, cfg.Store.Dir, "*.ndjson"), "\n")
	if strings.Count(kept, `{"stringValue":"x [REDACTED:test-token]"}`) != 4 || strings.Contains(kept, realSecret) {
		t.Errorf("stored %s", kept)
	}
}

// TestListenerOTLPAudit asks that a finding that can't be recorded keeps the request
// back where it must be.
func TestListenerOTLPAudit(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	l := withListener(cfg, "tcp://127.0.0.1:1")
	l.Name, l.Protocol, l.Listen = "otlp", "otlp-grpc", []string{"tcp://127.0.0.1:0"}
	cfg.Listeners = map[string]*config.Listener{"otlp": l}
	cfg.Audit.Required = true
	h := start(t, cfg, real, func(o *Options) { o.recorder = &memory{err: errors.New("full")} })
	err := h.export("otlp", otlpLogs(t, 1, realSecret, ""), insecure.NewCredentials())
	if s := status.Convert(err); s.Code() != codes.Unavailable || len(s.Details()) != 1 {
		t.Error(err)
	}
	if n := h.metric("redactd_blocked_total", "route", "otlp", "kind", "audit"); n != 1 {
		t.Errorf("%v blocked", n)
	}
	if n := h.metric("redactd_errors_total", "route", "otlp", "stage", "upstream"); n != 0 {
		t.Error("the upstream was asked")
	}
}
