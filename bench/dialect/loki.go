package dialect

import (
	"fmt"
	"strconv"

	"github.com/klauspost/compress/s2"
)

const lokiPath = "/loki/api/v1/push"

var _ = register(Dialect{
	Name: "Loki JSON", Path: lokiPath, ContentType: jsonType,
	Body: func(records []Record) []byte {
		var streams array
		names, groups := byService(records)
		for _, name := range names {
			streams = append(streams, object{"stream": object{"app": name, "env": "prod", "namespace": "shop"},
				"values": list(groups[name], func(r *Record) any {
					return array{strconv.FormatInt(r.Time.UnixNano(), 10), r.Message, object{"trace_id": r.Trace, "host": r.Host, "level": r.Level}}
				})})
		}
		return appendJSON(nil, object{"streams": streams})
	},
})

var _ = register(Dialect{
	Name: "Loki protobuf", Path: lokiPath, ContentType: "application/x-protobuf", Compressed: true,
	Body: func(records []Record) []byte {
		var push proto
		names, groups := byService(records)
		for _, name := range names {
			stream := proto{}.text(1, fmt.Sprintf(`{app="%s", env="prod", namespace="shop"}`, name))
			for _, r := range groups[name] {
				time := proto{}.number(1, uint64(r.Time.Unix())).number(2, uint64(r.Time.Nanosecond()))
				entry := proto{}.message(1, time).text(2, r.Message)
				for _, pair := range [][2]string{{"trace_id", r.Trace}, {"host", r.Host}, {"level", r.Level}} {
					entry = entry.message(3, proto{}.text(1, pair[0]).text(2, pair[1]))
				}
				stream = stream.message(2, entry)
			}
			push = push.message(1, stream)
		}
		return s2.EncodeSnappy(nil, push)
	},
	Text: func(body []byte) ([]byte, error) { return s2.Decode(nil, body) },
})
