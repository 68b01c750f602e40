package adminui

import (
	"context"
	"errors"
	"net/http"

	"github.com/redactd/redactd/internal/explain"
)

func (c *Console) inForce() (InForce, error) {
	if c.s.Policy == nil {
		return InForce{}, errNoPolicy
	}
	return c.s.Policy.InForce(), nil
}

// reload has the configuration read again. Its error says what is wrong with it, where.
func (c *Console) reload(by string) (InForce, error) {
	if c.s.Policy == nil {
		return InForce{}, errNoPolicy
	}
	err := c.s.Policy.Reload()
	c.did(err, by, "reload the configuration")
	if err != nil {
		return InForce{}, &fault{http.StatusConflict, err.Error()}
	}
	return c.s.Policy.InForce(), nil
}

// explain says what the policy of a route finds in a text. Nothing is kept of it.
func (c *Console) explain(ctx context.Context, route string, r explain.Request) (*explain.Result, error) {
	if c.s.Explain == nil {
		return nil, errNoPolicy
	}
	res, err := c.s.Explain.Explain(ctx, route, r)
	var long *explain.TooLongError
	switch {
	case err == nil:
		return res, nil
	case errors.As(err, &long):
		return nil, &fault{http.StatusRequestEntityTooLarge, "The text is too long: " + number(long.Max) + " bytes are the most."}
	case errors.Is(err, explain.ErrFormat): // its own text has what was sent
		return nil, &fault{http.StatusUnprocessableEntity, "There is no such format."}
	case errors.Is(err, explain.ErrNoRoute):
		return nil, &fault{http.StatusNotFound, "There is no route or listener of that name."}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return nil, &fault{http.StatusServiceUnavailable, "It took too long."}
	}
	return nil, &fault{http.StatusUnprocessableEntity, "The text can't be explained: " + err.Error() + "."}
}
