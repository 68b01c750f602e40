package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/redactd/redactd/internal/codec"
)

// stdinName stands for standard input among file names.
const stdinName = "-"

// displayName is what messages and reports call an input.
func displayName(name string) string {
	if name == stdinName {
		return "stdin"
	}
	return name
}

// lookSize is how many bytes, as stored, are looked at to know an input.
const lookSize = 64 << 10

// input is one thing to scrub.
type input struct {
	name string
	file *os.File // nil for what is no regular file
	buf  *bufio.Reader
	shut func() error

	coding string // content coding, "" for none
	codec  string // name of the format
}

func (e *env) openInput(name string) (*input, error) {
	if name == stdinName {
		return &input{name: name, buf: bufio.NewReaderSize(e.stdin, lookSize), shut: func() error { return nil }}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	in := &input{name: name, buf: bufio.NewReaderSize(f, lookSize), shut: f.Close}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.Join(errors.New("is a directory"), f.Close())
	} else if err == nil && info.Mode().IsRegular() {
		in.file = f
	}
	return in, nil
}

func (in *input) close()            { _ = in.shut() }
func (in *input) reader() io.Reader { return in.buf }
func (in *input) seekable() bool    { return in.file != nil }

// rewind goes back to the beginning of a file.
func (in *input) rewind() error {
	if _, err := in.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in.buf.Reset(in.file)
	return nil
}

// codings are content codings by the endings of file names.
var codings = map[string]string{".gz": "gzip", ".zst": "zstd", ".zstd": "zstd", ".br": "br"}

// magics are content codings by what their data begin with (RFC 1952, section
// 2.3.1; RFC 8878, section 3.1.1).
var magics = map[string]string{"\x1f\x8b\x08": "gzip", "\x28\xb5\x2f\xfd": "zstd"}

// contentTypes are media types by the endings of file names.
var contentTypes = map[string]string{
	".json": "application/json", ".har": "application/json", ".ipynb": "application/json",
	".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson",
	".html": "text/html", ".htm": "text/html",
	".xml": "application/xml", ".svg": "image/svg+xml",
	".log": "text/plain", ".txt": "text/plain", ".out": "text/plain", ".err": "text/plain", ".md": "text/plain",
	".csv": "text/plain", ".tsv": "text/plain", ".yaml": "text/plain", ".yml": "text/plain", ".toml": "text/plain",
	".ini": "text/plain", ".conf": "text/plain", ".env": "text/plain", ".sql": "text/plain",
}

// look finds out coding and format of an input by its name and its first bytes.
func (in *input) look(format string) error {
	// Peek waits for one byte only: more may be long in coming.
	if _, err := in.buf.Peek(1); err != nil && err != io.EOF {
		return plainError(err)
	}
	head, _ := in.buf.Peek(in.buf.Buffered())
	for magic, coding := range magics {
		if bytes.HasPrefix(head, []byte(magic)) {
			in.coding = coding
		}
	}
	base := strings.ToLower(filepath.Base(in.name))
	ext := filepath.Ext(base)
	if coding, ok := codings[ext]; ok {
		if in.coding == "" && len(head) > 0 {
			in.coding = coding
		}
		ext = filepath.Ext(strings.TrimSuffix(base, ext))
	}
	if in.coding != "" {
		head = decodedHead(head, in.coding)
	}
	contentType := contentTypes[ext]
	if in.codec = format; format != "auto" {
		return nil
	}
	if len(head) == 0 {
		in.codec = "text"
		return nil
	}
	if charset, err := codec.Charset("", head); err == nil && charset != "" {
		// A character that the end of head cuts must not matter.
		head, err = codec.DecodeCharset(nil, head[:len(head)&^3], charset, 4*lookSize)
		if err != nil {
			return plainError(err)
		}
	}
	c := codec.Detect("", contentType, head)
	if c == nil {
		return errors.New("looks binary, and was left out (--format text scrubs its bytes as they are)")
	}
	in.codec = c.Name()
	return nil
}

// decodedHead returns the beginning of what head, the beginning of a payload,
// decodes to: as much as there is of it.
func decodedHead(head []byte, coding string) []byte {
	dec, err := codec.NewDecoder(bytes.NewReader(head), coding, lookSize)
	if err != nil {
		return nil
	}
	defer dec.Close()
	out := make([]byte, 4096)
	n, _ := io.ReadFull(dec, out) // head ends in the middle
	return out[:n]
}
