package leakexport

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func document() *Document {
	place := records.LeakPlace{Route: "logs/a b", Direction: "request", Path: "=cmd|' /C calc'!A0", Service: "<api>", Version: "1.8.2",
		FirstSeen: noon, LastSeen: noon.Add(time.Hour), Count: 3}
	return &Document{Time: noon, Version: "v1", Leaks: []records.Leak{
		{Number: 1, Fingerprint: "e1-a", Rule: "x-key", Severity: "critical", State: records.LeakOpen, FirstSeen: noon, LastSeen: noon.Add(time.Hour),
			Reopened: noon, Count: 3, Places: []records.LeakPlace{place, {Route: "r", Direction: "response"}}},
		{Number: 2, Fingerprint: "e1-b", Rule: "y-key", Severity: "medium", State: records.LeakFalsePositive, Count: 1, Places: []records.LeakPlace{}},
		{Number: 3, Fingerprint: "e1-c", Rule: "x-key", Severity: "odd", State: records.LeakRotated, Count: 1, Places: []records.LeakPlace{}},
	}, Describe: func(rule string) (string, string) {
		if rule == "x-key" {
			return "Key of X", "https://example.com/x"
		}
		return "", ""
	}}
}

// Every format writes something that can be read, of leaks and of none.
func TestFormats(t *testing.T) {
	for _, format := range Formats() {
		for _, d := range []*Document{document(), {Time: noon}} {
			var b bytes.Buffer
			if err := Write(&b, format, d); err != nil || b.Len() == 0 {
				t.Errorf("%s: %v", format, err)
			}
			if format == "csv" {
				continue
			}
			if !json.Valid(b.Bytes()) || strings.Contains(b.String(), "null") {
				t.Errorf("%s: %s", format, b.String())
			}
		}
	}
	if err := Write(nil, "nix", document()); err == nil || !strings.Contains(err.Error(), "csv, json, sarif") {
		t.Errorf("got %v", err)
	}
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "csv", document()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][9] != "'=cmd|' /C calc'!A0" || rows[1][6] != "2026-03-01T12:00:00Z" || rows[2][6] != rows[1][6] {
		t.Errorf("%q: %v", rows, err)
	}
}

func TestSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "sarif", document()); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Tool.Driver.Rules) != 2 || len(run.Results) != 3 || run.Tool.Driver.Rules[0].Description.Text != "Key of X" {
		t.Fatalf("%+v", run)
	}
	for i, want := range []struct {
		level      string
		index      int
		suppressed bool
	}{{"error", 0, false}, {"warning", 1, true}, {"note", 0, false}} {
		r := run.Results[i]
		if r.Level != want.level || r.Index != want.index || (r.Suppressions != nil) != want.suppressed || run.Tool.Driver.Rules[r.Index].ID != r.Rule {
			t.Errorf("%+v", r)
		}
	}
	first := run.Results[0]
	if uri := first.Locations[0].Physical.Artifact.URI; uri != "logs%2Fa%20b/=cmd%7C%27%20%2FC%20calc%27%21A0" {
		t.Errorf("%s", uri)
	}
	if first.Fingerprints["redactd/v1"] != "e1-a" || first.Properties["stillLeakingSince"] == nil || first.Locations[0].Logical[0].Name == "" {
		t.Errorf("%+v", first)
	}
}
