package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	pb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// client sends spans as https://opentelemetry.io/docs/specs/otlp/#otlphttp has it. It is an
// otlptrace.Client. The one of OpenTelemetry brings a gateway for gRPC with it, and quotes
// URLs and answers in its errors.
type client struct {
	url      string
	headers  map[string]string
	agent    string
	http     *http.Client
	observer Observer
}

// sendTimeout bounds one export.
const sendTimeout = 10 * time.Second

func newClient(o *Options) *client {
	return &client{
		url: tracesURL(o.URL), headers: o.Headers, agent: "redactd/" + o.Version, observer: o.Observer,
		http: &http.Client{
			Timeout: sendTimeout, Transport: http.DefaultTransport.(*http.Transport).Clone(),
			// A redirect would take credentials elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// tracesURL is where traces go to: the URL itself if it says so, else below it.
func tracesURL(base string) string {
	const path = "/v1/traces"
	base = strings.TrimRight(base, "/")
	if strings.HasSuffix(base, path) {
		return base
	}
	return base + path
}

// Start implements otlptrace.Client.
func (c *client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. What fails is lost and told to the observer,
// not to OpenTelemetry, which would write it to the standard error.
func (c *client) UploadTraces(ctx context.Context, spans []*pb.ResourceSpans) error {
	n := 0
	for _, r := range spans {
		for _, s := range r.ScopeSpans {
			n += len(s.Spans)
		}
	}
	if err := c.send(ctx, spans); err != nil {
		c.observer.Lost(n, err)
	} else {
		c.observer.Exported(n)
	}
	return nil
}

func (c *client) send(ctx context.Context, spans []*pb.ResourceSpans) error {
	// TracesData is the same on the wire as the request of the service.
	data, err := proto.Marshal(&pb.TracesData{ResourceSpans: spans})
	if err != nil {
		return errors.New("the spans can't be encoded")
	}
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	_, err = z.Write(data)
	if err = errors.Join(err, z.Close()); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, &body)
	if err != nil {
		return errors.New("the URL is wrong")
	}
	for name, value := range c.headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("User-Agent", c.agent)
	res, err := c.http.Do(req)
	if err != nil {
		return sendError(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the collector answered with status %d", res.StatusCode)
	}
	return nil
}

// sendError is an error of net/http without the URL, which may hold credentials.
func sendError(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errors.New("the collector did not answer in time")
	}
	return err
}
