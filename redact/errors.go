package redact

import "errors"

// ErrGaveUp says that a rule's engine ran out of its budget: what was searched
// may hold more than was found, and must be withheld.
var ErrGaveUp = errors.New("gave up: a rule exceeded its budget")
