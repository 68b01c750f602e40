package audit

import (
	"encoding/json"
	"io"
)

func init() { RegisterFormat("json", renderJSON) }

func renderJSON(w io.Writer, s *Summary) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}
