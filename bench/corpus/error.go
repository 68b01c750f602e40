package corpus

import "fmt"

// Error returns an error response of about 2 KiB as a framework in debug mode
// gives it: a JSON object with a message, a stack trace and settings, and the
// secrets that it leaks.
func Error(seed uint64) (body []byte, planted [][]byte) {
	g := newGen(seed)
	leak := func() string {
		text, s := secretForms[g.IntN(len(secretForms))](g)
		planted = append(planted, []byte(s))
		return text
	}
	body = fmt.Appendf(body, `{"detail":"OperationalError: %s","status":500,"request_id":"%s","traceback":[`, leak(), g.uuid())
	for len(body) < 1850 {
		body = fmt.Appendf(body, `"File \"/srv/app/shop/%s/views.py\", line %d, in %s",`, g.pick(services), g.IntN(900), g.pick(things))
	}
	return fmt.Appendf(body, `"%s"],"settings":{"debug":true,"allowed_hosts":["*"]}}`, leak()), planted
}
