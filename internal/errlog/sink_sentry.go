package errlog

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/getsentry/sentry-go"
)

func init() { registerSink("sentry", openSentry) }

// sentrySink sends events to a project of Sentry.
type sentrySink struct {
	client    *sentry.Client
	transport *sentryTransport
	// seq and done are the batch that is being sent and how many of it are sent.
	seq  uint64
	done int

	observer Observer
	minute   time.Time // in which sent were counted
	sent     map[string]int
}

// perMinute is how many events of a group are sent within a minute. More would say
// nothing new, and events are what Sentry is paid by.
const perMinute = 30

func openSentry(o *Options, _ *Log) (sink, error) {
	if o.Errors.SentryDSN == "" {
		return nil, nil
	}
	t := &sentryTransport{HTTPSyncTransport: sentry.NewHTTPSyncTransport()}
	t.Timeout = sendTimeout
	c, err := sentry.NewClient(sentry.ClientOptions{
		Dsn: o.Errors.SentryDSN, Transport: t, HTTPTransport: t,
		ServerName: o.Replica, Release: noRelease,
		// What is said is about the upstream; nothing is told of redactd's own process.
		Integrations:         func([]sentry.Integration) []sentry.Integration { return nil },
		MaxBreadcrumbs:       -1,
		DisableClientReports: true,
	})
	if err != nil {
		return nil, errors.New("sentry_dsn can't be read") // err may quote it
	}
	return &sentrySink{client: c, transport: t, observer: o.Observer, sent: map[string]int{}}, nil
}

func (s *sentrySink) write(ctx context.Context, b *batch) error {
	if s.seq != b.seq {
		s.seq, s.done = b.seq, 0
	}
	for ; s.done < len(b.entries); s.done++ {
		e := b.entries[s.done]
		if !s.due(e.id, time.Now()) {
			continue
		}
		if err := s.send(ctx, e); err != nil {
			if !errors.As(err, new(permanentError)) {
				s.sent[e.id]--
				return err
			}
			// One that is refused says nothing about the next.
			s.observer.Failed("sentry", KindOf(err))
			s.observer.Dropped("sentry", DroppedCount, 1)
		}
	}
	return nil
}

// due reports whether one more of a group may be sent, and counts it.
func (s *sentrySink) due(group string, now time.Time) bool {
	if now = now.Truncate(time.Minute); !now.Equal(s.minute) {
		s.minute = now
		clear(s.sent)
	}
	if s.sent[group] >= perMinute {
		s.observer.Dropped("sentry", DroppedReport, 1)
		return false
	}
	s.sent[group]++
	return true
}

func (s *sentrySink) send(ctx context.Context, e *entry) error {
	s.transport.ctx, s.transport.platform = ctx, platform(e.Frames)
	s.transport.err = &sendError{"unavailable", "Sentry asked to wait"} // unless it is asked
	s.client.CaptureEvent(sentryEvent(e), nil, nil)
	return s.transport.err
}

// sentryEvent makes an event as https://develop.sentry.dev/sdk/data-model/event-payloads/
// describes it.
func sentryEvent(e *entry) *sentry.Event {
	g := e.group(e.id)
	event := sentry.NewEvent()
	event.Timestamp, event.Level = e.Time, sentry.LevelError
	if g.StatusClass == "4xx" {
		event.Level = sentry.LevelWarning
	}
	event.Fingerprint = []string{e.id}
	event.Transaction = strings.TrimSpace(e.Method + " " + e.Path)
	event.Logger = "redactd"
	event.Tags = map[string]string{}
	for name, value := range map[string]string{
		"route": e.Route, "upstream": e.Upstream, "framework": e.Framework, "status": strconv.Itoa(e.Status), "reference": e.Reference,
	} {
		if value != "" {
			event.Tags[name] = value
		}
	}
	event.Request = &sentry.Request{Method: e.Method, URL: e.Path}
	event.Contexts = map[string]sentry.Context{
		"response": {"status_code": e.Status},
		"redactd": {
			"reference": e.Reference, "group": e.id, "request_id": e.RequestID, "policy": e.ConfigDigest,
			"original": strings.ToValidUTF8(string(e.text[:min(len(e.text), maxContext)]), "\uFFFD"),
		},
	}
	if id(e.TraceID, 16) != nil && id(e.SpanID, 8) != nil {
		event.Contexts["trace"] = sentry.Context{"trace_id": e.TraceID, "span_id": e.SpanID}
	}
	x := sentry.Exception{Type: e.Exception, Value: summary(&g) + " on " + event.Transaction, Mechanism: &sentry.Mechanism{Type: "redactd"}}
	if x.Type == "" {
		x.Type = "HTTP " + strconv.Itoa(e.Status)
	}
	if len(e.Frames) > 0 {
		x.Stacktrace = &sentry.Stacktrace{}
		for i := len(e.Frames) - 1; i >= 0; i-- { // the innermost last
			f := e.Frames[i]
			line, _ := strconv.Atoi(f.Line)
			x.Stacktrace.Frames = append(x.Stacktrace.Frames, sentry.Frame{Function: f.Function, Filename: f.File, Lineno: line, InApp: isOwn(f)})
		}
	}
	event.Exception = []sentry.Exception{x}
	return event
}

// maxContext is how much of an original Sentry is told; it cuts longer values itself.
const maxContext = 8 << 10

// platform names the language of frames, after which Sentry shows them.
func platform(frames []Frame) string {
	for _, f := range frames {
		for suffix, name := range map[string]string{
			".py": "python", ".rb": "ruby", ".php": "php", ".java": "java", ".kt": "java", ".cs": "csharp",
			".js": "node", ".ts": "node", ".mjs": "node", ".cjs": "node", ".go": "go", ".rs": "native",
		} {
			if strings.HasSuffix(f.File, suffix) {
				return name
			}
		}
	}
	return "other"
}

// noRelease keeps the SDK from asking Git for a release. It is not sent.
const noRelease = "none"

// sentryTransport is the SDK's own that sends at once, and tells what came of it. It is
// used by one goroutine.
type sentryTransport struct {
	*sentry.HTTPSyncTransport
	http     http.RoundTripper // what sends
	ctx      context.Context   // of the event, as is platform
	platform string
	err      error
}

// Configure is called once, by the client.
func (t *sentryTransport) Configure(o sentry.ClientOptions) {
	t.http = http.DefaultTransport.(*http.Transport).Clone()
	t.HTTPSyncTransport.Configure(o)
}

// SendEvent sends an event without what the SDK takes for granted: that it is about this
// process.
func (t *sentryTransport) SendEvent(event *sentry.Event) {
	event.Release = os.Getenv("SENTRY_RELEASE")
	event.Platform = t.platform
	t.SendEventWithContext(t.ctx, event)
}

// RoundTrip notes what is answered.
func (t *sentryTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.http.RoundTrip(req)
	if err != nil {
		t.err = transportError(err)
		return nil, err
	}
	t.err = statusError(res.StatusCode)
	return res, nil
}

func (s *sentrySink) close(context.Context) error {
	s.client.Close()
	return nil
}
