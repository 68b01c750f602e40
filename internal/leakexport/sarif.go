package leakexport

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/records"
)

func init() { Register("sarif", writeSARIF) }

// The parts of SARIF 2.1.0 that are written:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID          string         `json:"id"`
		Description *sarifText     `json:"shortDescription,omitempty"`
		Help        string         `json:"helpUri,omitempty"`
		Properties  map[string]any `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		Rule         string             `json:"ruleId"`
		Index        int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Count        int64              `json:"occurrenceCount"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   map[string]any     `json:"properties"`
	}
	sarifLocation struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region struct {
				StartLine int `json:"startLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
		Logical []sarifLogical `json:"logicalLocations"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifSuppression struct {
		Kind string `json:"kind"`
	}
)

// writeSARIF writes a result for each leak. Places are logical locations; since those who
// read SARIF want a file, the route and the path stand in for one.
func writeSARIF(w io.Writer, d *Document) error {
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "redactd", Version: d.Version, Rules: []sarifRule{}}
	at := map[string]int{}
	for i := range d.Leaks {
		l := &d.Leaks[i]
		index, ok := at[l.Rule]
		if !ok {
			index = len(at)
			at[l.Rule] = index
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, d.sarifRule(l))
		}
		run.Results = append(run.Results, sarifResultOf(l, index))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// securitySeverity is the score by which GitHub sorts results.
var securitySeverity = map[string]string{"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0", "info": "0.0"}

func (d *Document) sarifRule(l *records.Leak) sarifRule {
	description, reference := d.describe(l.Rule)
	r := sarifRule{ID: l.Rule, Help: reference, Properties: map[string]any{
		"tags": []string{"security", "external/cwe/cwe-532"}, "security-severity": cmp.Or(securitySeverity[l.Severity], "5.0"),
	}}
	if description != "" {
		r.Description = &sarifText{description}
	}
	return r
}

func sarifResultOf(l *records.Leak, index int) sarifResult {
	r := sarifResult{
		Rule: l.Rule, Index: index, Level: sarifLevel(l.Severity), Count: l.Count, Locations: []sarifLocation{},
		Message:      sarifText{fmt.Sprintf("A value found by %s leaked, seen %d times from %s to %s.", l.Rule, l.Count, stamp(l.FirstSeen), stamp(l.LastSeen))},
		Fingerprints: map[string]string{"redactd/v1": l.Fingerprint},
		Properties: map[string]any{
			"number": l.Number, "state": l.State, "severity": l.Severity, "firstSeen": stamp(l.FirstSeen), "lastSeen": stamp(l.LastSeen),
		},
	}
	if !l.Reopened.IsZero() {
		r.Properties["stillLeakingSince"] = stamp(l.Reopened)
	}
	if l.State == records.LeakFalsePositive {
		r.Suppressions = []sarifSuppression{{Kind: "external"}}
	}
	for _, p := range l.Places {
		r.Locations = append(r.Locations, sarifPlace(&p))
	}
	return r
}

func sarifLevel(severity string) string {
	switch severity {
	case "critical", "high":
		return "error"
	case "medium":
		return "warning"
	}
	return "note"
}

func sarifPlace(p *records.LeakPlace) (l sarifLocation) {
	l.Physical.Artifact.URI = url.PathEscape(p.Route) + "/" + url.PathEscape(cmp.Or(p.Path, p.Direction))
	l.Physical.Region.StartLine = 1
	names := slices.DeleteFunc([]string{p.Service, p.Version, p.Logger, p.Path}, func(s string) bool { return s == "" })
	l.Logical = []sarifLogical{{Name: strings.Join(append([]string{p.Route, p.Direction}, names...), "/"), Kind: "member"}}
	return l
}
