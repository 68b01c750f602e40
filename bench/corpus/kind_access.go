package corpus

import "fmt"

var _ = register(Kind{Name: "access", line: accessLine})

// accessLine is the combined log format of web servers.
func accessLine(g *gen, dst []byte) []byte {
	return fmt.Appendf(dst, `%s - - [%s] "%s %s HTTP/1.1" %d %d "-" "%s"`, g.ip(),
		g.tick().Format("02/Jan/2006:15:04:05 -0700"), g.pick(methods), g.path(),
		[]int{200, 200, 200, 304, 201, 404, 500}[g.IntN(7)], g.IntN(60000), g.pick(agents))
}

func (g *gen) path() string { return g.fill(paths) }

// fill picks a text and puts a number in its place for one.
func (g *gen) fill(texts []string) string {
	text := g.pick(texts)
	n := g.IntN(90000)
	for i := range text {
		if text[i] == '%' {
			return fmt.Sprintf(text, n)
		}
	}
	return text
}
