package coverage

import (
	"slices"

	"github.com/redactd/redactd/internal/audit"
)

// Reason is why payloads pass without being inspected.
type Reason struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"` // a sentence of an operator's language, without a stop
}

// The reasons that are not kinds of failures.
const (
	Binary        = "binary"
	BinaryPart    = "binary part"
	BinaryMessage = "binary message"
	Signed        = "signed"
	Upgraded      = "upgraded"
	Off           = "off"
	Shadow        = "shadow"
	Sampled       = "sampled"
	OutOfScope    = audit.OutOfScope
	Other         = "other"
)

// reasons is the one list of them; docs/COVERAGE.md is tested against it. The kinds of
// failures are those of package scrub and of the audit trail.
var reasons = []Reason{
	{Binary, "no text format is known to be in it: an image, an archive, frames of gRPC-Web"},
	{BinaryPart, "the same, for a part of a payload whose rest was inspected, such as a file in a form"},
	{BinaryMessage, "the same, for a message of WebSocket"},
	{Signed, "a signed request, on a route with signed = \"pass\""},
	{Upgraded, "what follows a switch of protocols, on a route with upgrade = \"pass\""},
	{Off, "an error response that the route's errors leave alone"},
	{Shadow, "it was read and its findings counted, but the route is in shadow mode: they passed"},
	{Sampled, "the same, for the share of traffic that shadow_percent takes"},
	{"coding", "its content coding or charset is unknown or broken"},
	{"format", "it is not of its format, and not safe to be taken for plain text"},
	{"limit", "it is larger than a limit"},
	{"budget", "a rule gave up on it"},
	{"io", "reading it failed on the way"},
	{"audit", "the audit trail did not take its events"},
	{"internal", "redactd itself failed"},
	{OutOfScope, "the route's scope leaves it alone, as the operator wants; it is no gap"},
	{Other, "none of these"},
}

// failures are the reasons of payloads that could not be inspected.
var failures = []string{"coding", "format", "limit", "budget", "io", "audit", "internal"}

// Reasons returns all of them.
func Reasons() []Reason { return slices.Clone(reasons) }

func known(reason string) bool {
	return reason == "" || slices.ContainsFunc(reasons, func(r Reason) bool { return r.Name == reason })
}
