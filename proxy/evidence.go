package proxy

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

// anchorOptions are where checkpoints of the trail of cfg are kept.
func anchorOptions(cfg *config.Config) []audit.AnchorOptions {
	var list []audit.AnchorOptions
	for _, name := range slices.Sorted(maps.Keys(cfg.Anchors)) {
		a := cfg.Anchors[name]
		list = append(list, audit.AnchorOptions{
			Name: name, Kind: a.Kind, Path: a.Path, URL: a.URL, Token: string(a.Token), Timeout: time.Duration(a.Timeout),
		})
	}
	return list
}

// evidence checks what the configuration says of checkpoints.
func (b *builder) evidence() {
	a := &b.cfg.Audit
	if a.CheckpointKey != "" {
		if _, _, err := audit.CheckpointKey(a.CheckpointKey); err != nil {
			b.fail("audit.checkpoint_key", "%v", err)
		}
	}
	for i, key := range a.AcceptCheckpoints {
		if _, err := audit.PublicKey(key); err != nil {
			b.fail(fmt.Sprintf("audit.accept_checkpoints[%d]", i), "%v", err)
		}
	}
	for _, o := range anchorOptions(b.cfg) {
		if err := audit.CheckAnchor(o); err != nil {
			b.fail("anchor."+o.Name, "%v", err)
		}
		if a.CheckpointKey == "" {
			b.fail("anchor."+o.Name, "keeps checkpoints, of which there are none (set audit.checkpoint_key)")
		}
	}
}

// openTrail opens the trail of cfg, and what keeps the checkpoints of others
// beside it.
func (p *Proxy) openTrail(cfg *config.Config) (*audit.Trail, error) {
	a := &cfg.Audit
	o := audit.Options{
		Dir: a.Dir, MaxSize: int64(a.MaxSize), MaxAge: time.Duration(a.MaxAge), MaxFiles: a.MaxFiles, Required: a.Required,
		CheckpointEvery: time.Duration(a.CheckpointEvery), Anchors: anchorOptions(cfg),
		Report: func(err error) { p.log.Error("audit trail", "error", err) },
	}
	var err error
	if a.CheckpointKey != "" {
		if o.CheckpointKey, _, err = audit.CheckpointKey(a.CheckpointKey); err != nil {
			return nil, err
		}
	}
	if len(a.AcceptCheckpoints) > 0 {
		if p.witness, err = audit.NewWitness(a.Dir, a.AcceptCheckpoints); err != nil {
			return nil, err
		}
	}
	return audit.Open(o)
}

// inForce has the trail keep what pol was made of.
func (p *Proxy) inForce(pol *policy) {
	trail, ok := p.recorder.(interface{ InForce(string, []byte) error })
	if !ok {
		return
	}
	text, err := pol.cfg.TOML()
	if err == nil {
		err = trail.InForce(pol.digest, text)
	}
	if err != nil {
		p.m.auditFailures.Inc()
		p.log.Error("audit trail does not keep the configuration", "error", err)
	}
}

func (p *Proxy) serveCheckpoints(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, audit.MaxSubmission))
	if err != nil {
		http.Error(w, "the request cannot be read", http.StatusBadRequest)
		return
	}
	status, text := p.witness.Submit(body)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if status == http.StatusConflict {
		w.Header().Set("Content-Type", "text/x.tlog.size")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
