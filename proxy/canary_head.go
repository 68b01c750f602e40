package proxy

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/canary"
	"github.com/redactd/redactd/internal/dialect"
)

// headCanaries is how many canaries a header, or a query, has: a server's limits on these
// are low.
const headCanaries = 16

// maxHeadText bounds, in bytes, a canary in a header or a query.
const maxHeadText = 200

// notePrefix is what the names of fields and parameters with canaries begin with.
const notePrefix = "X-Note-"

// heads sends some canaries, others in each run, in header fields and in the query of a
// request whose body is none's business.
func (w *canaryWay) heads() error {
	r := dialect.Request{Method: http.MethodPost, Path: w.target("/"), ContentType: "application/x-ndjson"}
	if w.rt.up == nil || !w.leads(r.Method, r.Path) || !w.rt.inspectsRequest(func() *dialect.Request { return &r }) {
		return nil
	}
	var fit []canary.Canary
	for _, c := range w.list {
		if c.Key == "" && len(c.Text) <= maxHeadText && c.Text == strings.TrimSpace(c.Text) && isPrintable(c.Text) {
			fit = append(fit, c)
		}
	}
	n := headCanaries
	if w.full {
		n = len(fit)
	}
	some := sample(fit, n)
	for at := 0; at < len(some); at += headCanaries {
		list := some[at:min(at+headCanaries, len(some))]
		err := w.paced(func() error {
			return w.head("header", r.Path, list, w.rt.cfg.Headers, func(req *http.Request, name, text string) { req.Header.Set(name, text) })
		})
		if err != nil {
			return err
		}
		err = w.paced(func() error {
			return w.head("query", r.Path, list, w.rt.cfg.Query, func(req *http.Request, name, text string) {
				if req.URL.RawQuery != "" {
					req.URL.RawQuery += "&"
				}
				req.URL.RawQuery += name + "=" + url.QueryEscape(text)
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// head sends a request with canaries where put puts them.
func (w *canaryWay) head(where, target string, list []canary.Canary, inScope bool, put func(req *http.Request, name, text string)) error {
	req, err := http.NewRequest(http.MethodPost, "http://"+w.host(), strings.NewReader("{}\n"))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	for i := range list {
		put(req, notePrefix+canary.Number(i), list[i].Text)
	}
	if req.URL.RawQuery != "" {
		target += "?" + req.URL.RawQuery
		req.URL.RawQuery = ""
	}
	h := &shot{head: true}
	res, err := w.ask(req, target, h)
	if err != nil {
		return err
	}
	format := &canary.Format{Name: where, Read: canary.ReadLines}
	w.result.add(canaryKey{route: w.rt.name, dialect: where}, list,
		canary.Judge(format, list, h.arrival(res != nil && res.status >= 400), w.expect(inScope)))
	return nil
}

func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// headOf returns what header fields and parameters of the query hold of canaries: a line
// each.
func headOf(header *fasthttp.RequestHeader, query []byte) []byte {
	var b bytes.Buffer
	add := func(name, value []byte) {
		if len(name) > len(notePrefix) && equalFold(name[:len(notePrefix)], notePrefix) {
			b.Write(bytes.ToLower(name[len(notePrefix):])) // as numbers are
			b.WriteByte(' ')
			b.Write(value)
			b.WriteByte('\n')
		}
	}
	for name, value := range header.All() {
		add(name, value)
	}
	for pair := range bytes.SplitSeq(query, []byte{'&'}) {
		name, value, _ := bytes.Cut(pair, []byte{'='})
		if text, err := url.QueryUnescape(string(value)); err == nil {
			value = []byte(text)
		}
		add(name, value)
	}
	return b.Bytes()
}
