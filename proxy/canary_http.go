package proxy

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/canary"
	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
)

const (
	// canaryDial bounds how long a connection may take until it is accepted.
	canaryDial = 3 * time.Second
	// canaryTime bounds how long an exchange with a canary may take.
	canaryTime = 20 * time.Second
	// maxCanaryAnswer bounds, in bytes, what is read of an answer.
	maxCanaryAnswer = 16 << 20
)

// route sends canaries through a route of the twin: in requests, and in answers.
func (f *flock) route(rt *route) error {
	way := &canaryWay{flock: f, rt: rt}
	defer way.close()
	if rt.cfg.Request == config.ScopeNone {
		f.result.off(canaryKey{route: rt.name, dialect: "request"}, len(f.list))
	}
	answers := rt.up != nil
	if answers && (rt.cfg.Response == config.ScopeNone || rt.errors != nil && rt.errors.mode(http.StatusInternalServerError, false) == config.ErrorOff) {
		f.result.off(canaryKey{route: rt.name, dialect: "answer"}, len(f.list))
		answers = false
	}
	if err := way.heads(); err != nil {
		return err
	}
	for _, format := range canary.Formats() {
		var err error
		switch {
		case format.Protocol != "":
		case format.Answer && answers:
			err = way.answers(format)
		case !format.Answer && rt.cfg.Request != config.ScopeNone:
			err = way.requests(format)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// canaryWay is the way to a route: a connection to a data listener, opened when it is
// needed.
type canaryWay struct {
	*flock
	rt   *route
	conn net.Conn
	read *bufio.Reader
	stop func() bool
}

// requests sends canaries in requests of a format, unless no request of it comes to the
// route, or as a request that is no matter of logs there.
func (w *canaryWay) requests(format *canary.Format) error {
	r := dialect.Request{
		Method: cmp.Or(format.Method, http.MethodPost), Path: cmp.Or(format.Path, "/"), ContentType: format.ContentType,
		Header: func(name string) string { return format.Header[http.CanonicalHeaderKey(name)] },
	}
	if format.Method == "" && format.Path == "" {
		r.Method = w.method(http.MethodPost)
	}
	own := dialect.Of(&r).Name()
	target := w.target(format.Path)
	r.Path = target
	if !w.leads(r.Method, target) || dialect.Of(&r).Name() != own || !w.rt.inspectsRequest(func() *dialect.Request { return &r }) {
		return nil
	}
	return w.each(format, w.mostSent(), func(list []canary.Canary, coding string) error {
		body, err := format.Write(list)
		if err != nil {
			return err
		}
		if body, err = coded(body, coding); err != nil {
			return err
		}
		req, err := http.NewRequest(r.Method, "http://"+w.host(), bytes.NewReader(body))
		if err != nil {
			return err
		}
		for name, value := range format.Header {
			req.Header.Set(name, value)
		}
		req.Header.Set("Content-Type", format.ContentType)
		if coding != "" {
			req.Header.Set("Content-Encoding", wireCoding(coding))
		}
		h := &shot{}
		res, err := w.ask(req, target, h)
		if err != nil {
			return err
		}
		key := canaryKey{w.rt.name, format.Name, coding}
		w.result.add(key, list, canary.Judge(format, list, h.arrival(res != nil && res.status >= 400), w.expect(true)))
		return nil
	})
}

// answers has the upstream answer with canaries.
func (w *canaryWay) answers(format *canary.Format) error {
	method, target := w.method(http.MethodGet), w.target("/")
	if !w.leads(method, target) {
		return nil
	}
	return w.each(format, w.mostAnswered(), func(list []canary.Canary, coding string) error {
		body, err := format.Write(list)
		if err != nil {
			return err
		}
		if body, err = coded(body, coding); err != nil {
			return err
		}
		req, err := http.NewRequest(method, "http://"+w.host(), nil)
		if err != nil {
			return err
		}
		if coding != "" {
			req.Header.Set("Accept-Encoding", wireCoding(coding))
		}
		h := &shot{answer: body, answerType: format.ContentType, answerCoded: wireCoding(coding)}
		res, err := w.ask(req, target, h)
		if err != nil {
			return err
		}
		a := canary.Arrival{State: canary.Lost}
		switch {
		case res != nil && !h.arrived: // nobody was asked for canaries
			a.State = canary.Refused
		case res != nil:
			a = canary.Arrival{State: canary.Clean, Body: decodedArrival(res.body, res.coding), Rewritten: w.rewrites()}
		}
		w.result.add(canaryKey{w.rt.name, format.Name, coding}, list, canary.Judge(format, list, a, w.expect(true)))
		return nil
	})
}

// method returns the one that is preferred where the route takes that, else one it takes.
func (w *canaryWay) method(preferred string) string {
	if m := w.rt.cfg.Methods; len(m) > 0 && !slices.Contains(m, preferred) {
		return m[0]
	}
	return preferred
}

// mostSent is how many bytes a request may have.
func (w *canaryWay) mostSent() int64 {
	s := &w.pol.cfg.Server
	return min(limitOr(int64(s.MaxBody), defaultMaxBody), limitOr(int64(s.MaxDecoded), defaultMaxDecoded))
}

// mostAnswered is how many bytes an answer may have that is told of in full.
func (w *canaryWay) mostAnswered() int64 {
	most := min(limitOr(int64(w.rt.up.cfg.MaxResponse), defaultMaxResponse), limitOr(int64(w.pol.cfg.Server.MaxDecoded), defaultMaxDecoded))
	if w.rt.errors != nil {
		most = min(most, int64(w.rt.cfg.Errors.MaxBody))
	}
	return most
}

// rewrites reports whether more than secrets goes of error responses.
func (w *canaryWay) rewrites() bool {
	if w.rt.errors == nil {
		return false
	}
	m := w.rt.errors.mode(http.StatusInternalServerError, false)
	return m == config.ErrorNeutralise || m == config.ErrorReplace
}

// coded returns body in a content coding.
func coded(body []byte, coding string) ([]byte, error) {
	if coding == "" {
		return body, nil
	}
	return codec.Encode(nil, body, coding)
}

// wireCoding returns what Content-Encoding calls a coding: deflate without its header is
// sent by some as deflate.
func wireCoding(coding string) string { return strings.TrimSuffix(coding, "-raw") }

// target returns the path under which an endpoint is reached on the route.
func (w *canaryWay) target(endpoint string) string {
	prefix := strings.TrimSuffix(w.rt.cfg.PathPrefix, "/")
	if !w.rt.cfg.StripPath && strings.HasPrefix(endpoint, w.rt.cfg.PathPrefix) {
		return endpoint
	}
	if endpoint == "" || endpoint == "/" {
		return cmp.Or(w.rt.cfg.PathPrefix, "/")
	}
	return prefix + endpoint
}

// host returns a host that the route takes.
func (w *canaryWay) host() string {
	if len(w.rt.cfg.Hosts) == 0 {
		return "localhost"
	}
	return strings.Replace(w.rt.cfg.Hosts[0], "*", "www", 1)
}

// leads reports whether a request comes to the route.
func (w *canaryWay) leads(method, target string) bool {
	return w.pol.matcher.match([]byte(hostOf(w.host())), []byte(method), []byte(target)) == w.rt
}

func hostOf(authority string) string { return string(hostOnly([]byte(authority))) }

// canaryAnswer is an answer that came.
type canaryAnswer struct {
	status int
	coding string
	body   []byte
}

// ask sends a request for target and reads the answer; h is what is to arrive of it. No
// answer comes without an error where the connection broke: the next request has another.
// One that nobody even read is an error: what became of it says nothing about the route.
func (w *canaryWay) ask(req *http.Request, target string, h *shot) (*canaryAnswer, error) {
	id := newRequestID()
	req.Header.Set(w.sink.idHeader(), id)
	req.Header.Set("User-Agent", "") // none
	req.URL.Opaque = target
	var wire bytes.Buffer
	if err := req.Write(&wire); err != nil {
		return nil, err
	}
	w.sink.expect(id, h)
	defer w.sink.take(id)
	for served := w.served.Load(); ; {
		fresh := w.conn == nil
		if err := w.open(); err != nil {
			return nil, err
		}
		_ = w.conn.SetDeadline(time.Now().Add(canaryTime))
		res, err := w.exchange(req, wire.Bytes())
		if err != nil || res.closes {
			w.close()
		}
		switch {
		case w.ctx.Err() != nil:
			return nil, w.ctx.Err()
		case w.served.Load() == served && fresh:
			return nil, errTurnedAway
		case w.served.Load() == served: // the listener had closed it meanwhile
			w.close()
		case err != nil:
			return nil, nil
		default:
			return &res.canaryAnswer, nil
		}
	}
}

type readAnswer struct {
	canaryAnswer
	closes bool
}

// exchange sends a request as wire has it, and reads the answer.
func (w *canaryWay) exchange(req *http.Request, wire []byte) (*readAnswer, error) {
	if _, err := w.conn.Write(wire); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(w.read, req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxCanaryAnswer))
	return &readAnswer{canaryAnswer{res.StatusCode, res.Header.Get("Content-Encoding"), body}, res.Close}, err
}

// open connects to a data listener, and with TLS where that wants it.
func (w *canaryWay) open() error {
	if w.conn != nil {
		return nil
	}
	addr, err := w.p.canaryAddress()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(w.ctx, canaryDial)
	defer cancel()
	c, err := w.connect(ctx, addr, w.canaries)
	if err != nil {
		return err
	}
	if w.pol.tls != nil {
		// It is our own certificate, whatever it is for.
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}) //nolint:gosec
	}
	w.conn, w.read = c, bufio.NewReader(c)
	w.stop = context.AfterFunc(w.ctx, func() { _ = c.Close() })
	return nil
}

func (w *canaryWay) close() {
	if w.conn != nil {
		w.stop()
		_ = w.conn.Close()
		w.conn = nil
	}
}

// canaryAddress returns the address of a data listener.
func (p *Proxy) canaryAddress() (*net.TCPAddr, error) {
	for _, a := range p.dataAddrs {
		if t, ok := a.(*net.TCPAddr); ok {
			return t, nil
		}
	}
	return nil, errNoListener
}

// connect connects to a listener of this process as guest.
func (c *canaries) connect(ctx context.Context, a *net.TCPAddr, guest any) (conn net.Conn, err error) {
	for _, addr := range reachable(a.AddrPort()) {
		if conn, err = c.door.Dial(ctx, addr, guest); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// reachable returns where a listener is reached from the machine itself. One for all
// addresses of IPv6 takes those of IPv4 too, unless the system has none, and there may be
// no IPv6 to come by: in many a container.
func reachable(a netip.AddrPort) []string {
	ip := a.Addr().Unmap()
	switch ip.WithZone("") {
	case netip.IPv4Unspecified():
		return []string{netip.AddrPortFrom(loopback4, a.Port()).String()}
	case netip.IPv6Unspecified():
		return []string{netip.AddrPortFrom(netip.IPv6Loopback(), a.Port()).String(), netip.AddrPortFrom(loopback4, a.Port()).String()}
	}
	return []string{netip.AddrPortFrom(ip, a.Port()).String()}
}

var loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
