package corpus

import "fmt"

var _ = register(Kind{Name: "json", line: jsonLine, json: true})

// jsonLine is a record as loggers of JSON write it, with nested objects,
// escapes, numbers and lists.
func jsonLine(g *gen, dst []byte) []byte {
	dst = fmt.Appendf(dst, `{"@timestamp":"%s","level":"%s","service":{"name":"%s","version":"2.%d.%d","node":"%s"},`,
		g.tick().Format("2006-01-02T15:04:05.000Z"), g.pick(levels), g.pick(services), g.IntN(40), g.IntN(10), g.ip())
	dst = fmt.Appendf(dst, `"message":"%s","trace":{"id":"%s","span":"%s"},`, g.fill(messages), g.hex(32), g.hex(16))
	switch g.IntN(3) {
	case 0:
		return fmt.Appendf(dst, `"http":{"method":"%s","path":"%s","status":%d,"bytes":%d},"duration_ms":%d.%02d}`,
			g.pick(methods), g.path(), 200+g.IntN(300), g.IntN(60000), g.IntN(900), g.IntN(100))
	case 1:
		return fmt.Appendf(dst, `"error":{"type":"TimeoutError","stack":"Error: %s\n    at %s (/srv/app/%s.js:%d:%d)\n    at run (node:internal:77:11)"}}`,
			g.fill(messages), g.pick(verbs), g.pick(things), g.IntN(900), g.IntN(80))
	}
	return fmt.Appendf(dst, `"%s":{"id":%d,"items":[{"sku":"A-%d","qty":%d},{"sku":"B-%d","qty":%d}],"paid":true,"note":null}}`,
		g.pick(things), g.IntN(900000), g.IntN(9000), g.IntN(9), g.IntN(9000), g.IntN(9))
}
