package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

func init() { RegisterAnchor("webhook", newWebhook) }

// webhook sends each checkpoint to a URL, as plain text.
type webhook struct{ url, token string }

func newWebhook(o AnchorOptions) (Anchor, error) {
	if err := checkURL(o); err != nil {
		return nil, err
	}
	return webhook{o.URL, o.Token}, nil
}

func checkURL(o AnchorOptions) error {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || o.Path != "" {
		return fmt.Errorf("an anchor of kind %s has a url that begins with http:// or https://, and no path", o.Kind)
	}
	return nil
}

func (w webhook) Keep(ctx context.Context, c Anchored) error {
	status, _, err := post(ctx, w.url, w.token, c.Signed)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("it answers with status %d", status)
	}
	return err
}

// post sends text and returns status and answer, 16 KiB of it at most. Errors do
// not name the URL, which may hold a password.
func post(ctx context.Context, to, token string, text []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return 0, nil, errors.New("the url cannot be used")
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	req.Header.Set("User-Agent", "redactd")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxCheckpoint))
	return resp.StatusCode, answer, err
}
