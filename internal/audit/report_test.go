package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// reported makes a trail of six findings over two days and three rules.
func reported(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, MaxSize: 700})
	day := time.Date(2026, 3, 1, 23, 59, 0, 0, time.UTC)
	for i, e := range []Event{
		{Rule: "aws", Route: "logs", Severity: "critical", Tags: []string{"cloud", "token"}, Fingerprint: "e1-a"},
		{Rule: "aws", Route: "logs", Severity: "critical", Tags: []string{"cloud", "token"}, Fingerprint: "e1-a"},
		{Rule: "aws", Route: "api", Severity: "critical", Tags: []string{"cloud"}, Fingerprint: "e1-b", Shadow: true},
		{Rule: "email", Route: "api", Severity: "low", Tags: []string{"pii"}, Fingerprint: "e1-c"},
		{Rule: "=cmd", Route: "<b>", Severity: "medium"},
		{Rule: "email", Route: "api", Severity: "low", Tags: []string{"pii"}, Fingerprint: "e1-d"},
	} {
		e.Time, e.Direction, e.Action = day.Add(time.Duration(i)*30*time.Second), "request", "mask"
		if err := tr.Record(t.Context(), []Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	closeTrail(t, tr)
	return dir
}

func rows(s *Summary, table string) string {
	var out []string
	for _, t := range s.Tables {
		for _, g := range t.Groups {
			if t.Name == table {
				out = append(out, fmt.Sprintf("%s=%d/%d", g.Name, g.Findings, g.Values))
			}
		}
	}
	return strings.Join(out, " ")
}

func TestSummarise(t *testing.T) {
	dir := reported(t)
	s, err := Summarise(dir, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Findings != 6 || s.Values != 4 || s.Shadow != 1 || s.Unreadable != 0 || stamp(s.First) != "2026-03-01T23:59:00Z" || stamp(s.Last) != "2026-03-02T00:01:30Z" {
		t.Fatalf("summary %+v", s)
	}
	for table, want := range map[string]string{
		"rule": "aws=3/2 email=2/2 =cmd=1/0", "tag": "cloud=3/2 pii=2/2 token=2/1", "route": "api=3/3 logs=2/1 <b>=1/0",
		"severity": "critical=3/2 medium=1/0 low=2/2", "day": "2026-03-01=2/1 2026-03-02=4/3",
		"action": "mask=6/4", "direction": "request=6/4",
	} {
		if got := rows(s, table); got != want {
			t.Errorf("%s: %s, want %s", table, got, want)
		}
	}
	mid := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		f    Filter
		want uint64
	}{
		"from": {Filter{From: mid}, 4}, "to": {Filter{To: mid}, 2}, "route": {Filter{Route: "api"}, 3},
		"rule": {Filter{Rule: "aws"}, 3}, "tag": {Filter{Tag: "token"}, 2}, "all": {Filter{From: mid, Rule: "aws", Tag: "cloud", Route: "api"}, 1},
		"none": {Filter{Rule: "x"}, 0},
	} {
		if s, err := Summarise(dir, tc.f); err != nil || s.Findings != tc.want {
			t.Errorf("%s: %d findings, want %d (%v)", name, s.Findings, tc.want, err)
		}
	}
	if _, err := Summarise(dir+"/none", Filter{}); err == nil {
		t.Error("a missing directory was summarised")
	}
}

func TestSummariseToleratesDamage(t *testing.T) {
	dir := reported(t)
	p, err := os.ReadFile(newest(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	p = append(p, "not a record\n"+strings.Repeat("x", maxLine+1)+"\n{\"torn"...)
	if err := os.WriteFile(newest(t, dir), p, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Summarise(dir, Filter{})
	if err != nil || s.Findings != 6 || s.Unreadable != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
}

// TestRender holds every registered format to the same summary.
func TestRender(t *testing.T) {
	s, err := Summarise(reported(t), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	s.Markers = []Marker{{Seq: 3, Note: "trail repaired"}}
	if got := strings.Join(Formats(), " "); got != "csv html json text" {
		t.Fatalf("formats %s", got)
	}
	for _, format := range Formats() {
		var b strings.Builder
		if err := Render(&b, format, s); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		for _, want := range []string{"aws", "email", "cloud", "critical", "2026-03-02", "mask"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s lacks %q", format, want)
			}
		}
		if format != "csv" && !strings.Contains(b.String(), "trail repaired") {
			t.Errorf("%s lacks the marker", format)
		}
		if err := Render(failing{}, format, s); err == nil {
			t.Errorf("%s hides a failed write", format)
		}
		var empty strings.Builder
		if err := Render(&empty, format, &Summary{}); err != nil || empty.Len() == 0 {
			t.Errorf("%s: empty summary: %v", format, err)
		}
	}
	if err := Render(io.Discard, "pdf", s); err == nil || !strings.Contains(err.Error(), "csv, html, json, text") {
		t.Fatalf("unknown format: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestRenderDetails(t *testing.T) {
	s, err := Summarise(reported(t), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	_ = Render(&b, "csv", s)
	all, err := csv.NewReader(&b).ReadAll()
	if err != nil || all[1][2] != "6" || !slices.ContainsFunc(all, func(r []string) bool { return r[1] == "'=cmd" }) {
		t.Fatalf("csv %v, %v", all, err)
	}
	b.Reset()
	_ = Render(&b, "json", s)
	var back Summary
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Findings != 6 || rows(&back, "tag") != rows(s, "tag") {
		t.Fatalf("json %+v, %v", back, err)
	}
	b.Reset()
	_ = Render(&b, "html", s)
	page := b.String()
	if strings.Contains(page, "<b>") || strings.Contains(page, "<script") || strings.Contains(page, "http") {
		t.Fatal("page is not self-contained or not escaped")
	}
}
