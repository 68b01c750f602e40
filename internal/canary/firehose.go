package canary

import (
	"encoding/base64"
	"encoding/json"
)

// writeFirehose writes records in base64, as Amazon Data Firehose delivers them.
func writeFirehose(list []Canary) ([]byte, error) {
	records := make([]any, len(list))
	for i := range list {
		r, err := marshal(jsonRecord(i, &list[i], nil))
		if err != nil {
			return nil, err
		}
		records[i] = map[string]string{"data": base64.StdEncoding.EncodeToString(r)}
	}
	return marshal(struct {
		RequestID string `json:"requestId"`
		Timestamp int64  `json:"timestamp"`
		Records   []any  `json:"records"`
	}{sentryID, lokiBase / 1000000, records})
}

func readFirehose(body []byte, list []Canary) ([]string, error) {
	var doc struct {
		Records []struct{ Data string }
	}
	if json.Unmarshal(body, &doc) != nil {
		return nil, errShape
	}
	t := newTexts(list)
	for _, r := range doc.Records {
		data, err := base64.StdEncoding.DecodeString(r.Data)
		if err != nil {
			return nil, errShape
		}
		var v any
		if json.Unmarshal(data, &v) != nil {
			return nil, errShape
		}
		t.walk(v)
	}
	return t.found, nil
}

func init() {
	Register(Format{Name: "firehose", ContentType: "application/json", Keyed: true, Write: writeFirehose, Read: readFirehose,
		Header: map[string]string{"X-Amz-Firehose-Request-Id": sentryID, "X-Amz-Firehose-Protocol-Version": "1.0"}})
}
