package proxy

import (
	"testing"
	"time"

	"github.com/redactd/redactd/internal/canary"
	"github.com/redactd/redactd/internal/config"
)

// listenerOf is a listener whose upstream is not there.
func listenerOf(protocol, upstream string, schemes ...string) *config.Listener {
	l := &config.Listener{
		Name: protocol, Protocol: protocol, Upstream: upstream, ConnectTimeout: config.Duration(time.Second), Timeout: config.Duration(time.Second),
		MaxMessage: 1 << 20, MaxDatagram: 8 << 10, MaxConnections: 10,
		Policy: config.Policy{Mode: config.ModeEnforce, OnFailure: config.FailBlock},
	}
	for _, s := range schemes {
		l.Listen = append(l.Listen, s+"://127.0.0.1:0")
	}
	return l
}

func withListeners(cfg *config.Config) *config.Config {
	cfg.Routes["main"].Request, cfg.Routes["main"].Response = config.ScopeNone, config.ScopeNone
	forward := listenerOf("forward", "tcp://127.0.0.1:1", "tcp")
	forward.SharedKey, forward.UpstreamSharedKey = "in front", "behind"
	packets := listenerOf("syslog", "udp://127.0.0.1:1", "tcp", "udp")
	packets.Name = "packets"
	cfg.Listeners = map[string]*config.Listener{
		"syslog": listenerOf("syslog", "tcp://127.0.0.1:1", "udp", "tcp"), "packets": packets, "forward": forward,
		"gelf": listenerOf("gelf", "tls://127.0.0.1:1", "tcp", "udp"), "otlp-grpc": listenerOf("otlp-grpc", "tcp://127.0.0.1:1", "tcp"),
	}
	return cfg
}

// listenerDialects are what is sent to them.
var listenerDialects = map[canaryKey]bool{
	{"syslog", "syslog", ""}: true, {"syslog", "syslog-udp", ""}: true, {"packets", "syslog", ""}: true, {"packets", "syslog-udp", ""}: true,
	{"forward", "forward", ""}: true, {"gelf", "gelf", ""}: true, {"gelf", "gelf-udp", ""}: true,
	{"otlp-grpc", "otlp-grpc", ""}: true, {"otlp-grpc", "otlp-grpc", "gzip"}: true, {"otlp-grpc", "otlp-grpc", "zstd"}: true,
	{"otlp-grpc", "otlp-grpc", "snappy"}: true,
}

// TestCanariesOfListeners asks that none of the rules that are on by default lets anything
// through a listener.
func TestCanariesOfListeners(t *testing.T) {
	cfg := withListeners(settings(silent(t)))
	h := start(t, cfg, builtin)
	follow(t, h)
	r := flown(t, h)
	seen := 0
	for key, row := range r.rows {
		if key.route == "main" {
			continue
		}
		if !listenerDialects[key] {
			t.Errorf("%v was sent to", key)
		}
		seen++
		for o, n := range row.count {
			if n > 0 && canary.Outcome(o) != canary.Clean {
				t.Errorf("%v: %v: %d %v", key, canary.Outcome(o), n, row.rules())
			}
		}
	}
	if sum := r.total(); seen != len(listenerDialects) || sum[canary.Clean] < 4000 {
		t.Errorf("%d canaries were sent in %d ways", sum[canary.Clean], seen)
	}
	for _, name := range []string{"redactd_listener_connections", "redactd_listener_messages_total", "redactd_listener_received_bytes_total",
		"redactd_listener_sent_bytes_total", "redactd_listener_dropped_total", "redactd_findings_total", "redactd_errors_total",
		"redactd_scanned_bytes_total"} {
		if n := h.metric(name); n != 0 {
			t.Errorf("%s is %v", name, n)
		}
	}
	if len(h.trail.all()) > 0 {
		t.Error("the trail has findings")
	}
}

// What is wrong with a listener is seen; into the store, too.
func TestCanariesOfWrongListeners(t *testing.T) {
	cfg := withListeners(settings(silent(t)))
	for _, l := range cfg.Listeners {
		l.Upstream = config.StoreUpstream
	}
	cfg.Allow = map[string]*config.Allow{"all": {Patterns: []string{"^tok-"}}}
	cfg.Listeners["gelf"].Mode = config.ModeShadow
	cfg.Listeners["packets"].DisableRule = []string{"test-token"}
	h := start(t, cfg, few, func(o *Options) { o.local = nil })
	follow(t, h)
	r := flown(t, h)
	for key, row := range r.rows {
		want := canary.Leaked
		switch key.route {
		case "gelf":
			want = canary.Shadow
		case "packets", "main":
			want = canary.Off
		}
		if row.count[want] == 0 {
			t.Errorf("%v: %v", key, row.count)
		}
	}
	if len(r.rows) < len(listenerDialects) {
		t.Errorf("sent in %d ways", len(r.rows))
	}
}
