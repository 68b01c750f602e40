package config

// Leaks says what is kept of values that leaked.
type Leaks struct {
	Store bool     `toml:"store"` // into the database of [records]
	Keep  Duration `toml:"keep"`  // after they were seen last; 0: no limit
	Max   int      `toml:"max"`   // of them; 0: no limit
}

var leakKeys = []key{
	{path: "leaks.store", def: true},
	{path: "leaks.keep", def: "400d"},
	{path: "leaks.max", def: int64(100_000)},

	{path: "notify.NAME.kind", check: nonEmpty, required: true},
	{path: "notify.NAME.url", required: true},
	{path: "notify.NAME.secret"},
	{path: "notify.NAME.token"},
	{path: "notify.NAME.min_severity", def: "low", check: nonEmpty},
	{path: "notify.NAME.timeout", def: "10s", min: second / 1000},
}

// Notify is who is told of leaks, and how.
type Notify struct {
	Name        string   `toml:"-"`
	Kind        string   `toml:"kind"`
	URL         Secret   `toml:"url"` // of some services it is all that is secret
	Secret      Secret   `toml:"secret"`
	Token       Secret   `toml:"token"`
	MinSeverity string   `toml:"min_severity"`
	Timeout     Duration `toml:"timeout"`
}
