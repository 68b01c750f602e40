package errlog

import (
	"fmt"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/records"
)

// Check says what New and the database would refuse of a configuration, as config.Errors.
// It connects to nothing.
func Check(cfg *config.Config) error {
	var errs config.Errors
	fail := func(key string, err error) {
		file, line := cfg.Locate(key)
		errs = append(errs, config.Error{File: file, Line: line, Key: key, Msg: err.Error()})
	}
	if cfg.Records.DSN != "" {
		if err := records.CheckDSN(cfg.Records.DSN); err != nil {
			fail("records.dsn", fmt.Errorf("is refused: %w", err))
		}
	}
	for i, key := range cfg.Errors.SealTo {
		if _, err := parseRecipient(key); err != nil {
			fail(fmt.Sprintf("errors.seal_to[%d]", i), err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}
