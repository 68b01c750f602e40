package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func init() { RegisterAnchor("redactd", newWitnessAnchor) }

// witnessAnchor has another redactd keep checkpoints, or any witness that speaks
// https://c2sp.org/tlog-witness: it demands a proof that each continues the last
// one it has seen, so that it sees at once when a trail was changed.
type witnessAnchor struct{ url, token string }

func newWitnessAnchor(o AnchorOptions) (Anchor, error) {
	if err := checkURL(o); err != nil {
		return nil, err
	}
	return witnessAnchor{o.URL, o.Token}, nil
}

var errWitnessAhead = errors.New("it knows more records of this trail than there are")

func (w witnessAnchor) Keep(ctx context.Context, c Anchored) error {
	old := uint64(0)
	for range 3 { // another one may bring a checkpoint meanwhile
		body, err := submission(c, old)
		if err != nil {
			return err
		}
		status, answer, err := post(ctx, w.url, w.token, body)
		if err != nil {
			return err
		}
		if status/100 == 2 {
			return nil
		}
		known, err := strconv.ParseUint(strings.TrimSpace(string(answer)), 10, 63)
		if status != http.StatusConflict || err != nil {
			return fmt.Errorf("it answers with status %d", status)
		}
		if known > c.Size {
			return errWitnessAhead
		}
		old = known
	}
	return errors.New("it does not say what it has seen last")
}

// submission is the body of a request: the size that the witness knows, the
// proof, an empty line, the checkpoint.
func submission(c Anchored, old uint64) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", old)
	if old > 0 && old < c.Size {
		proof, err := c.Prove(old)
		if err != nil {
			return nil, err
		}
		for _, h := range proof {
			fmt.Fprintln(&b, h)
		}
	}
	b.WriteByte('\n')
	b.Write(c.Signed)
	return b.Bytes(), nil
}
