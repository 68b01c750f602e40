package hop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Collector is redactd between clients and backends of the log protocols.
type Collector struct {
	*Process
	Admin string // address of its admin listener

	listeners map[string]string
}

// The prefixes of paths under which requests are scrubbed, and only passed on.
const (
	Scrubbed = "/on"
	Passed   = "/off"
)

const collectorConf = `
[server]
listen = [%q]
[admin]
listen = %q
pprof = true
[canary]
every = "0s"
[rule.bench-none]
pattern = 'bench-needle-[0-9]{24}'
[upstream.sink]
urls = ["http://%s"]
[route.on]
upstream = "sink"
path_prefix = "/on"
strip_prefix = true
request = "all"
response = "none"
[route.off]
upstream = "sink"
path_prefix = "/off"
strip_prefix = true
request = "none"
response = "none"
`

// A listener can't be told not to scrub: where it is only to pass on, it looks with a
// single rule for what is not there.
const listenerConf = `
[listener.%s]
protocol = %q
listen = ["tcp://%s"]
upstream = "tcp://%s"
packs = [%s]
`

// protocols are those of the listeners.
var protocols = []string{"syslog", "forward", "gelf", CallsProtocol}

// CallsProtocol is that of gRPC.
const CallsProtocol = "otlp-grpc"

// Collector starts redactd in front of sink, with a route and, for each protocol, a
// listener that scrubs with all that is on by default, and one that does not.
func (p *Programs) Collector(ctx context.Context, sink *Sink) (*Collector, error) {
	c := &Collector{listeners: map[string]string{}}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	if c.Admin, err = FreeAddr(); err != nil {
		return nil, err
	}
	conf := fmt.Appendf(nil, collectorConf, addr, c.Admin, sink.HTTP)
	for _, protocol := range protocols {
		upstream := sink.Stream
		if protocol == CallsProtocol {
			upstream = sink.Calls
		}
		for mode, packs := range map[string]string{Scrubbed: "", Passed: `"config"`} {
			name := protocol + "-" + mode[1:]
			if c.listeners[protocol+mode], err = FreeAddr(); err != nil {
				return nil, err
			}
			conf = fmt.Appendf(conf, listenerConf, name, protocol, c.listeners[protocol+mode], upstream, packs)
		}
	}
	file := filepath.Join(p.dir, "collector.toml")
	if err := os.WriteFile(file, conf, 0o644); err != nil {
		return nil, err
	}
	c.Process, err = Start(ctx, "redactd", addr, filepath.Join(p.dir, "redactd"), "serve", "--config", file, "--log-level", "error")
	return c, err
}

// Listener returns the address for a protocol, Scrubbed or Passed.
func (c *Collector) Listener(protocol, mode string) string { return c.listeners[protocol+mode] }
