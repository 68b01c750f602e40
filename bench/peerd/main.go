// Command peerd is the upstream and the other proxies that redactd is measured
// beside, one of them per process. The bench program builds and starts it.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/bench/hop"
)

func main() {
	listen := flag.String("listen", "", "address to listen at")
	upstream := flag.String("upstream", "", "address of the upstream")
	flag.Parse()
	if err := serve(flag.Arg(0), *listen, *upstream); err != nil {
		fmt.Fprintln(os.Stderr, "peerd:", err)
		os.Exit(1)
	}
}

func serve(what, listen, upstream string) error {
	switch what {
	case "upstream":
		return listenFast(listen, hop.NewUpstream())
	case "fasthttp":
		return listenFast(listen, forward(upstream, nil))
	case "fasthttp-gunzip":
		return listenFast(listen, forward(upstream, gunzipped))
	case "fasthttp-regzip":
		return listenFast(listen, forward(upstream, regzipped))
	case "httputil":
		p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: upstream})
		p.Transport = &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true}
		return http.ListenAndServe(listen, p)
	}
	return errors.New("say what to be")
}

func listenFast(listen string, h fasthttp.RequestHandler) error {
	s := &fasthttp.Server{Handler: h, MaxRequestBodySize: 64 << 20, NoDefaultServerHeader: true, NoDefaultDate: true}
	return s.ListenAndServe(listen)
}

// forward is a bare reverse proxy; body, if not nil, is applied to the bodies of
// requests.
func forward(upstream string, body func(req *fasthttp.Request) error) fasthttp.RequestHandler {
	client := &fasthttp.HostClient{Addr: upstream, MaxConns: 1024}
	return func(ctx *fasthttp.RequestCtx) {
		ctx.Request.Header.Del("Connection")
		if body != nil {
			if err := body(&ctx.Request); err != nil {
				ctx.Error("bad body", http.StatusBadRequest)
				return
			}
		}
		if err := client.Do(&ctx.Request, &ctx.Response); err != nil {
			ctx.Error("bad gateway", http.StatusBadGateway)
			return
		}
		ctx.Response.Header.Del("Connection")
	}
}

// gunzipped decompresses the body, and forwards it as it came.
func gunzipped(req *fasthttp.Request) error {
	_, err := gunzip(req.Body())
	return err
}

// regzipped forwards the body decompressed and compressed again.
func regzipped(req *fasthttp.Request) error {
	text, err := gunzip(req.Body())
	if err != nil {
		return err
	}
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	req.SetBodyRaw(out.Bytes())
	return nil
}

func gunzip(body []byte) ([]byte, error) {
	r := readers.Get().(*gzip.Reader)
	defer readers.Put(r)
	if err := r.Reset(bytes.NewReader(body)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(len(body) * 8)
	_, err := io.Copy(&out, r)
	return out.Bytes(), err
}
