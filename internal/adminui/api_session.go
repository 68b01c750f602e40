package adminui

import (
	"context"

	"github.com/redactd/redactd/internal/gate"
)

// Who is who asks.
type Who struct {
	Name    string `json:"name" doc:"As in the configuration, or as the proxy says"`
	Means   string `json:"means" enum:"anonymous,local,token,session,certificate,proxy" doc:"How it is known"`
	Role    string `json:"role" enum:"viewer,operator"`
	Version string `json:"version" doc:"Of redactd"`
}

func (a *api) session() {
	operate(a, gate.View, "GET /session", operation{
		id: "get-session", summary: "Who asks", tag: "session",
	}, func(ctx context.Context, _ *struct{}) (Who, error) {
		who := gate.From(ctx)
		return Who{Name: who.Name, Means: string(who.Means), Role: who.Role.String(), Version: a.c.s.Version}, nil
	})
}
