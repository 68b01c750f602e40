package adminui

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/records"
)

const (
	// maxRows is how many leaks or groups of errors are on one page, at most and unless
	// fewer are asked for.
	maxRows = 50
	// maxOccurrences is how many occurrences of an error are shown.
	maxOccurrences = 20
	// maxOriginal bounds, in bytes, how much of an original is shown.
	maxOriginal = 64 << 10
)

// ErrorList is a part of the groups that a filter asks for.
type ErrorList struct {
	Groups []records.ErrorGroup `json:"groups"`
	Total  int64                `json:"total"` // that the filter asks for
	Offset int                  `json:"offset"`
}

func (c *Console) errorList(ctx context.Context, f records.ErrorFilter) (list ErrorList, err error) {
	if c.s.Errors == nil {
		return list, errNoRecords
	}
	if f.Limit <= 0 || f.Limit > maxRows {
		f.Limit = maxRows
	}
	list.Offset = max(f.Offset, 0)
	if list.Total, err = c.s.Errors.CountErrorGroups(ctx, f); err == nil {
		list.Groups, err = c.s.Errors.ErrorGroups(ctx, f)
	}
	list.Groups = listed(list.Groups)
	return list, orEmpty(err)
}

// ErrorDetail is what is known of a group.
type ErrorDetail struct {
	records.ErrorGroup
	Occurrences []records.ErrorOccurrence `json:"occurrences"` // the newest
	// Original is that of the newest occurrence of which one was kept.
	Original *ErrorOriginal `json:"original,omitempty"`
}

// ErrorOriginal is a body of an error response without its secrets.
type ErrorOriginal struct {
	Reference   string `json:"reference"` // of its occurrence
	ContentType string `json:"content_type"`
	Text        string `json:"text"`
	Cut         bool   `json:"cut,omitempty"` // only its beginning is here
}

func (c *Console) errorDetail(ctx context.Context, id string) (d ErrorDetail, err error) {
	if c.s.Errors == nil {
		return d, errNoRecords
	}
	if d.ErrorGroup, err = c.s.Errors.ErrorGroup(ctx, id); err != nil {
		return d, err
	}
	d.Occurrences, err = c.s.Errors.ErrorOccurrences(ctx, records.OccurrenceFilter{Group: d.ID, Limit: maxOccurrences})
	d.Occurrences = listed(d.Occurrences)
	if err == nil {
		d.Original, err = c.original(ctx, d.Occurrences)
	}
	return d, err
}

// original reads the newest original that was kept.
func (c *Console) original(ctx context.Context, of []records.ErrorOccurrence) (*ErrorOriginal, error) {
	for _, o := range of {
		if err := c.s.Errors.ErrorOriginal(ctx, &o); err != nil {
			return nil, err
		}
		text, err := o.Original.Unpack()
		if err != nil || len(text) == 0 {
			continue // it was not kept, or is damaged: an older one may do
		}
		return &ErrorOriginal{
			Reference: o.Reference, ContentType: o.Original.ContentType,
			Text: strings.ToValidUTF8(string(text[:min(len(text), maxOriginal)]), "\uFFFD"),
			Cut:  o.Original.Truncated || len(text) > maxOriginal,
		}, nil
	}
	return nil, nil
}

// errorOriginal returns the original of an occurrence of a group.
func (c *Console) errorOriginal(ctx context.Context, id, reference string) (*ErrorOriginal, error) {
	if c.s.Errors == nil {
		return nil, errNoRecords
	}
	g, err := c.s.Errors.ErrorGroup(ctx, id)
	if err != nil {
		return nil, err
	}
	of, err := c.s.Errors.ErrorOccurrences(ctx, records.OccurrenceFilter{Group: g.ID, Reference: reference, Limit: 1})
	if err != nil {
		return nil, err
	}
	o, err := c.original(ctx, of)
	if err == nil && o == nil {
		err = errNoOriginal
	}
	return o, err
}

var errNoOriginal = &fault{http.StatusNotFound, "There is no such occurrence, or its original was not kept."}

// setErrorState says that a group is open or resolved, and returns its whole id. by is who
// says so.
func (c *Console) setErrorState(ctx context.Context, by, id, state string) (string, error) {
	if c.s.Errors == nil {
		return "", errNoRecords
	}
	if state != records.StateOpen && state != records.StateResolved {
		return "", errNoState
	}
	g, err := c.s.Errors.ErrorGroup(ctx, id)
	if err == nil {
		err = c.s.Errors.SetErrorState(ctx, g.ID, state, by, time.Now())
	}
	c.did(err, by, "set the state of an error", "error", g.ID, "state", state)
	return g.ID, err
}
