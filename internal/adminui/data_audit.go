package adminui

import (
	"net/http"
	"sync"
	"time"

	"github.com/redactd/redactd/internal/audit"
)

// AuditDetail is how the trail is, and whether it was proved whole.
type AuditDetail struct {
	AuditStatus
	Proof Proof `json:"proof"`
}

// Proof is the last time that the trail was verified here.
type Proof struct {
	Running bool      `json:"running,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"` // zero where there is none yet
	By      string    `json:"by,omitempty"`
	// Report is what was found; nil where the trail could not be read, as Problem says.
	Report  *audit.Report `json:"report,omitempty"`
	Problem string        `json:"problem,omitempty"`
}

var errNoTrail = &fault{http.StatusNotFound, "This redactd keeps no audit trail ([audit] dir in the configuration)."}

func (c *Console) auditDetail() (d AuditDetail, err error) {
	if c.s.Audit == nil {
		return d, errNoTrail
	}
	return AuditDetail{c.s.Audit.Status(), c.prover.last()}, nil
}

// prover verifies the trail, once at a time: to read it takes a while.
type prover struct {
	mu    sync.Mutex
	proof Proof
	done  chan struct{} // of the run under way
}

func (p *prover) last() Proof {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proof
}

// verifyWait is how long is waited for a proof; it goes on after that.
const verifyWait = 3 * time.Second

// verify has the trail proved, unless that is under way, and returns what came of it, or
// how far it is.
func (c *Console) verify(by string) (d AuditDetail, err error) {
	if c.s.Audit == nil {
		return d, errNoTrail
	}
	p := &c.prover
	p.mu.Lock()
	if !p.proof.Running {
		p.proof = Proof{Running: true, Started: time.Now().UTC(), By: by}
		p.done = make(chan struct{})
		go c.prove(p.done)
	}
	done := p.done
	p.mu.Unlock()
	select {
	case <-done:
	case <-time.After(verifyWait):
	}
	return c.auditDetail()
}

func (c *Console) prove(done chan struct{}) {
	defer close(done)
	report, err := c.s.Audit.Verify()
	p := &c.prover
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proof.Running, p.proof.Ended = false, time.Now().UTC()
	if err != nil {
		p.proof.Problem = "The trail can't be read at the moment; the log says why."
	} else {
		p.proof.Report = &report
	}
	c.did(err, p.proof.By, "verify the trail", "whole", report.OK, "records", report.Records)
}
