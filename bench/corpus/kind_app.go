package corpus

import "fmt"

var _ = register(Kind{Name: "app", line: appLine})

// appLine is what services write in key=value form or in prose.
func appLine(g *gen, dst []byte) []byte {
	at := g.tick().Format("2006-01-02T15:04:05.000Z")
	if g.IntN(3) == 0 {
		return fmt.Appendf(dst, "%s [%s] %s: %s %s %d in %d ms", at, g.pick(levels), g.pick(services),
			g.pick(things), g.pick(verbs), g.IntN(900000), g.IntN(4000))
	}
	return fmt.Appendf(dst, `ts=%s level=%s service=%s trace_id=%s msg="%s" path=%s duration=%dms`, at, g.pick(levels),
		g.pick(services), g.hex(32), g.fill(messages), g.path(), g.IntN(4000))
}
