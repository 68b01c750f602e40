package proxy

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

// ownTrail has a hop keep a trail.
func ownTrail(o *Options) { o.recorder = nil }

func readFiles(t *testing.T, pattern string) (texts [][]byte) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		p, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, p)
	}
	return texts
}

// TestEvidence has one redactd keep the checkpoints of another: what it keeps
// proves the trail.
func TestEvidence(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	public, err := audit.WriteCheckpointKey(key, "example.com/redactd")
	if err != nil {
		t.Fatal(err)
	}
	up := newBackend(t, nil)
	keeping, sending := settings(up.URL), settings(up.URL)
	keeping.Audit = config.Audit{Dir: t.TempDir(), AcceptCheckpoints: []string{public}}
	keeper := start(t, keeping, ownTrail)

	sending.Audit = config.Audit{Dir: t.TempDir(), CheckpointKey: key, Required: true}
	sending.Anchors = map[string]*config.Anchor{
		"peer": {Name: "peer", Kind: "redactd", URL: keeper.admin + "/-/checkpoints"},
		"disk": {Name: "disk", Kind: "file", Path: filepath.Join(t.TempDir(), "kept")},
	}
	for round := range 2 {
		h := start(t, sending, ownTrail)
		h.do("POST", "/", secret+" x "+secret)
		if n := h.metric("redactd_audit_records"); n < 2 {
			t.Errorf("%v records", n)
		}
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		if n := h.trailStats().CheckpointSize; n != uint64(3*round+3) {
			t.Errorf("round %d: a checkpoint of %d records", round, n)
		}
	}
	own := readFiles(t, filepath.Join(sending.Audit.Dir, "checkpoints", "*"))
	kept := readFiles(t, filepath.Join(keeping.Audit.Dir, "witnessed", "*", "checkpoints", "*"))
	disk := readFiles(t, filepath.Join(sending.Anchors["disk"].Path, "*", "*"))
	if len(own) != 2 || fmt.Sprint(own) != fmt.Sprint(kept) || fmt.Sprint(own) != fmt.Sprint(disk) {
		t.Fatalf("%d checkpoints, %d kept by another, %d on disk", len(own), len(kept), len(disk))
	}
	r, err := audit.VerifyWith(sending.Audit.Dir, audit.VerifyOptions{
		Keys: []string{public}, Checkpoints: map[string][]byte{"kept": kept[1]},
	})
	if err != nil || !r.OK || r.Tree.Signed != 3 || r.Policies != 2 {
		t.Fatalf("report %+v, %v", r, err)
	}
	policies := readFiles(t, filepath.Join(sending.Audit.Dir, "policies", "*"))
	if len(policies) != 1 || !strings.Contains(string(policies[0]), "[route.main]") {
		t.Errorf("%d policies", len(policies))
	}
	for _, body := range []string{"", "old 0\n\nx", "old 0\n\n" + string(own[0])} {
		want := map[string]int{"": 400, "old 0\n\nx": 400}[body]
		if want == 0 {
			want = 409
		}
		if r := keeper.request(t, body); r != want {
			t.Errorf("status %d, want %d", r, want)
		}
	}
}

func (h *hop) trailStats() audit.Stats { return h.recorder.(*audit.Trail).Stats() }

// TestEvidenceRefused asks for an error at each wrong setting.
func TestEvidenceRefused(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("PRIVATE+KEY+x+00000000+bm8=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*config.Config){
		"audit.checkpoint_key":        func(c *config.Config) { c.Audit.CheckpointKey = bad },
		"audit.accept_checkpoints[0]": func(c *config.Config) { c.Audit.AcceptCheckpoints = []string{"x"} },
		"anchor.a":                    func(c *config.Config) { c.Anchors = map[string]*config.Anchor{"a": {Kind: "pigeon"}} },
		"set audit.checkpoint_key": func(c *config.Config) {
			c.Anchors = map[string]*config.Anchor{"a": {Kind: "file", Path: "x"}}
		},
	} {
		cfg := settings("http://127.0.0.1:1")
		cfg.Audit.Dir = t.TempDir()
		change(cfg)
		err := Check(cfg, nil, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// request posts to where checkpoints are taken.
func (h *hop) request(t *testing.T, body string) int {
	t.Helper()
	resp, err := http.Post(h.admin+"/-/checkpoints", "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}
