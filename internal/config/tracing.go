package config

// Tracing says where spans of redactd's own work go.
type Tracing struct {
	OTLP    string            `toml:"otlp"`  // URL of a collector; "" for none
	Ratio   Ratio             `toml:"ratio"` // of traces that no caller has decided on
	Headers map[string]Secret `toml:"headers"`
}

var tracingKeys = []key{
	{path: "tracing.otlp", check: optional(upstreamURL)},
	{path: "tracing.ratio", def: 0.01},
	{path: "tracing.headers"},
}

func (d *decoder) checkTracing() {
	t := &d.cfg.Tracing
	d.noEffect("tracing", "without otlp", map[string]bool{"headers": len(t.Headers) > 0 && t.OTLP == ""})
	for name := range t.Headers {
		if problem := headerName(name); problem != "" {
			d.fail("tracing.headers", "a name %s", problem)
		}
	}
}
