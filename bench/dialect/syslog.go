package dialect

import "fmt"

// syslog is records as messages of RFC 5424, each behind its length.
func syslog(records []Record) (body []byte) {
	for i := range records {
		r := &records[i]
		m := fmt.Appendf(nil, `<14>1 %s %s %s %d - [app@32473 trace="%s" status="%d"] %s`, r.rfc3339(), r.Host, r.Service, r.Duration, r.Trace, r.Status, r.Message)
		body = append(fmt.Appendf(body, "%d ", len(m)), m...)
	}
	return body
}

var (
	_ = register(Dialect{Name: "syslog", Path: "/drain", ContentType: "application/logplex-1", Body: syslog})
	_ = registerListener(Listener{Name: "syslog TCP", Protocol: "syslog", Body: syslog})
	_ = registerListener(Listener{Name: "GELF TCP", Protocol: "gelf", Body: func(records []Record) (body []byte) {
		for i := range records {
			body = append(appendJSON(body, gelf(&records[i])), 0)
		}
		return body
	}})
)
