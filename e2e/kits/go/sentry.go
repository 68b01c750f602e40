package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/getsentry/sentry-go"
)

// sentryClient reports what a program in trouble reports: sentry DSN. Standard input has
// credentials to leak, as JSON.
func sentryClient(args []string) (any, error) {
	var secrets map[string]string
	if err := json.NewDecoder(os.Stdin).Decode(&secrets); err != nil {
		return nil, err
	}
	err := sentry.Init(sentry.ClientOptions{
		Dsn: args[0], Release: "shop@1.8.2", Environment: "staging", ServerName: "web-1", AttachStacktrace: true,
		EnableTracing: true, TracesSampleRate: 1,
	})
	if err != nil {
		return nil, err
	}
	sentry.ConfigureScope(func(s *sentry.Scope) {
		s.SetUser(sentry.User{ID: "42", Username: "jane"})
		s.SetTag("region", "eu")
		s.SetContext("database", sentry.Context{"dsn": "postgresql://app:" + secrets["database"] + "@db:5432/app", "pool": 5})
	})
	sentry.AddBreadcrumb(&sentry.Breadcrumb{
		Category: "http", Message: "GET /orders", Data: map[string]any{"authorization": "Bearer " + secrets["session"]},
	})
	transaction := sentry.StartTransaction(context.Background(), "nightly", sentry.WithOpName("task"))
	span := transaction.StartChild("http.client")
	span.Description = "GET https://oauth2:" + secrets["github"] + "@github.com/acme/app.git"
	span.Finish()
	sentry.CaptureException(fmt.Errorf("nightly: %w", errors.New("charge with "+secrets["stripe"]+" refused")))
	transaction.Finish()
	sentry.CaptureMessage("uploading with " + secrets["aws"] + " and 3 files")
	sentry.CaptureMessage("an ordinary message: naïve café, 100 % & <b>more</b>")
	sentry.NewLogger(context.Background()).Warn().String("key", secrets["stripe"]).Int("left", 2).Emit("a key is old")
	sentry.CaptureCheckIn(&sentry.CheckIn{MonitorSlug: "nightly", Status: sentry.CheckInStatusOK, Duration: time.Second}, nil)
	return map[string]bool{"done": sentry.Flush(20 * time.Second)}, nil
}
