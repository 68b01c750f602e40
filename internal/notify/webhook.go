package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/redactd/redactd/internal/records"
)

func init() { register("webhook", func(o ReceiverOptions) receiver { return webhook{o} }) }

// webhook sends a document of its own.
type webhook struct{ o ReceiverOptions }

// Message is what a webhook gets.
type Message struct {
	Source string    `json:"source"` // "redactd"
	Time   time.Time `json:"time"`
	Leaks  []Told    `json:"leaks"`
}

// Told is a leak in a Message. ID is the same when it is told again after a failure.
type Told struct {
	ID   int64  `json:"id"`
	What string `json:"what"` // "new", or "again" after it was rotated
	records.Leak
}

// SignatureHeader holds "t=SECONDS,v1=HEX": the time, and the HMAC-SHA-256 of it, a dot
// and the body, under the receiver's secret.
const SignatureHeader = "X-Redactd-Signature"

// maxTold is how many places of a leak are told.
const maxTold = 20

func (w webhook) request(ctx context.Context, notices []records.Notice, now time.Time) (*http.Request, error) {
	m := Message{Source: "redactd", Time: now.UTC()}
	for _, n := range notices {
		n.Leak.Places = n.Leak.Places[:min(len(n.Leak.Places), maxTold)]
		m.Leaks = append(m.Leaks, Told{ID: n.ID, What: n.What, Leak: n.Leak})
	}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.o.URL, bytes.NewReader(body))
	if err == nil && w.o.Secret != "" {
		req.Header.Set(SignatureHeader, fmt.Sprintf("t=%d,v1=%s", now.Unix(), sign(w.o.Secret, now, body)))
	}
	return req, err
}

func sign(secret string, now time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.", now.Unix())
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
