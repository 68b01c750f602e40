package redact

import "errors"

// token writes [REDACTED:rule-id:e1-...], the same for the same value wherever
// the same key is configured, so that records stay joinable.
type token struct{ keys *Keyring }

func init() {
	RegisterAction("token", func(arg string, keys *Keyring) (Action, error) {
		if arg != "" {
			return nil, errors.New("token takes no argument")
		}
		if keys == nil {
			return nil, errors.New("token needs a key")
		}
		return token{keys}, nil
	})
}

func (token) Name() string { return "token" }

func (a token) Append(dst []byte, r *Rule, value []byte) []byte {
	dst = append(dst, placeholderStart...)
	dst = append(dst, r.ID...)
	dst = append(dst, ':')
	dst = a.keys.append(dst, "token", value)
	return append(dst, ']')
}
