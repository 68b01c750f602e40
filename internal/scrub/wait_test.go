package scrub

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"
	"time"
)

// pauses is a source that brings a piece a read, and waits where a piece is empty.
type pauses struct {
	pieces []string
	w      *Waiter
}

func (s *pauses) Read(p []byte) (int, error) {
	for {
		if len(s.pieces) == 0 {
			return 0, io.EOF
		}
		piece := s.pieces[0]
		s.pieces = s.pieces[1:]
		if piece == "" {
			if s.w.Until().IsZero() {
				continue
			}
			if !s.w.Wait() {
				return 0, errors.New("stopped")
			}
			continue
		}
		n := copy(p, piece)
		if n < len(piece) {
			s.pieces = append([]string{piece[n:]}, s.pieces...)
		}
		return n, nil
	}
}

func TestWaiterLeavesADecoderStanding(t *testing.T) {
	var z bytes.Buffer
	zw := gzip.NewWriter(&z)
	zw.Write([]byte("first "))
	zw.Flush()
	cut := z.Len() + 3 // within the next block
	zw.Write([]byte("second"))
	zw.Close()
	raw := z.Bytes()
	src := &pauses{pieces: []string{string(raw[:5]), "", string(raw[5:cut]), "", "", string(raw[cut:])}}
	src.w = NewWaiter(readerFunc(func() io.Reader { zr, err := gzip.NewReader(src); check(t, err); return zr }))
	defer src.w.Stop()
	later := time.Now().Add(time.Hour)
	var got []string
	buf := make([]byte, 100)
	for {
		n, err := src.w.ReadBefore(buf, later)
		if n > 0 {
			got = append(got, string(buf[:n]))
		}
		if err == ErrWaiting {
			got = append(got, "...")
			continue
		}
		if err != nil {
			break
		}
	}
	want := []string{"...", "first ", "...", "...", "second"}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestWaiterStopsAReadThatWaits(t *testing.T) {
	src := &pauses{pieces: []string{"a", "", "b"}}
	src.w = NewWaiter(src)
	buf := make([]byte, 1)
	if n, err := src.w.Read(buf); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := src.w.ReadBefore(buf, time.Now()); err != ErrWaiting {
		t.Fatal(err)
	}
	src.w.Stop()
	if _, err := src.w.Read(buf); err == nil || err == ErrWaiting {
		t.Fatal(err)
	}
	src.w.Stop()
}

// readerFunc opens its reader with the first read.
func readerFunc(open func() io.Reader) io.Reader { return &lazyReader{open: open} }

type lazyReader struct {
	open func() io.Reader
	r    io.Reader
}

func (l *lazyReader) Read(p []byte) (int, error) {
	if l.r == nil {
		l.r = l.open()
	}
	return l.r.Read(p)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
