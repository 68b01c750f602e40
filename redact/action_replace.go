package redact

import "errors"

// replace writes a fixed text.
type replace struct{ text string }

func init() {
	RegisterAction("replace", func(arg string, _ *Keyring) (Action, error) {
		if arg == "" {
			return nil, errors.New("replace needs a text: replace:TEXT (or use remove)")
		}
		return replace{arg}, nil
	})
}

func (replace) Name() string { return "replace" }

func (a replace) Append(dst []byte, _ *Rule, _ []byte) []byte { return append(dst, a.text...) }

func (a replace) Fixed() string { return a.text }
