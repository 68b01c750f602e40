package proxy

import (
	"context"
	"errors"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

// SendCanaries sends canaries through the routes and listeners of a configuration once, by
// the code that serves, and returns what became of them. It listens on ports of the
// loopback address that the system chooses; no upstream, trail, store or database is
// opened, and own secrets are not read. With full, all canaries go through each content
// coding. o has the rules; its configuration is cfg.
func SendCanaries(ctx context.Context, cfg *config.Config, o Options, full bool) (*audit.Canaries, error) {
	o.Config = canaryConfig(cfg)
	p, err := New(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	p.Addrs()
	var facts *audit.Canaries
	err = p.canaries.twin.follow(p.policy.Load(), p.canaries.sink.connect)
	if err == nil {
		var r *canaryResult
		if r, err = p.canaries.run(ctx, p.canaries.twin.policy.Load(), canaryPace{full: full}); err == nil {
			f := r.facts()
			facts = &f
		}
	}
	cancel()
	return facts, errors.Join(err, <-ended)
}

// canaryConfig returns cfg with listeners of its own, and nothing that is kept.
func canaryConfig(cfg *config.Config) *config.Config {
	c := *cfg
	c.Server.Listen, c.Server.ShutdownTimeout = []string{"127.0.0.1:0"}, config.Duration(time.Second)
	c.Admin.Listen = ""
	c.Audit, c.Store, c.Errors, c.Records, c.Leaks = config.Audit{}, config.Store{}, config.ErrorLog{}, config.Records{}, config.Leaks{}
	c.Secrets, c.Notify, c.Anchors, c.Canary = nil, nil, nil, config.Canary{}
	c.Listeners = map[string]*config.Listener{}
	for name, l := range cfg.Listeners {
		own := *l
		own.Listen = nil
		for _, text := range l.Listen {
			own.Listen = append(own.Listen, config.ParseAddress(text).Scheme+"://127.0.0.1:0")
		}
		c.Listeners[name] = &own
	}
	return &c
}
