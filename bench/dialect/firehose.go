package dialect

import (
	"encoding/base64"
	"encoding/json"
)

// firehose is a request of Amazon Data Firehose, in the order of its specification.
type firehose struct {
	RequestID string           `json:"requestId"`
	Timestamp int64            `json:"timestamp"`
	Records   []firehoseRecord `json:"records"`
}

// firehoseRecord is a document in base64.
type firehoseRecord struct {
	Data string `json:"data"`
}

var _ = register(Dialect{
	Name: "Firehose", Path: "/firehose", ContentType: jsonType,
	Headers: map[string]string{"X-Amz-Firehose-Request-Id": "ed4acda5-034f-9f42-bba1-f29aea6d7d8f", "X-Amz-Firehose-Protocol-Version": "1.0"},
	Body: func(records []Record) []byte {
		all := firehose{RequestID: "ed4acda5-034f-9f42-bba1-f29aea6d7d8f", Timestamp: records[0].Time.UnixMilli()}
		for i := range records {
			r := &records[i]
			document := appendJSON(nil, with(r.fields(), object{"message": r.Message}))
			all.Records = append(all.Records, firehoseRecord{base64.StdEncoding.EncodeToString(document)})
		}
		return appendJSON(nil, all)
	},
	Text: func(body []byte) (text []byte, err error) {
		var all firehose
		err = json.Unmarshal(body, &all)
		for _, r := range all.Records {
			document, err := base64.StdEncoding.DecodeString(r.Data)
			if err != nil {
				return nil, err
			}
			text = append(append(text, document...), '\n')
		}
		return text, err
	},
})
