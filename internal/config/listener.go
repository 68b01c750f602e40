package config

import (
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/tomlpos"
)

// Listener takes a log protocol that is not HTTP, on sockets of its own, and hands
// on what it gets to one upstream of the same protocol.
type Listener struct {
	Name     string   `toml:"-"`
	Protocol string   `toml:"protocol"` // a key of protocols
	Listen   []string `toml:"listen"`   // "tcp://127.0.0.1:5514"; see ParseAddress
	Upstream string   `toml:"upstream"` // StoreUpstream, or an address
	TLSCert  string   `toml:"tls_cert"` // of tls:// addresses in Listen
	TLSKey   string   `toml:"tls_key"`
	// TLSClientCA are the certificates that must vouch for those of clients; "" asks
	// for none.
	TLSClientCA string `toml:"tls_client_ca"`

	UpstreamTLSCA              string `toml:"upstream_tls_ca"`
	UpstreamTLSCert            string `toml:"upstream_tls_cert"`
	UpstreamTLSKey             string `toml:"upstream_tls_key"`
	UpstreamTLSServerName      string `toml:"upstream_tls_server_name"`
	UpstreamInsecureSkipVerify bool   `toml:"upstream_tls_insecure_skip_verify"`

	ConnectTimeout Duration `toml:"connect_timeout"` // to the upstream, TLS included
	Timeout        Duration `toml:"timeout"`         // of the upstream, to accept or to acknowledge a message
	MaxMessage     Size     `toml:"max_message"`     // as received
	MaxDatagram    Size     `toml:"max_datagram"`    // sent over UDP, if what came was no larger
	MaxConnections int      `toml:"max_connections"`

	// SharedKey is asked for of clients, UpstreamSharedKey shown to the upstream
	// (Fluentd forward).
	SharedKey         Secret `toml:"shared_key"`
	UpstreamSharedKey Secret `toml:"upstream_shared_key"`

	Policy
}

var listenerKeys = []key{
	{path: "listener.NAME.protocol", check: oneOf(slices.Sorted(maps.Keys(protocols))...), required: true},
	{path: "listener.NAME.listen", check: listenerAddress, required: true},
	{path: "listener.NAME.upstream", check: listenerUpstream, required: true},
	{path: "listener.NAME.tls_cert", file: readFile},
	{path: "listener.NAME.tls_key", file: readFile},
	{path: "listener.NAME.tls_client_ca", file: readFile},
	{path: "listener.NAME.upstream_tls_ca", file: readFile},
	{path: "listener.NAME.upstream_tls_cert", file: readFile},
	{path: "listener.NAME.upstream_tls_key", file: readFile},
	{path: "listener.NAME.upstream_tls_server_name", check: optional(serverName)},
	{path: "listener.NAME.upstream_tls_insecure_skip_verify", def: false},
	{path: "listener.NAME.connect_timeout", def: "5s", min: second / 1000},
	{path: "listener.NAME.timeout", def: "60s", min: second / 1000},
	{path: "listener.NAME.max_message", def: "16MiB", min: kib},
	{path: "listener.NAME.max_datagram", def: "8KiB", min: 512, max: 65507},
	{path: "listener.NAME.max_connections", def: int64(1000), min: 1},
	{path: "listener.NAME.shared_key"},
	{path: "listener.NAME.upstream_shared_key"},
}

// protocol is what a listener can speak: the schemes of the addresses that it takes.
type protocol struct {
	listen   []string
	upstream []string
	keys     bool // has shared keys
}

var protocols = map[string]protocol{
	"syslog":    {listen: []string{"tcp", "tls", "udp"}, upstream: []string{"tcp", "tls", "udp"}},
	"forward":   {listen: []string{"tcp", "tls", "udp"}, upstream: []string{"tcp", "tls"}, keys: true},
	"gelf":      {listen: []string{"tcp", "tls", "udp"}, upstream: []string{"tcp", "tls", "udp"}},
	"otlp-grpc": {listen: []string{"tcp", "tls"}, upstream: []string{"tcp", "tls"}},
}

// schemes are those of all protocols.
var schemes = func() []string {
	all := map[string]bool{}
	for _, p := range protocols {
		for _, s := range slices.Concat(p.listen, p.upstream) {
			all[s] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}()

// Address is an address with its transport.
type Address struct {
	Scheme string // "tcp", "tls", "udp"
	Host   string // host and port
}

// ParseAddress takes "scheme://host:port" apart. It checks nothing.
func ParseAddress(s string) Address {
	scheme, host, _ := strings.Cut(s, "://")
	return Address{scheme, strings.TrimSuffix(host, "/")}
}

// Network is the name that package net has for the transport.
func (a Address) Network() string {
	if a.Scheme == "udp" {
		return "udp"
	}
	return "tcp"
}

const addressAdvice = ` (scheme://host:port, such as "tcp://127.0.0.1:5514")`

func listenerAddress(s string) string {
	a := ParseAddress(s)
	if !slices.Contains(schemes, a.Scheme) || a.Host == "" {
		return "is not an address with a scheme" + addressAdvice
	}
	if problem := listenAddress(a.Host); problem != "" {
		problem, _, _ = strings.Cut(problem, " (")
		return problem + addressAdvice
	}
	return ""
}

func listenerUpstream(s string) string {
	if s == StoreUpstream {
		return ""
	}
	const advice = ` ("store", or such as "tcp://logs.example.com:514")`
	a := ParseAddress(s)
	host, port, err := net.SplitHostPort(a.Host)
	switch {
	case !slices.Contains(schemes, a.Scheme) || err != nil:
		return "is neither \"store\" nor an address with scheme and port" + advice
	case !isAddress(host) && !isHostname(strings.ReplaceAll(host, "_", "-")):
		return "has a host that is neither a name nor an IP address" + advice
	case listenAddress(a.Host) != "" || port == "0":
		return "has no port from 1 to 65535" + advice
	}
	return ""
}

func (d *decoder) checkListener(path string, l *Listener) {
	if d.cfg.Routes[l.Name] != nil {
		d.fail(path, "the name is that of a route (another name: both stand in the same metrics)")
	}
	d.checkPolicy(path, &l.Policy)
	d.checkPairAt(path+".", l.TLSCert, l.TLSKey)
	d.checkPairAt(path+".upstream_", l.UpstreamTLSCert, l.UpstreamTLSKey)
	d.checkCA(path+".tls_client_ca", l.TLSClientCA, false)
	d.checkCA(path+".upstream_tls_ca", l.UpstreamTLSCA, l.UpstreamInsecureSkipVerify)
	proto, ok := protocols[l.Protocol]
	if !ok {
		return // told already
	}
	d.checkListen(path, l, proto)
	if u := path + ".upstream"; !d.failed(u) && l.Upstream != "" && l.Upstream != StoreUpstream &&
		!slices.Contains(proto.upstream, ParseAddress(l.Upstream).Scheme) {
		d.fail(u, "has a scheme that %s can't be sent by (%s)", l.Protocol, list(proto.upstream))
	}
	if ParseAddress(l.Upstream).Scheme != "tls" && !d.failed(path+".upstream") {
		d.noEffect(path, "without a tls:// address in upstream", map[string]bool{
			"upstream_tls_ca": l.UpstreamTLSCA != "", "upstream_tls_cert": l.UpstreamTLSCert != "",
			"upstream_tls_key": l.UpstreamTLSKey != "", "upstream_tls_server_name": l.UpstreamTLSServerName != "",
			"upstream_tls_insecure_skip_verify": l.UpstreamInsecureSkipVerify,
		})
	}
	if !proto.keys {
		d.noEffect(path, "with protocol "+l.Protocol, map[string]bool{
			"shared_key": l.SharedKey != "", "upstream_shared_key": l.UpstreamSharedKey != "",
		})
	} else if l.Upstream == StoreUpstream {
		d.noEffect(path, "where the upstream is the store", map[string]bool{"upstream_shared_key": l.UpstreamSharedKey != ""})
	}
}

// checkListen looks at the addresses of a listener, and whether those with TLS have a
// certificate.
func (d *decoder) checkListen(path string, l *Listener, proto protocol) {
	if d.failed(path + ".listen") {
		return
	}
	used := map[string]int{}
	for i, text := range l.Listen {
		scheme := ParseAddress(text).Scheme
		used[scheme] = i
		if !slices.Contains(proto.listen, scheme) {
			d.fail(tomlpos.Element(path+".listen", i), "has a scheme that %s can't be taken by (%s)", l.Protocol, list(proto.listen))
		}
	}
	if _, secure := used["tls"]; !secure {
		d.noEffect(path, "without a tls:// address in listen", map[string]bool{
			"tls_cert": l.TLSCert != "", "tls_key": l.TLSKey != "", "tls_client_ca": l.TLSClientCA != "",
		})
	} else if l.TLSCert == "" && l.TLSKey == "" {
		d.fail(tomlpos.Element(path+".listen", used["tls"]), "has no certificate (tls_cert and tls_key)")
	}
	if _, udp := used["udp"]; udp && len(used) == 1 && l.Protocol == "forward" {
		d.fail(path+".listen", "is for heartbeats alone (a tcp:// or tls:// address for the events)")
	}
}
