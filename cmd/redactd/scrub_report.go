package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// reporter writes what was found, never a value.
type reporter interface {
	hits(file string, hits []scrub.Hit) error
	close() error
}

// openReport returns the reporter that the flags ask for.
func (e *env) openReport(f *scrubFlags) (reporter, error) {
	if f.report == "" {
		return noReport{}, nil
	}
	out := reportFile{bufio.NewWriter(e.stderr), func() error { return nil }}
	if f.reportFile != "" {
		file, err := os.OpenFile(f.reportFile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, err
		}
		out = reportFile{bufio.NewWriter(file), file.Close}
	}
	if f.report == "json" {
		return &jsonReport{out}, nil
	}
	return &textReport{reportFile: out, byRule: map[string]int{}, files: map[string]bool{}}, nil
}

type noReport struct{}

func (noReport) hits(string, []scrub.Hit) error { return nil }
func (noReport) close() error                   { return nil }

// reportFile is where a report goes.
type reportFile struct {
	*bufio.Writer
	shut func() error
}

func (f reportFile) close() error { return errors.Join(f.Flush(), f.shut()) }

// textReport is a line for each finding, and a sum at the end.
type textReport struct {
	reportFile
	total  int
	byRule map[string]int
	files  map[string]bool
}

func (r *textReport) hits(file string, hits []scrub.Hit) error {
	for i := range hits {
		h := &hits[i]
		r.total++
		r.byRule[h.Rule.ID]++
		r.files[file] = true
		fmt.Fprintf(r, "%s: %s %s", place(file, h.Line), h.Rule.Severity, h.Rule.ID)
		if h.Secret != "" {
			fmt.Fprintf(r, " %s", printable(h.Secret))
		}
		if h.Path != "" {
			fmt.Fprintf(r, " at %s", printable(h.Path))
		}
		fmt.Fprintf(r, " (%s, %s", count(h.Length, "byte"), h.Action)
		if h.Fingerprint != "" {
			fmt.Fprintf(r, ", %s", h.Fingerprint)
		}
		io.WriteString(r, ")\n")
	}
	return r.Flush()
}

func (r *textReport) close() error {
	if r.total == 0 {
		fmt.Fprintln(r, "no findings")
		return r.reportFile.close()
	}
	rules := slices.SortedFunc(maps.Keys(r.byRule), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.byRule[b], r.byRule[a]), cmp.Compare(a, b))
	})
	for i, id := range rules {
		rules[i] = id + " " + strconv.Itoa(r.byRule[id])
	}
	fmt.Fprintf(r, "%s in %s: %s\n", count(r.total, "finding"), count(len(r.files), "file"), strings.Join(rules, ", "))
	return r.reportFile.close()
}

// place is a file with a line, where that is known.
func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// printable keeps control characters away from a terminal.
func printable(s string) string {
	quoted := strconv.Quote(s)
	if quoted == `"`+s+`"` {
		return s
	}
	return quoted
}

// jsonReport is one JSON object a line for each finding.
type jsonReport struct{ reportFile }

// hitJSON is a finding in a JSON report.
type hitJSON struct {
	File        string          `json:"file"`
	Line        int             `json:"line,omitempty"` // from 1; absent where the format has no lines
	Rule        string          `json:"rule"`
	Pack        string          `json:"pack"`
	Severity    redact.Severity `json:"severity"`
	Tags        []string        `json:"tags"`
	Action      string          `json:"action"`
	Path        string          `json:"path,omitempty"`
	Length      int             `json:"length"`
	Fingerprint string          `json:"fingerprint,omitempty"`
	Secret      string          `json:"secret,omitempty"` // which own one: source/name
}

func (r *jsonReport) hits(file string, hits []scrub.Hit) error {
	enc := json.NewEncoder(r)
	enc.SetEscapeHTML(false)
	for i := range hits {
		h := &hits[i]
		if err := enc.Encode(hitJSON{
			File: file, Line: h.Line, Rule: h.Rule.ID, Pack: h.Rule.Pack, Severity: h.Rule.Severity,
			Tags: append([]string{}, h.Rule.Tags...), Action: h.Action, Path: h.Path, Length: h.Length,
			Fingerprint: h.Fingerprint, Secret: h.Secret,
		}); err != nil {
			return err
		}
	}
	return r.Flush()
}
