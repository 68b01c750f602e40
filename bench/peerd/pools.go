package main

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/redactd/redactd/bench/hop"
)

var (
	readers = sync.Pool{New: func() any { return new(gzip.Reader) }}
	writers = sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(io.Discard, hop.GzipLevel)
		if err != nil {
			panic(err)
		}
		return w
	}}
)
