package seglog

import (
	"bufio"
	"errors"
	"io"
)

// ErrLineTooLong says that a line exceeds the limit given to NewLines.
var ErrLineTooLong = errors.New("seglog: line too long")

// Lines reads the lines of a segment in memory bounded by the longest one.
type Lines struct {
	r      *bufio.Reader
	max    int
	long   []byte
	offset int64
}

// NewLines returns a reader of lines of at most max bytes.
func NewLines(r io.Reader, max int) *Lines {
	return &Lines{r: bufio.NewReaderSize(r, 64<<10), max: max}
}

// Next returns the next line without its line feed; complete is false for a
// torn tail. The line is valid until the next call. At the end it returns
// io.EOF; after ErrLineTooLong, whose line it has skipped, it can go on.
func (l *Lines) Next() (line []byte, complete bool, err error) {
	l.long = l.long[:0]
	tooLong := false
	for {
		part, err := l.r.ReadSlice('\n')
		l.offset += int64(len(part))
		if err == nil {
			part, complete = part[:len(part)-1], true
		}
		if len(l.long)+len(part) > l.max {
			tooLong = true
			l.long = l.long[:0]
		}
		switch {
		case tooLong:
		case len(l.long) == 0 && err != bufio.ErrBufferFull:
			line = part
		default:
			l.long = append(l.long, part...)
			line = l.long
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && err != io.EOF:
			return nil, false, err
		case tooLong:
			return nil, complete, ErrLineTooLong
		case err == io.EOF && len(line) == 0:
			return nil, false, io.EOF
		}
		return line, complete, nil
	}
}

// Offset is the number of bytes consumed, line feeds included.
func (l *Lines) Offset() int64 { return l.offset }
