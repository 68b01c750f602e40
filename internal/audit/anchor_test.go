package audit

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestAnchors has each kind keep the checkpoints of a trail, and asks whether the
// newest one is there.
func TestAnchors(t *testing.T) {
	var posted atomic.Pointer[string]
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		text := r.Header.Get("Authorization") + "|" + string(body)
		posted.Store(&text)
	}))
	defer hook.Close()
	secret, public := newKey(t)
	other := t.TempDir()
	witness, err := NewWitness(other, []string{public})
	if err != nil {
		t.Fatal(err)
	}
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		status, text := witness.Submit(body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	defer peer.Close()
	disk := filepath.Join(t.TempDir(), "kept")
	kept := map[string]struct {
		opt  AnchorOptions
		last func() ([]byte, error)
	}{
		"file": {AnchorOptions{Path: disk}, func() ([]byte, error) {
			return os.ReadFile(filepath.Join(disk, "example.com%2Ftrail", "000000000010.txt"))
		}},
		"webhook": {AnchorOptions{URL: hook.URL, Token: "shown"}, func() ([]byte, error) {
			text, ok := strings.CutPrefix(*posted.Load(), "Bearer shown|")
			if !ok {
				return nil, errors.New("no token")
			}
			return []byte(text), nil
		}},
		"redactd": {AnchorOptions{URL: peer.URL}, func() ([]byte, error) {
			return os.ReadFile(filepath.Join(other, witnessDir, "example.com%2Ftrail", checkpointDir, "000000000010.txt"))
		}},
	}
	if repo, ok := gitRepository(t); ok {
		kept["git"] = struct {
			opt  AnchorOptions
			last func() ([]byte, error)
		}{AnchorOptions{Path: repo}, func() ([]byte, error) {
			return exec.Command("git", "-C", repo, "show", "HEAD:example.com%2Ftrail.txt").Output()
		}}
	}
	var list []AnchorOptions
	for _, kind := range AnchorKinds() {
		k, ok := kept[kind]
		if !ok && kind != "git" {
			t.Errorf("no test of %s", kind)
		}
		if ok {
			k.opt.Name, k.opt.Kind = "a-"+kind, kind
			list = append(list, k.opt)
		}
	}
	dir := t.TempDir()
	for range 2 {
		tr := openTrail(t, Options{Dir: dir, CheckpointKey: secret, Anchors: list, Required: true, Report: func(err error) { t.Error(err) }})
		recordN(t, tr, 5)
		closeTrail(t, tr)
		for _, a := range tr.Stats().Anchors {
			if a.Kept != tr.Stats().CheckpointSize || a.Failures > 0 {
				t.Errorf("%+v", a)
			}
		}
	}
	want, err := os.ReadFile(checkpointPath(dir, 10))
	if err != nil {
		t.Fatal(err)
	}
	for kind, k := range kept {
		if got, err := k.last(); err != nil || string(got) != string(want) {
			t.Errorf("%s keeps %q, %v", kind, got, err)
		}
	}
	if got := witness.Kept(); got["example.com/trail"] != 10 {
		t.Errorf("witnessed %v", got)
	}
}

// gitRepository makes one, where there is git.
func gitRepository(t *testing.T) (string, bool) {
	t.Helper()
	dir := t.TempDir()
	if err := exec.Command("git", "-C", dir, "init", "--quiet").Run(); err != nil {
		t.Log("without git: ", err)
		return "", false
	}
	return dir, true
}

// TestAnchorIsTriedAgain fails at first, and then for good.
func TestAnchorIsTriedAgain(t *testing.T) {
	var calls atomic.Int32
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer hook.Close()
	secret, _ := newKey(t)
	var told atomic.Int32
	tr := openTrail(t, Options{
		Dir: t.TempDir(), CheckpointKey: secret, CheckpointEvery: time.Millisecond, Required: true,
		Anchors: []AnchorOptions{{Name: "a", Kind: "webhook", URL: hook.URL + "/hidden"}},
		Report: func(err error) {
			told.Add(1)
			if err.Error() != "anchor a: it answers with status 503" {
				t.Error(err)
			}
		},
	})
	recordN(t, tr, 1)
	for tr.Stats().Anchors[0].Kept == 0 {
		time.Sleep(time.Millisecond)
	}
	if s := tr.Stats().Anchors[0]; s.Failures != 1 || told.Load() != 1 {
		t.Errorf("%+v, told %d", s, told.Load())
	}
	hook.Close()
	recordN(t, tr, 1)
	closeTrailQuickly(t, tr)
}

// closeTrailQuickly closes a trail whose anchors do not answer.
func closeTrailQuickly(t *testing.T, tr *Trail) {
	t.Helper()
	tr.keeper.report = func(error) {}
	for _, a := range tr.keeper.anchors {
		a.report = func(err error) {
			if strings.Contains(err.Error(), "hidden") {
				t.Errorf("an error names the URL: %v", err)
			}
		}
	}
	closeTrail(t, tr)
}

func TestAnchorsRefused(t *testing.T) {
	for _, o := range []AnchorOptions{
		{Kind: "pigeon"}, {Kind: "file"}, {Kind: "file", Path: "x", URL: "http://x"}, {Kind: "git"}, {Kind: "webhook"},
		{Kind: "webhook", URL: "ftp://x"}, {Kind: "redactd", URL: "http://x", Path: "x"},
	} {
		if CheckAnchor(o) == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	if _, err := Open(Options{Dir: t.TempDir(), Anchors: []AnchorOptions{{Kind: "file", Path: "x"}}}); err == nil {
		t.Error("anchors without a key")
	}
	missing := fileAnchor{filepath.Join(t.TempDir(), "not", "mounted")}
	if missing.Keep(context.Background(), Anchored{}) == nil {
		t.Error("a volume that is not mounted was made up")
	}
	defer func() {
		if recover() == nil {
			t.Error("a second registration was taken")
		}
	}()
	RegisterAnchor("file", nil)
}

// TestWitnessRefuses asks for the answer to each wrong submission.
func TestWitnessRefuses(t *testing.T) {
	secret, public := newKey(t)
	dir := signedTrail(t, Options{CheckpointKey: secret})
	fork := t.TempDir()
	tr := openTrail(t, Options{Dir: fork, CheckpointKey: secret})
	recordN(t, tr, 12) // the sixth is another
	closeTrail(t, tr)
	w, err := NewWitness(t.TempDir(), []string{public})
	if err != nil {
		t.Fatal(err)
	}
	load := func(dir string, size uint64) Anchored {
		t.Helper()
		msg, err := os.ReadFile(checkpointPath(dir, size))
		if err != nil {
			t.Fatal(err)
		}
		c, err := openCheckpoint(msg)
		if err != nil {
			t.Fatal(err)
		}
		g, err := openGrower(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = g.close() })
		a := Anchored{Checkpoint: c, Signed: msg}
		a.Prove = g.prover(size)
		return a
	}
	submit := func(a Anchored, old uint64) []byte {
		t.Helper()
		body, err := submission(a, old)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	otherSecret, _, _ := NewCheckpointKey("example.com/other")
	otherDir := t.TempDir()
	tr = openTrail(t, Options{Dir: otherDir, CheckpointKey: otherSecret})
	recordN(t, tr, 3)
	closeTrail(t, tr)
	forged := slices.Clone(submit(load(dir, 10), 0))
	at := len(forged) - 20 // in the signature, which is in base64
	forged[at] = map[bool]byte{true: 'B', false: 'A'}[forged[at] == 'A']
	for _, tc := range []struct {
		name   string
		body   []byte
		status int
		text   string
	}{
		{"first", submit(load(dir, 10), 0), 200, ""},
		{"again", submit(load(dir, 10), 10), 200, ""},
		{"not from the last", submit(load(dir, 15), 5), 409, "10\n"},
		{"older", submit(load(dir, 5), 0), 409, "10\n"},
		{"larger old", []byte(strings.Replace(string(submit(load(dir, 15), 0)), "old 0", "old 16", 1)), 400, ""},
		{"without proof", []byte(strings.Replace(string(submit(load(dir, 15), 0)), "old 0", "old 10", 1)), 422, ""},
		{"another trail with the key", submit(load(fork, 12), 10), 422, ""},
		{"forged", forged, 403, ""},
		{"unknown", submit(load(otherDir, 3), 0), 404, ""},
		{"empty", nil, 400, ""},
		{"no checkpoint", []byte("old 0\n\nhello\n"), 400, ""},
		{"bad proof", []byte("old 10\nx\n\n"), 400, ""},
		{"next", submit(load(dir, 25), 10), 200, ""},
	} {
		status, text := w.Submit(tc.body)
		if status != tc.status || tc.text != "" && text != tc.text {
			t.Errorf("%s: %d %q, want %d", tc.name, status, text, tc.status)
		}
	}
	if _, err := NewWitness("", []string{"x"}); err == nil {
		t.Error("a wrong key was taken")
	}
}
