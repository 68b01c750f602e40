package scrub

import "errors"

// The charsets are joined here as soon as package codec has them.

func transcodes(string, []byte) bool { return false }

func toUTF8(dst, _ []byte, _ string, _ int64) ([]byte, error) { return dst, errors.New("charset") }

func fromUTF8(dst, _ []byte, _ string, _ []byte) ([]byte, error) { return dst, errors.New("charset") }
