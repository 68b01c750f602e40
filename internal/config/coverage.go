package config

// Coverage says how much of the traffic is to be inspected.
type Coverage struct {
	Objective Ratio `toml:"objective"` // the share of bytes in scope that is inspected, at least
}

var coverageKeys = []key{
	{path: "coverage.objective", def: 0.999},
}
