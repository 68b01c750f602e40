package adminui

import (
	"context"
	"net/http"

	"github.com/redactd/redactd/internal/gate"
)

func (a *api) audit() {
	const tag = "audit"
	operate(a, gate.View, "GET /audit", operation{
		id: "get-audit", summary: "How the audit trail is, and the last time that it was verified", tag: tag, fails: []int{http.StatusNotFound},
	}, func(context.Context, *struct{}) (AuditDetail, error) { return a.c.auditDetail() })
	operate(a, gate.View, "POST /audit/verify", operation{
		id: "verify-audit", summary: "Verify the audit trail", tag: tag,
		about: "One verification runs at a time. The answer comes when it has ended, or after a few seconds with proof.running set: get-audit tells of its end.",
		fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, _ *struct{}) (AuditDetail, error) { return a.c.verify(gate.From(ctx).Name) })
}
