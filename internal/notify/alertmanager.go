package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/records"
)

func init() { register("alertmanager", func(o ReceiverOptions) receiver { return alertmanager{o} }) }

// alertmanager posts alerts to the API of Prometheus' Alertmanager
// (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml).
type alertmanager struct{ o ReceiverOptions }

type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// alertFor is how long an alert stands: it is posted once.
const alertFor = 24 * time.Hour

func (a alertmanager) request(ctx context.Context, notices []records.Notice, now time.Time) (*http.Request, error) {
	var alerts []alert
	for _, n := range notices {
		l := &n.Leak
		name, summary := "RedactdNewLeak", "A value leaked that was not seen before"
		if n.What == records.NoticeAgain {
			name, summary = "RedactdStillLeaking", "A value is still in use that was said to be rotated"
		}
		one := alert{
			Labels: map[string]string{
				"alertname": name, "leak": strconv.FormatInt(l.Number, 10), "rule": l.Rule, "severity": l.Severity, "fingerprint": l.Fingerprint,
			},
			Annotations: map[string]string{
				"summary":     summary,
				"description": fmt.Sprintf("Leak %d, found by %s, seen %d times. redactd leaks show %d", l.Number, l.Rule, l.Count, l.Number),
			},
			StartsAt: n.Time.UTC(), EndsAt: now.Add(alertFor).UTC(),
		}
		if len(l.Places) > 0 { // an empty label is none
			for label, value := range map[string]string{"route": l.Places[0].Route, "service": l.Places[0].Service, "version": l.Places[0].Version} {
				if value != "" {
					one.Labels[label] = value
				}
			}
		}
		alerts = append(alerts, one)
	}
	body, err := json.Marshal(alerts)
	if err != nil {
		return nil, err
	}
	return http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(a.o.URL, "/")+"/api/v2/alerts", bytes.NewReader(body))
}
