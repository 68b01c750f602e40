package proxy

import (
	"errors"
	"net"
	"strconv"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/redactd/redactd/internal/config"
)

// The echo is an upstream in the process itself: it answers every request with
// the body and the content fields of the request, and with the status that the
// query names (?status=500). Policies can be tried on it without a backend.

const echoURL = "http://echo"

// echoUpstream returns the upstream of that name. Its connections are pipes
// whose other ends a server here serves.
func echoUpstream(maxHeader int, sh shared) (*upstream, error) {
	u, err := newUpstream(config.EchoUpstream, &config.Upstream{URLs: []string{echoURL}}, maxHeader, sh)
	if err != nil {
		return nil, err
	}
	server := &fasthttp.Server{
		Handler:                       echo,
		ReadBufferSize:                maxHeader,
		MaxRequestBodySize:            1 << 30, // server.max_body bounds it before
		StreamRequestBody:             true,
		NoDefaultServerHeader:         true,
		DisableHeaderNamesNormalizing: true,
		SecureErrorLogMessage:         true,
		Logger:                        quiet{},
	}
	u.targets[0].local = func() (net.Conn, error) {
		pipe := fasthttputil.NewPipeConns()
		if !sh.goroutines.start(func() { _ = server.ServeConn(pipe.Conn2()) }) {
			return nil, errors.New("shutting down")
		}
		return pipe.Conn1(), nil
	}
	return u, nil
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

func echo(ctx *fasthttp.RequestCtx) {
	status, err := strconv.Atoi(string(ctx.QueryArgs().Peek("status")))
	if err != nil || status < 200 || status > 599 {
		status = fasthttp.StatusOK
	}
	ctx.SetStatusCode(status)
	in, out := &ctx.Request.Header, &ctx.Response.Header
	for _, name := range []string{"Content-Type", "Content-Encoding"} {
		if v := in.Peek(name); len(v) > 0 {
			out.SetBytesV(name, v)
		}
	}
	// What it echoes is a stranger's: no browser may run it.
	out.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	out.Set("X-Content-Type-Options", "nosniff")
	ctx.SetBody(ctx.Request.Body())
}
