package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// token makes up what looks like a live token.
func token() string {
	const alnum = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := []byte("ghp_")
	for range 36 {
		b = append(b, alnum[rand.IntN(len(alnum))])
	}
	return string(b)
}

// flood repeats a block until size bytes were read, and watches the heap.
type flood struct {
	block       []byte
	size, read  int
	first, peak uint64 // heap in use, in bytes
}

func (f *flood) Read(p []byte) (int, error) {
	if f.read >= f.size {
		return 0, io.EOF
	}
	if f.read>>22 != (f.read-1)>>22 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if f.first == 0 {
			f.first = m.HeapInuse
		}
		f.peak = max(f.peak, m.HeapInuse)
	}
	n := copy(p, f.block[f.read%len(f.block):])
	f.read += n
	return n, nil
}

// counter counts what is written, and placeholders in it.
type counter struct{ bytes, found int }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += len(p)
	c.found += bytes.Count(p, []byte("[REDACTED:")) // one cut by the end of p is not counted
	return len(p), nil
}

// However long a stream is and however much is found in it, memory stays.
func TestScrubMemory(t *testing.T) {
	const limit = 32 << 20
	var text, records strings.Builder
	for i := range 2000 {
		line := "word and other words in a line, and more of the same kind"
		if i%500 == 0 {
			line = "bad credential " + token()
		}
		fmt.Fprintf(&text, "%s\n", line)
		fmt.Fprintf(&records, "{\"level\":\"info\",\"n\":%d,\"msg\":\"%s\"}\n", i, line)
	}
	for name, c := range map[string]struct {
		block string
		size  int
	}{"text": {text.String(), 208 << 20}, "ndjson": {records.String(), 32 << 20}} {
		t.Run(name, func(t *testing.T) {
			e, _, _ := testEnv()
			in := &flood{block: []byte(c.block), size: c.size}
			out, report := &counter{}, &counter{}
			e.stdin, e.stdout, e.stderr = in, out, report
			if code := run(e, []string{"scrub", "--format", name, "--report", "json"}); code != exitOK {
				t.Fatalf("exit code %d", code)
			}
			if out.bytes < c.size/2 || out.found < c.size/len(c.block)*3 || report.bytes < c.size/len(c.block)*300 {
				t.Errorf("%d bytes, %d placeholders, %d bytes of report", out.bytes, out.found, report.bytes)
			}
			if in.peak > in.first+limit {
				t.Errorf("heap in use grew from %d to %d MiB", in.first>>20, in.peak>>20)
			}
		})
	}
}

// What pauses is passed on, as far as no later byte can change it: redactd can
// stand behind a command that never ends. Records go at once; of text, the end
// is held back.
func TestScrubFollows(t *testing.T) {
	for _, c := range []struct {
		line string
		most int // lines until the first one comes out
	}{
		{`{"msg":"bad credential ` + token() + `"}` + "\n", 1},
		{"word and other words in a line of forty bytes\n", 100},
	} {
		inR, inW := io.Pipe()
		outR, outW := io.Pipe()
		e, _, stderr := testEnv()
		e.stdin, e.stdout = inR, outW
		code := make(chan int)
		go func() { code <- run(e, []string{"scrub"}); outW.Close() }()
		first := make(chan string)
		go func() {
			line, _ := bufio.NewReader(outR).ReadString('\n')
			first <- line
			_, _ = io.Copy(io.Discard, outR)
		}()
		var got string
		for range c.most {
			_, _ = io.WriteString(inW, c.line)
			time.Sleep(time.Millisecond) // a pause, so that it is seen as one
			select {
			case got = <-first:
			default:
			}
		}
		if got == "" {
			select {
			case got = <-first:
			case <-time.After(20 * time.Second):
				t.Errorf("nothing after %d lines of %d bytes", c.most, len(c.line))
				inW.Close()
				got = <-first
			}
		}
		if strings.Contains(got, "ghp_") || len(got) < 40 {
			t.Errorf("%q, %s", got, stderr)
		}
		inW.Close()
		if c := <-code; c != exitOK {
			t.Errorf("exit code %d", c)
		}
	}
}

func TestProgress(t *testing.T) {
	dir := t.TempDir()
	line := "an ordinary line of a log, with nothing in it\n"
	large, small := filepath.Join(dir, "large.log"), filepath.Join(dir, "small.log")
	for file, size := range map[string]int{large: 256<<10 + 1, small: 1000} {
		if err := os.WriteFile(file, []byte(strings.Repeat(line, size/len(line)+1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name                   string
		args                   []string
		stderrTerm, stdoutTerm bool
		want                   bool
	}{
		{"watched", []string{large}, true, false, true},
		{"nobody watches", []string{large}, false, false, false},
		{"output is the terminal", []string{large}, true, true, false},
		{"small", []string{small}, true, false, false},
		{"standard input", nil, true, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, stdout, stderr := testEnv()
			e.isTerminal = func(stream any) bool {
				return stream == io.Writer(stderr) && c.stderrTerm || stream == io.Writer(stdout) && c.stdoutTerm
			}
			if code := run(e, append([]string{"scrub"}, c.args...)); code != exitOK {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			if got := strings.Contains(stderr.String(), "scrubbing"); got != c.want {
				t.Errorf("progress %v, want %v: %q", got, c.want, stderr)
			}
		})
	}
}

// full takes so many bytes and no more.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// Where the output takes no more, one error is enough.
func TestScrubFullOutput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(file, []byte("bad credential "+token()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, _, stderr := testEnv()
	e.stdout = &full{10}
	if code := run(e, []string{"scrub", file, file}); code != exitFailure {
		t.Errorf("exit code %d", code)
	}
	if got, want := stderr.String(), "redactd: standard output: short write\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
