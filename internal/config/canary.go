package config

// Canary says how often synthetic secrets are sent through the listeners.
type Canary struct {
	Every Duration `toml:"every"` // beside at the start and after each reload; 0 sends none
}

var canaryKeys = []key{{path: "canary.every", def: "15m"}}
