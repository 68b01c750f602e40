package adminui

import (
	"context"
	"errors"
	"net/http"

	"github.com/redactd/redactd/internal/records"
)

// fault is an error that the console has itself. Its text is for who asked.
type fault struct {
	status int
	text   string
}

func (f *fault) Error() string { return f.text }

var (
	errNoPage    = &fault{http.StatusNotFound, "There is no such page."}
	errNoRecords = &fault{http.StatusNotFound, "This redactd keeps no records: there is no database, or nothing is written to it ([records] in the configuration)."}
)

// say returns the status of an answer about err and what to tell who asked. What a database
// says of itself is for the log.
func say(err error) (status int, text string) {
	var f *fault
	switch {
	case errors.As(err, &f):
		return f.status, f.text
	case records.KindOf(err) == records.Missing:
		return http.StatusNotFound, "There is none with that number or id."
	case records.KindOf(err) == records.Timeout, errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "The records took too long to answer."
	}
	return http.StatusServiceUnavailable, "The records can't be read at the moment."
}

// orEmpty is err, but nil where there is no database yet: then it holds nothing.
func orEmpty(err error) error {
	if records.KindOf(err) == records.Missing {
		return nil
	}
	return err
}

// listed is a list that is there, though it be empty: to programs that read JSON, nil is
// something else.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
