//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// browser is a headless Chromium with a profile of its own. It is driven by the
// DevTools protocol over its pipe (--remote-debugging-pipe: JSON, each message ended
// by a zero byte, commands on descriptor 3 and answers on 4): nothing listens
// anywhere, and nothing has to be installed or imported for it. One test uses it,
// from one goroutine.
type browser struct {
	process *process
	in, out *os.File // our ends of the pipes
	answers *bufio.Reader
	last    int              // id of the last command
	pages   map[string]*page // by session
}

// A page is a tab.
type page struct {
	browser *browser
	session string
	target  string
	// complaints are what the browser said of the page: errors of scripts, refused
	// loads, violations of its Content-Security-Policy.
	complaints []string
}

// screen is how a page is looked at.
type screen struct {
	width, height int
	scale         float64 // pixels for each of CSS
	phone, dark   bool
}

var (
	desktopLight = screen{width: 1024, height: 640, scale: 1}
	desktopDark  = screen{width: 1024, height: 640, scale: 1, dark: true}
	phoneLight   = screen{width: 390, height: 640, scale: 1.5, phone: true}
	phoneDark    = screen{width: 390, height: 640, scale: 1.5, phone: true, dark: true}
)

// patience is how long a browser may take for anything.
const patience = 30 * time.Second

// startBrowser starts Chromium and ends it with the test.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	commands, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(useKit(t, "chromium").path("chromium"),
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--hide-scrollbars", "--lang=en-GB", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.Env = environment()
	cmd.ExtraFiles = []*os.File{commands, answers}
	b := &browser{in: in, out: out, answers: bufio.NewReader(out), pages: map[string]*page{}}
	b.process = start(t, cmd)
	// The other ends are Chromium's alone: so reading ends when it does.
	_, _ = commands.Close(), answers.Close()
	t.Cleanup(func() {
		// Before the profile is removed. The process group ends with the test.
		_ = b.process.stop(patience)
		_, _ = in.Close(), out.Close()
	})
	return b
}

// call sends a command and decodes its result into out, unless that is nil.
func (b *browser) call(t *testing.T, session, method string, params map[string]any, out any) {
	t.Helper()
	if refused := b.ask(t, session, method, params, out); refused != "" {
		t.Fatalf("%s: %s", method, refused)
	}
}

// ask is call that returns why the browser did not do it, "" where it did.
func (b *browser) ask(t *testing.T, session, method string, params map[string]any, out any) (refused string) {
	t.Helper()
	b.last++
	command := map[string]any{"id": b.last, "method": method}
	if params != nil {
		command["params"] = params
	}
	if session != "" {
		command["sessionId"] = session
	}
	data, err := json.Marshal(command)
	if err != nil {
		t.Fatal(err)
	}
	_ = b.out.SetReadDeadline(time.Now().Add(patience))
	if _, err := b.in.Write(append(data, 0)); err != nil {
		t.Fatalf("%s: %v\n%s", method, err, b.process.output.String())
	}
	for {
		m := b.read(t, method)
		switch {
		case m.ID != b.last:
			b.event(m)
		case m.Error != nil:
			return m.Error.Message
		case out != nil:
			if err := json.Unmarshal(m.Result, out); err != nil {
				t.Fatalf("%s: %v", method, err)
			}
			return ""
		default:
			return ""
		}
	}
}

// devtoolsMessage is an answer or an event.
type devtoolsMessage struct {
	ID        int
	SessionID string
	Method    string
	Params    json.RawMessage
	Result    json.RawMessage
	Error     *struct{ Message string }
}

func (b *browser) read(t *testing.T, method string) devtoolsMessage {
	t.Helper()
	data, err := b.answers.ReadBytes(0)
	if err != nil {
		t.Fatalf("%s: %v\n%s", method, err, b.process.output.String())
	}
	var m devtoolsMessage
	if err := json.Unmarshal(bytes.TrimSuffix(data, []byte{0}), &m); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return m
}

// event notes what a page is to be blamed for.
func (b *browser) event(m devtoolsMessage) {
	p := b.pages[m.SessionID]
	if p == nil {
		return
	}
	var e struct {
		Entry            struct{ Level, Text, URL string }
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	_ = json.Unmarshal(m.Params, &e)
	switch m.Method {
	case "Log.entryAdded":
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			p.complaints = append(p.complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	case "Runtime.exceptionThrown":
		p.complaints = append(p.complaints, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	}
}

// open opens a tab, looks at it that way and loads a page. languages is the
// Accept-Language of its requests, "" for the browser's.
func (b *browser) open(t *testing.T, url string, v screen, languages string) *page {
	t.Helper()
	var target struct{ TargetID string }
	b.call(t, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.call(t, "", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	p := &page{browser: b, session: session.SessionID, target: target.TargetID}
	b.pages[p.session] = p
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		p.call(t, domain+".enable", nil, nil)
	}
	if languages != "" {
		p.call(t, "Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Accept-Language": languages}}, nil)
	}
	p.look(t, v)
	p.load(t, url)
	return p
}

func (p *page) call(t *testing.T, method string, params map[string]any, out any) {
	t.Helper()
	p.browser.call(t, p.session, method, params, out)
}

// look changes the size of the window and the colour scheme that the page is asked for.
func (p *page) look(t *testing.T, v screen) {
	t.Helper()
	p.call(t, "Emulation.setDeviceMetricsOverride", map[string]any{
		"width": v.width, "height": v.height, "deviceScaleFactor": v.scale, "mobile": v.phone,
	}, nil)
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	p.call(t, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{
		{"name": "prefers-color-scheme", "value": scheme},
		{"name": "prefers-reduced-motion", "value": "reduce"},
	}}, nil)
}

// load goes to a URL and waits until everything on the page is loaded.
func (p *page) load(t *testing.T, url string) {
	t.Helper()
	var result struct{ ErrorText string }
	p.call(t, "Page.navigate", map[string]any{"url": url}, &result)
	if result.ErrorText != "" {
		t.Fatalf("%s: %s", url, result.ErrorText)
	}
	p.await(t, `document.readyState === "complete"`)
}

// eval evaluates a JavaScript expression, waiting for it if it is a promise, and
// decodes its value into out, unless that is nil.
func (p *page) eval(t *testing.T, expression string, out any) {
	t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	p.call(t, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if e := answer.ExceptionDetails; e != nil {
		t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer.Result.Value, out); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
}

// await waits until a JavaScript expression is true.
func (p *page) await(t *testing.T, expression string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		var ok bool
		if p.eval(t, "!!("+expression+")", &ok); ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not true after %v", expression, patience)
		}
	}
}

// screenshot returns a picture of what the window shows, as PNG.
func (p *page) screenshot(t *testing.T) []byte {
	t.Helper()
	var picture struct{ Data string }
	p.call(t, "Page.captureScreenshot", map[string]any{"format": "png"}, &picture)
	data, err := base64.StdEncoding.DecodeString(picture.Data)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// illegible returns each text on the page whose contrast with what is behind it is
// less than WCAG 2.2 AA wants: 4.5 to 1, or 3 to 1 for large text.
func (p *page) illegible(t *testing.T) []string {
	t.Helper()
	var texts []string
	p.eval(t, contrastScript, &texts)
	return texts
}

// overflows tells whether the page is wider than the window.
func (p *page) overflows(t *testing.T) bool {
	t.Helper()
	var wide bool
	p.eval(t, `document.documentElement.scrollWidth > document.documentElement.clientWidth`, &wide)
	return wide
}

// contrastScript looks at the colours that Chromium computed for each text. What is
// half transparent is laid over what is behind it; pictures behind text it can't see.
const contrastScript = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const rgba = (css) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = css;
		canvas.fillRect(0, 0, 1, 1);
		const d = canvas.getImageData(0, 0, 1, 1).data;
		return [d[0], d[1], d[2], d[3] / 255];
	};
	const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const behind = (e) => {
		if (!e) return rgba(getComputedStyle(document.documentElement).colorScheme.includes("dark") &&
			matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "#ffffff");
		const c = rgba(getComputedStyle(e).backgroundColor);
		return c[3] === 1 ? c : over(c, behind(e.parentElement));
	};
	const luminance = (c) => {
		const [r, g, b] = c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const bad = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n = walker.nextNode(); n; n = walker.nextNode()) {
		const e = n.parentElement, style = getComputedStyle(e);
		if (!n.data.trim() || !e.getClientRects().length || style.visibility !== "visible") continue;
		const back = behind(e), text = over(rgba(style.color), back);
		const [a, b] = [luminance(text), luminance(back)].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05), size = parseFloat(style.fontSize);
		const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
		if (ratio < (large ? 3 : 4.5)) bad.push(n.data.trim() + ": " + ratio.toFixed(2));
	}
	return bad;
})()`

func (v screen) String() string {
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	return fmt.Sprintf("%dx%d-%s", v.width, v.height, scheme)
}
