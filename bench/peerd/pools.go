package main

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/redactd/redactd/bench/corpus"
)

var (
	readers = sync.Pool{New: func() any { return new(gzip.Reader) }}
	writers = sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(io.Discard, corpus.GzipLevel)
		if err != nil {
			panic(err)
		}
		return w
	}}
)
