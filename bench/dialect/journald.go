package dialect

import (
	"encoding/binary"
	"fmt"
)

// Entries of the journal in its export format. Every eighth message has a length, as
// those with a line break do.
var _ = register(Dialect{
	Name: "journald", Path: "/upload", ContentType: "application/vnd.fdo.journal",
	Body: func(records []Record) (body []byte) {
		for i := range records {
			r := &records[i]
			at := r.Time.UnixMicro()
			body = fmt.Appendf(body, "__CURSOR=s=%s;i=%x\n__REALTIME_TIMESTAMP=%d\n_BOOT_ID=%s\n_TRANSPORT=stdout\nPRIORITY=6\n", r.Span, i, at, r.Trace)
			body = fmt.Appendf(body, "_HOSTNAME=%s\nSYSLOG_IDENTIFIER=%s\n_PID=%d\n_SYSTEMD_UNIT=%s.service\n", r.Host, r.Service, r.Duration, r.Service)
			if i%8 == 0 {
				body = append(body, "MESSAGE\n"...)
				body = binary.LittleEndian.AppendUint64(body, uint64(len(r.Message)))
				body = append(append(body, r.Message...), "\n\n"...)
			} else {
				body = fmt.Appendf(body, "MESSAGE=%s\n\n", r.Message)
			}
		}
		return body
	},
})
