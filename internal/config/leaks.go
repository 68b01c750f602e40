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
}
