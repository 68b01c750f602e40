// Package ruleimport reads the rules of other tools as rules of redactd. Each
// format is a file of its own, which registers itself. What a format says and
// redactd can't do is never dropped in silence: it becomes a Note.
//
// Words: a source is the file of the other tool; a rule of the source is lost
// when redactd can't take it over at all; what is left out is a part of a rule
// that was taken over without it.
package ruleimport
