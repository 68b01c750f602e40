package proxy

import "github.com/redactd/redactd/internal/config"

// listener is a listener with everything looked up.
type listener struct {
	filter
	cfg *config.Listener
}

// protocolCodecs are the codecs of what the protocols of listeners carry.
var protocolCodecs = map[string]string{}

func (b *builder) listener(name string, cfg *config.Listener) *listener {
	l := &listener{cfg: cfg}
	b.filter(&l.filter, "listener."+name, name, &cfg.Policy, protocolCodecs[cfg.Protocol])
	return l
}
