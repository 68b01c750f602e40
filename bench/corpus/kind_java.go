package corpus

import "fmt"

var _ = register(Kind{Name: "java", line: javaLine})

// javaLine is a Logback line or a frame of a stack trace.
func javaLine(g *gen, dst []byte) []byte {
	switch g.IntN(5) {
	case 0:
		return fmt.Appendf(dst, "\tat com.example.shop.%s.%sService.find%s(%sService.java:%d)", g.pick(services),
			g.pick(things), g.pick(verbs), g.pick(things), g.IntN(900))
	case 1:
		return fmt.Appendf(dst, "Caused by: %s", g.fill(exceptions))
	}
	return fmt.Appendf(dst, "%s %-5s %d --- [nio-8080-exec-%d] %-40s : %s", g.tick().Format("2006-01-02 15:04:05.000"),
		g.pick(levels), g.IntN(30000), g.IntN(200), g.pick(classes), g.fill(messages))
}
