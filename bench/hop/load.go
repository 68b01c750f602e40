package hop

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// EchoPath is where the upstream answers with the body that reaches it.
const EchoPath = LogsPath + "/echo"

// Request is what the load consists of.
type Request struct {
	Method, Path          string
	Body                  []byte
	ContentType, Encoding string
	Headers               map[string]string
	// Status is the status expected.
	Status int
}

// Load is what a run of load came to.
type Load struct {
	Requests  int
	PerSecond float64
	// Latencies of single requests, half of them and 99 of 100 below.
	P50, P99 time.Duration
}

// Client sends requests to one server over a fixed number of connections. It is
// for one user at a time.
type Client struct {
	host  *fasthttp.HostClient
	conns int
}

// NewClient returns a client with that many connections.
func NewClient(addr string, conns int) *Client {
	return &Client{&fasthttp.HostClient{Addr: addr, MaxConns: conns, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second}, conns}
}

// Close closes the connections.
func (c *Client) Close() { c.host.CloseIdleConnections() }

func (r *Request) prepare(addr string, req *fasthttp.Request) {
	req.Header.SetMethod(r.Method)
	req.SetRequestURI("http://" + addr + r.Path)
	for name, value := range r.Headers {
		req.Header.Set(name, value)
	}
	if r.Body != nil {
		req.Header.SetContentType(r.ContentType)
		if r.Encoding != "" {
			req.Header.SetContentEncoding(r.Encoding)
		}
		req.SetBodyRaw(r.Body)
	}
}

// Do sends one request and returns a copy of the answer's body.
func (c *Client) Do(r *Request) ([]byte, error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	r.prepare(c.host.Addr, req)
	if err := c.host.Do(req, resp); err != nil {
		return nil, err
	}
	if resp.StatusCode() != r.Status {
		return nil, fmt.Errorf("status %d, want %d", resp.StatusCode(), r.Status)
	}
	return slices.Clone(resp.Body()), nil
}

// Run sends r over all connections, each time once the last answer is there,
// for that long. Any other status than the one expected is an error.
func (c *Client) Run(r *Request, duration time.Duration) (Load, error) {
	var wg sync.WaitGroup
	times := make([][]time.Duration, c.conns)
	errs := make([]error, c.conns)
	start := time.Now()
	end := start.Add(duration)
	for i := range c.conns {
		wg.Go(func() { times[i], errs[i] = c.runOne(r, end) })
	}
	wg.Wait()
	spent := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return Load{}, err
	}
	all := slices.Concat(times...)
	slices.Sort(all)
	return Load{
		Requests:  len(all),
		PerSecond: float64(len(all)) / spent.Seconds(),
		P50:       all[len(all)/2], P99: all[len(all)*99/100],
	}, nil
}

func (c *Client) runOne(r *Request, end time.Time) (times []time.Duration, err error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	r.prepare(c.host.Addr, req)
	for at := time.Now(); at.Before(end) || len(times) == 0; {
		if err := c.host.Do(req, resp); err != nil {
			return nil, err
		}
		if resp.StatusCode() != r.Status {
			return nil, fmt.Errorf("status %d, want %d", resp.StatusCode(), r.Status)
		}
		now := time.Now()
		times = append(times, now.Sub(at))
		at = now
	}
	return times, nil
}
