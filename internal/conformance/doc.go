// Package conformance holds tests only: every rule of every pack against every codec
// and every way that text is disguised. What is written here is read back with
// decoders of the standard library, never with those of this module.
package conformance
