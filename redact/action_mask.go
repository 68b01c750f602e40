package redact

import "errors"

// mask writes [REDACTED:rule-id]. It is the default.
type mask struct{}

func init() {
	RegisterAction("mask", func(arg string, _ *Keyring) (Action, error) {
		if arg != "" {
			return nil, errors.New("mask takes no argument")
		}
		return mask{}, nil
	})
}

func (mask) Name() string { return "mask" }

func (mask) Append(dst []byte, r *Rule, _ []byte) []byte { return appendPlaceholder(dst, r.ID) }
