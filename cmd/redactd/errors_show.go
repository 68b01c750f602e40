package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/errlog"
	"github.com/redactd/redactd/internal/records"
)

// showFlags are the flags of errors show.
type showFlags struct {
	recordsFlags
	json, original bool
	identity       string
	limit          int
}

func newErrorsShow(e *env) *cobra.Command {
	var f showFlags
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show an error and what the upstream had written",
		Long: `Show an error and what the upstream had written, without the secrets in it. ID
is the reference that the caller was told, or an ID of errors list, or more of it.
The newest is shown; --limit shows more.

Where originals are sealed ([errors] seal_to), --identity opens them with a
private key of age and shows them with their secrets. That needs the database and
the key, and no running redactd: copy the file of the database to where the key
is.

What could control a terminal is shown escaped. --original writes the body as it
is, for a file.

` + e.recordsHelp(),
		Example: `  redactd errors show 0af7651916cd43dd8448eb211c80319c
  redactd errors show 3f2504e04f89 --original > page.html
  redactd errors show 3f2504e04f89 --records sqlite:copy.db --identity key.txt`,
		Args:        cobra.ExactArgs(1),
		Annotations: exits("0  shown", "1  it is not there, or could not be read or opened"),
		RunE: e.runs(func(cmd *cobra.Command, args []string) error {
			if f.limit < 1 {
				return usagef("--limit: %d is too little (1 or more)", f.limit)
			}
			return f.with(e, cmd, func(ctx context.Context, db *records.DB) error { return e.showError(ctx, db, args[0], &f) })
		}),
	}
	f.add(e, cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.json, "json", false, "print as a JSON object")
	flags.BoolVar(&f.original, "original", false, "write the body alone, as it is")
	flags.StringVar(&f.identity, "identity", "", "`FILE` with a private key of age, to show originals with their secrets")
	flags.IntVar(&f.limit, "limit", 1, "show at most the newest `N`")
	cmd.MarkFlagsMutuallyExclusive("json", "original")
	return cmd
}

// shownError is what errors show tells of one error.
type shownError struct {
	records.ErrorGroup
	Occurrences []shownOccurrence `json:"occurrences"` // the newest first
	More        bool              `json:"more"`        // there are others
}

type shownOccurrence struct {
	records.ErrorOccurrence
	ContentType string `json:"content_type,omitempty"`
	Size        int64  `json:"size"` // of the body in bytes, as it came
	Truncated   bool   `json:"truncated,omitempty"`
	Sealed      bool   `json:"sealed"`          // there is one
	Body        string `json:"body,omitempty"`  // without secrets, unless opened
	Opened      bool   `json:"opened,omitzero"` // Body is the sealed original
}

func (e *env) showError(ctx context.Context, db *records.DB, id string, f *showFlags) error {
	s, err := findError(ctx, db, id, f.limit)
	if err != nil {
		return err
	}
	for i := range s.Occurrences {
		if err := s.Occurrences[i].read(ctx, db, f.identity); err != nil {
			return err
		}
	}
	switch {
	case f.json:
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	case f.original:
		if len(s.Occurrences) == 0 || s.Occurrences[0].Body == "" {
			return errors.New("its original was not kept")
		}
		body := s.Occurrences[0].Body
		if e.isTerminal(e.stdout) {
			body = printableLines(body)
		}
		_, err := io.WriteString(e.stdout, body)
		return err
	}
	var b bytes.Buffer
	s.print(&b)
	_, err = e.stdout.Write(b.Bytes())
	return err
}

// findError looks id up as a reference first, since that is what people are told.
func findError(ctx context.Context, db *records.DB, id string, limit int) (*shownError, error) {
	filter := records.OccurrenceFilter{Reference: id, Limit: limit + 1}
	list, err := db.ErrorOccurrences(ctx, filter)
	if err != nil {
		return nil, err
	}
	var s shownError
	if len(list) > 0 {
		id = list[0].Group
	}
	if s.ErrorGroup, err = db.ErrorGroup(ctx, id); err != nil {
		if records.KindOf(err) == records.Missing {
			return nil, fmt.Errorf("%s: %w", printable(id), err)
		}
		return nil, err
	}
	if len(list) == 0 {
		if list, err = db.ErrorOccurrences(ctx, records.OccurrenceFilter{Group: s.ID, Limit: limit + 1}); err != nil {
			return nil, err
		}
	}
	s.More = len(list) > limit
	for _, o := range list[:min(limit, len(list))] {
		s.Occurrences = append(s.Occurrences, shownOccurrence{
			ErrorOccurrence: o, ContentType: o.Original.ContentType, Size: o.Original.Size, Truncated: o.Original.Truncated,
		})
	}
	return &s, nil
}

// read puts in the original: the sealed one where there is an identity to open it with.
func (o *shownOccurrence) read(ctx context.Context, db *records.DB, identity string) error {
	if err := db.ErrorOriginal(ctx, &o.ErrorOccurrence); err != nil {
		return err
	}
	o.Sealed = len(o.ErrorOccurrence.Sealed) > 0
	if identity == "" {
		body, err := o.Original.Unpack()
		o.Body = string(body)
		return err
	}
	if !o.Sealed {
		return fmt.Errorf("the original of %s is not sealed", printable(o.Reference))
	}
	key, err := os.Open(identity)
	if err != nil {
		return err
	}
	defer key.Close()
	body, err := errlog.Unseal(o.ErrorOccurrence.Sealed, key)
	if err != nil {
		return fmt.Errorf("the sealed original of %s: %w", printable(o.Reference), err)
	}
	o.Body, o.Opened, o.Truncated = string(body), true, false
	return nil
}

func (s *shownError) print(w io.Writer) {
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "%-11s %s\n", name, text)
		}
	}
	line("error", s.ID)
	line("exception", printable(s.Exception))
	line("framework", printable(s.Framework))
	line("route", printable(s.Route))
	line("upstream", printable(s.Upstream))
	line("status", fmt.Sprint(s.Status))
	line("count", fmt.Sprint(s.Count))
	line("first seen", second(s.FirstSeen))
	line("last seen", second(s.LastSeen))
	state := s.State
	if !s.StateChanged.IsZero() {
		state += " since " + second(s.StateChanged)
	}
	if s.StateBy != "" {
		state += " by " + printable(s.StateBy)
	}
	line("state", state)
	for i, f := range s.Frames {
		name := ""
		if i == 0 {
			name = "frames"
		}
		fmt.Fprintf(w, "%-11s %s\n", name, printable(f.String()))
	}
	for i := range s.Occurrences {
		s.Occurrences[i].print(w)
	}
	switch {
	case len(s.Occurrences) == 0:
		fmt.Fprintln(w, "\nnone of them is kept any more")
	case s.More:
		fmt.Fprintln(w, "\nthere are older ones (--limit)")
	}
}

func (o *shownOccurrence) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s  %s %s  %d\n", o.Time.UTC().Format(time.RFC3339Nano), cell(o.Method), cell(o.Path), o.Status)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "  %-9s %s\n", name, printable(text))
		}
	}
	line("reference", o.Reference)
	if o.RequestID != o.Reference {
		line("request", o.RequestID)
	}
	line("trace", strings.TrimSpace(o.TraceID+" "+o.SpanID))
	line("replica", o.Replica)
	line("policy", o.ConfigDigest[:min(shownID, len(o.ConfigDigest))])
	what := fmt.Sprintf("%s, %d bytes", cmp.Or(o.ContentType, "no content type"), o.Size)
	switch {
	case o.Opened:
		what += ", opened: with its secrets"
	case o.Size > 0 && o.Body == "":
		what += ", not kept"
	case o.Truncated:
		what += ", only its beginning"
	}
	if o.Sealed && !o.Opened {
		what += ", sealed with its secrets"
	}
	line("original", what)
	if o.Body != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSuffix(printableLines(o.Body), "\n"))
	}
}

// printableLines keeps control characters, but for those that end lines, away from a
// terminal, and what turns the direction of writing.
func printableLines(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			b.WriteString(s[i : i+n])
		case r == '\r' && strings.HasPrefix(s[i+n:], "\n"):
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}
