package records_test

import (
	"path/filepath"
	"testing"

	"github.com/redactd/redactd/internal/records/recordstest"
)

func TestSQLite(t *testing.T) {
	recordstest.Run(t, func(t *testing.T) string {
		return "sqlite:" + filepath.Join(t.TempDir(), "records #1?.db")
	})
}
