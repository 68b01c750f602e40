package corpus

import "fmt"

var _ = register(Kind{Name: "python", line: pythonLine})

// pythonLine is a line of Python's logging or of a traceback.
func pythonLine(g *gen, dst []byte) []byte {
	switch g.IntN(6) {
	case 0:
		return fmt.Appendf(dst, `  File "/srv/app/shop/%s/views.py", line %d, in %s`, g.pick(services), g.IntN(900), g.pick(things))
	case 1:
		return fmt.Appendf(dst, "    return self.%s(%s, timeout=%d)", g.pick(verbs), g.pick(things), g.IntN(60))
	case 2:
		return fmt.Appendf(dst, "KeyError: '%s_%d'", g.pick(things), g.IntN(9000))
	}
	return fmt.Appendf(dst, "%s %s %s %d %d %s", g.pick(levels), g.tick().Format("2006-01-02 15:04:05,000"),
		g.pick(modules), g.IntN(30000), 140100000000000+g.IntN(900000000)*1000, g.fill(messages))
}
