package errlog

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// sendTimeout bounds one request to a sink.
const sendTimeout = 10 * time.Second

// sendError is what went wrong with a request. It quotes neither what was sent nor where
// to, since that may hold credentials.
type sendError struct {
	what string
	text string
}

func (e *sendError) Error() string { return e.text }

func (e *sendError) kind() string { return e.what }

// transportError is a sendError of what the client of net/http says.
func transportError(err error) error {
	var ue *url.Error // which quotes the URL
	if errors.As(err, &ue) {
		err = ue.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &sendError{"timeout", "no answer in time"}
	}
	return &sendError{"unreachable", err.Error()}
}

// statusError is the error that an answer stands for, nil if it is none. Statuses that
// another time may change are those that OTLP and Sentry name.
func statusError(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		return &sendError{"unavailable", fmt.Sprintf("answered with status %d", status)}
	}
	return permanentError{&sendError{"refused", fmt.Sprintf("answered with status %d", status)}}
}
