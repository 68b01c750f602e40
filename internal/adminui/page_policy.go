package adminui

import (
	"net/http"

	"github.com/redactd/redactd/internal/gate"
)

func (c *Console) showPolicy(w http.ResponseWriter, r *http.Request) {
	p, err := c.inForce()
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "policy.html", view{Title: "Policy", Nav: "/policy", Data: p})
}

// postReload has the configuration read again.
func (c *Console) postReload(w http.ResponseWriter, r *http.Request) {
	if _, err := c.reload(gate.From(r.Context()).Name); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/policy", http.StatusSeeOther)
}

func (c *Console) showAudit(w http.ResponseWriter, r *http.Request) {
	d, err := c.auditDetail()
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "audit.html", view{Title: "Audit", Nav: "/audit", Data: d})
}

func (c *Console) postVerify(w http.ResponseWriter, r *http.Request) {
	if _, err := c.verify(gate.From(r.Context()).Name); err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/audit", http.StatusSeeOther)
}
