package leakexport

import (
	"encoding/json"
	"io"
	"time"

	"github.com/redactd/redactd/internal/records"
)

func init() { Register("json", writeJSON) }

func writeJSON(w io.Writer, d *Document) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	leaks := d.Leaks
	if leaks == nil {
		leaks = []records.Leak{}
	}
	return enc.Encode(struct {
		Time    time.Time      `json:"time"`
		Version string         `json:"redactd_version"`
		Leaks   []records.Leak `json:"leaks"`
	}{d.Time.UTC(), d.Version, leaks})
}
