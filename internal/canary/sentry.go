package canary

import (
	"bytes"
	"encoding/json"
)

const sentryID = "9ec79c33ec9942ab8353589fcb2e04dc"

// writeSentry writes an envelope with one event whose breadcrumbs are the records.
func writeSentry(list []Canary) ([]byte, error) {
	crumbs := make([]any, len(list))
	for i := range list {
		b := map[string]any{"category": number(i), "level": "error"}
		if c := &list[i]; c.Key != "" {
			b["data"] = map[string]string{c.Key: c.Text}
		} else {
			b["message"] = c.Text
		}
		crumbs[i] = b
	}
	event, err := marshal(map[string]any{"event_id": sentryID, "platform": "go", "breadcrumbs": map[string]any{"values": crumbs}})
	if err != nil {
		return nil, err
	}
	out := []byte(`{"event_id":"` + sentryID + "\"}\n{\"type\":\"event\"}\n")
	return append(append(out, event...), '\n'), nil
}

func readSentry(body []byte, list []Canary) ([]string, error) {
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	if len(lines) != 3 {
		return nil, errShape
	}
	var event struct {
		Breadcrumbs struct {
			Values []map[string]any `json:"values"`
		} `json:"breadcrumbs"`
	}
	if json.Unmarshal(lines[2], &event) != nil {
		return nil, errShape
	}
	t := newTexts(list)
	for _, b := range event.Breadcrumbs.Values {
		number, _ := b["category"].(string)
		t.set(number, flat(b))
	}
	return t.found, nil
}

func init() {
	Register(Format{Name: "sentry-envelope", Path: "/api/1/envelope/", ContentType: "application/x-sentry-envelope", Keyed: true,
		Write: writeSentry, Read: readSentry})
}
