package redact

import "errors"

// remove takes the whole field away where the format allows it, elsewhere the
// value.
type remove struct{}

func init() {
	RegisterAction("remove", func(arg string, _ *Keyring) (Action, error) {
		if arg != "" {
			return nil, errors.New("remove takes no argument")
		}
		return remove{}, nil
	})
}

func (remove) Name() string { return "remove" }

func (remove) Append(dst []byte, _ *Rule, _ []byte) []byte { return dst }

func (remove) RemovesField() bool { return true }
