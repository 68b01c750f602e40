// Package redact finds secrets in bytes and replaces them, and nothing else.
//
// Terminology, used in this sense everywhere in redactd:
//
//   - rule: one kind of secret: a pattern, or names of fields, with validators
//   - pack: a named group of rules, one TOML file
//   - set: rules compiled together; immutable, shared by any number of goroutines
//   - scratch: the working memory of one search at a time
//   - field: a piece of decoded text with the name it stands under
//   - span: a half-open range of byte offsets [Start, End)
//   - match: where a rule's pattern fits, before validators and allowlists
//   - finding: a span that holds a secret, with the rule that names it
//   - action: what is written in place of a finding
//   - placeholder: the output of an action; no rule finds it again
//
// [Compile] turns rules into a [Set]. [Set.Find] returns findings, [Set.Append]
// returns redacted bytes as well, and [Writer] redacts a stream so that every
// way of cutting the input into writes gives the bytes that the whole would give.
//
// A search has two stages. One pass over the bytes (the prefilter) marks the
// places where some rule could match, by short class sequences that each rule's
// pattern requires. Only there the rules in question are confirmed, each by the
// cheapest engine that can decide it. The prefilter may report a place too many
// and never misses one.
package redact
