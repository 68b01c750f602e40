package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/errlog"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/proxy"
)

type tryFlags struct {
	config, route, path, accept, language, media string
	headers                                      []string
	status                                       int
	json                                         bool
}

func newErrorsTry(e *env) *cobra.Command {
	f := &tryFlags{}
	cmd := &cobra.Command{
		Use:   "try [FILE]",
		Short: "Show what would become of an error response",
		Long: `Show what would become of an error response.

FILE, or the standard input, is the body of an answer of an upstream. It goes
through the code that serves, as the route says; what the caller would get is
printed first, what the operator would be told behind it. Nothing is sent, and
nothing is kept.

Without --config it is the policy of serve --upstream.`,
		Example: `  redactd errors try page.html
  redactd errors try --status 404 --accept text/html answer.json
  curl -s http://127.0.0.1:8000/broken | redactd errors try -c c.toml --route api`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: exits("0  it was tried", "1  the file or the configuration cannot be read"),
		RunE:        e.runs(func(_ *cobra.Command, args []string) error { return e.tryError(f, args) }),
	}
	flags := cmd.Flags()
	e.configFlag(cmd, &f.config, "configuration `FILE`")
	flags.StringVar(&f.route, "route", "", "`NAME` of the route, where there are several")
	flags.IntVar(&f.status, "status", 500, "status of the answer")
	flags.StringVar(&f.media, "type", "", "content type of the answer (default: by its looks)")
	flags.StringArrayVar(&f.headers, "header", nil, "another field of the answer, as `NAME: VALUE`")
	flags.StringVar(&f.path, "path", "/", "path of the request")
	flags.StringVar(&f.accept, "accept", "", "what the caller accepts")
	flags.StringVar(&f.language, "accept-language", "", "the caller's languages")
	flags.BoolVar(&f.json, "json", false, "print as JSON")
	return cmd
}

func (e *env) tryError(f *tryFlags, args []string) error {
	cfg, route, err := e.tryRoute(f)
	if err != nil {
		return err
	}
	in := io.Reader(e.stdin)
	if len(args) == 1 && args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	body, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	answer, err := f.answer(body)
	if err != nil {
		return err
	}
	res, err := proxy.TryError(cfg, proxy.Options{
		Rules: patterns.Rules(patterns.Builtin()), DefaultPacks: defaultPacks(), Version: readBuildInfo().Version,
	}, route, *answer)
	if err != nil {
		return err
	}
	if f.json {
		return e.showTriedJSON(res)
	}
	return e.showTried(res)
}

// tryRoute returns the configuration and the route that the flags mean.
func (e *env) tryRoute(f *tryFlags) (cfg *config.Config, route string, err error) {
	if f.config == "" {
		cfg, err = config.Default("http://127.0.0.1:1", "", "off")
	} else {
		cfg, err = e.loadConfig(f.config)
	}
	if err != nil {
		return nil, "", err
	}
	names := slices.Sorted(maps.Keys(cfg.Routes))
	switch {
	case f.route == "" && len(names) == 1:
		return cfg, names[0], nil
	case f.route == "":
		return nil, "", usagef("--route is missing (one of %s)", strings.Join(names, ", "))
	case cfg.Routes[f.route] == nil:
		return nil, "", usagef("there is no route %q (one of %s)", f.route, strings.Join(names, ", "))
	}
	return cfg, f.route, nil
}

// answer is what the flags say of the answer with that body.
func (f *tryFlags) answer(body []byte) (*proxy.TryAnswer, error) {
	if f.status < 200 || f.status > 599 {
		return nil, usagef("%d is no status of an answer (200 to 599)", f.status)
	}
	a := &proxy.TryAnswer{Path: f.path, RequestHeader: http.Header{}, Status: f.status, Header: http.Header{}, Body: body}
	if !strings.HasPrefix(f.path, "/") {
		return nil, usagef("the path does not begin with /")
	}
	for name, value := range map[string]string{"Accept": f.accept, "Accept-Language": f.language} {
		if value != "" {
			a.RequestHeader.Set(name, value)
		}
	}
	media := f.media
	if media == "" {
		media = looksLike(body)
	}
	a.Header.Set("Content-Type", media)
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name+value, "\r\n") {
			return nil, usagef("a header is no NAME: VALUE")
		}
		a.Header.Add(textproto.CanonicalMIMEHeaderKey(name), strings.TrimSpace(value))
	}
	return a, nil
}

// looksLike returns the content type that a body looks like.
func looksLike(body []byte) string {
	head := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	switch {
	case len(head) > 0 && (head[0] == '{' || head[0] == '['):
		return "application/json"
	case bytes.HasPrefix(head, []byte("<?xml")):
		return "application/xml"
	case bytes.HasPrefix(head, []byte("<")):
		return "text/html; charset=utf-8"
	}
	return "text/plain; charset=utf-8"
}

// showTried prints what became of an answer.
func (e *env) showTried(res *proxy.TryResult) error {
	var b strings.Builder
	b.WriteString("The caller gets:\n\n")
	text := fmt.Sprintf("%d %s\n", res.Status, http.StatusText(res.Status))
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		for _, v := range res.Header[name] {
			text += name + ": " + v + "\n"
		}
	}
	b.WriteString(indented(text + "\n" + string(res.Body)))
	if res.Report == nil {
		b.WriteString("\nThe operator is told nothing: there is nothing of the service's inside in it.\n")
	} else {
		b.WriteString("\nThe operator is told:\n\n" + indented(reportText(res.Report)))
	}
	_, err := io.WriteString(e.stdout, b.String())
	return err
}

func reportText(r *errlog.Report) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-11s%s\n", name, value)
		}
	}
	line("reference", r.Reference)
	line("framework", r.Framework)
	line("exception", r.Exception)
	for i, f := range r.Frames {
		name := ""
		if i == 0 {
			name = "frames"
		}
		line(name, f.String())
	}
	if len(r.Original) > 0 {
		b.WriteString("\n" + string(r.Original))
	}
	return b.String()
}

// indented returns text with each line moved in.
func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(text, "\n") + "\n") {
		if strings.TrimSpace(line) != "" {
			line = "    " + line
		}
		b.WriteString(line)
	}
	return b.String()
}

func (e *env) showTriedJSON(res *proxy.TryResult) error {
	type report struct {
		Reference string         `json:"reference"`
		Framework string         `json:"framework,omitempty"`
		Exception string         `json:"exception,omitempty"`
		Frames    []errlog.Frame `json:"frames,omitempty"`
		Original  string         `json:"original,omitempty"`
	}
	out := struct {
		Status int         `json:"status"`
		Header http.Header `json:"header"`
		Body   string      `json:"body"`
		Report *report     `json:"report"`
	}{res.Status, res.Header, string(res.Body), nil}
	if r := res.Report; r != nil {
		out.Report = &report{r.Reference, r.Framework, r.Exception, r.Frames, string(r.Original)}
	}
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
