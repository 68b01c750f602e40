//go:build !amd64

package disguise

const wide = false

func nextRunWide(text []byte, from int) (start, end int) { return nextRunPlain(text, from) }
