// Package canary makes payloads with synthetic secrets in them, and judges what of them
// is left in what arrives on the other side of a hop.
//
// Terminology:
//
//   - canary: an example of a rule, its secrets made anew for each run
//   - format: how the payloads of one dialect are written and read back, each canary in a
//     record of its own
//   - arrival: what came out of the hop
//   - outcome: what became of one canary
//   - verdict: the outcomes of all canaries of a payload
//
// It does no I/O and knows nothing of the hop. Each format is a file of its own that
// registers itself. Synthetic secrets are nobody's, but look like live ones: they are
// never logged all the same.
package canary
