package leakexport

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

func init() { Register("csv", writeCSV) }

// writeCSV writes a row for each place of each leak.
func writeCSV(w io.Writer, d *Document) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"leak", "fingerprint", "rule", "severity", "secret", "state", "still_leaking_since", "route", "direction", "path",
		"service", "version", "logger", "environment", "destination", "first_seen", "last_seen", "count"}}
	for i := range d.Leaks {
		l := &d.Leaks[i]
		for _, p := range l.Places {
			rows = append(rows, []string{strconv.FormatInt(l.Number, 10), l.Fingerprint, l.Rule, l.Severity, l.Secret, l.State, stamp(l.Reopened),
				p.Route, p.Direction, p.Path, p.Service, p.Version, p.Logger, p.Environment, p.Destination,
				stamp(p.FirstSeen), stamp(p.LastSeen), strconv.FormatInt(p.Count, 10)})
		}
	}
	for _, row := range rows {
		for i := range row {
			row[i] = inert(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// inert keeps a spreadsheet from taking a text that came from outside for a formula
// (https://owasp.org/www-community/attacks/CSV_Injection).
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
