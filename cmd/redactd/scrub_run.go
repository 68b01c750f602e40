package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// scrubRun is one run of scrub.
type scrubRun struct {
	env      *env
	format   string
	policy   *scrub.Policy
	keys     *redact.Keyring
	report   reporter
	progress *progress
	findings int
}

// scrub does the files named, or standard input.
func (e *env) scrub(f *scrubFlags, files []string) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	if err := e.harden(); err != nil {
		e.warnf("core dumps could not be switched off: %v", err)
	}
	r := &scrubRun{env: e, format: f.format}
	if r.policy, r.keys, err = e.scrubPolicy(f); err != nil {
		return err
	}
	if len(files) == 0 {
		files = []string{stdinName}
	}
	report, err := e.openReport(f)
	if err != nil {
		return err
	}
	r.report = report
	r.progress = e.newProgress(files)
	failed := false
	for _, name := range files {
		err := r.file(name)
		if errors.Is(err, errOutput) {
			r.progress.end()
			return err
		}
		if err != nil {
			failed = true
			r.progress.clear()
			e.complain(fmt.Errorf("%s: %w", displayName(name), err))
		}
	}
	r.progress.end()
	if err := report.close(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	switch {
	case failed:
		return silentError{exitFailure}
	case f.failFound && r.findings > 0:
		return silentError{exitFindings}
	}
	return nil
}

// file scrubs one input to standard output.
func (r *scrubRun) file(name string) error {
	in, err := r.env.openInput(name)
	if err != nil {
		return plainError(err)
	}
	defer in.close()
	if err := in.look(r.format); err != nil {
		return err
	}
	out := &output{w: r.env.stdout}
	if in.coding != "" && in.seekable() {
		return r.coded(in, out)
	}
	_, err = r.stream(in, out, true)
	return outputError(out, err)
}

// coded scrubs a compressed file, in two passes, since only the end tells
// whether there is a finding; without one the file goes out as it is.
func (r *scrubRun) coded(in *input, out *output) error {
	res, err := r.stream(in, io.Discard, true)
	if err != nil {
		return outputError(out, err)
	}
	if err := in.rewind(); err != nil {
		return plainError(err)
	}
	if !res.Changed {
		_, err = io.Copy(out, in.reader())
	} else {
		_, err = r.stream(in, out, false)
	}
	return outputError(out, err)
}

// stream scrubs in to w. With tell it reports.
func (r *scrubRun) stream(in *input, w io.Writer, tell bool) (scrub.Result, error) {
	policy := *r.policy
	policy.Codec = in.codec
	s := scrub.Acquire(&policy, r.keys)
	defer s.Release()
	s.OnHits(func(hits []scrub.Hit) error {
		if !tell {
			return nil
		}
		r.findings += len(hits)
		r.progress.clear()
		return r.report.hits(displayName(in.name), hits)
	})
	from := in.reader()
	if tell {
		from = r.progress.watch(from)
	}
	res, err := s.Stream(w, from, scrub.Meta{ContentEncoding: in.coding})
	if err == nil && res.Fallback && tell {
		r.progress.clear()
		r.env.warnf("%s: not %s throughout; scrubbed as plain text from where it broke", displayName(in.name), in.codec)
	}
	return res, err
}

// errOutput says that standard output takes no more.
var errOutput = errors.New("standard output")

// output remembers whether writing failed.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		o.err = err
	}
	return n, err
}

// outputError tells errors of writing from all others, which concern one file.
func outputError(o *output, err error) error {
	switch {
	case o.err != nil && errors.Is(o.err, syscall.EPIPE):
		return errors.Join(errOutput, silentError{exitFailure}) // whoever read has had enough
	case o.err != nil:
		return fmt.Errorf("%w: %w", errOutput, plainError(o.err))
	}
	return plainError(err)
}

// plainError says in words for people what went wrong with a file whose name
// they are told beside it, and what can be done about it.
func plainError(err error) error {
	var path *fs.PathError
	var bad *scrub.Error
	switch {
	case errors.As(err, &path):
		return path.Err
	case !errors.As(err, &bad):
		return err
	}
	switch bad.Kind {
	case scrub.KindFormat:
		return fmt.Errorf("%w (--format text takes it as plain text)", bad.Err)
	case scrub.KindLimit:
		if errors.Is(bad.Err, codec.ErrTooLarge) {
			return errors.New("a record or document is longer than --max-record allows")
		}
	}
	return bad.Err
}
