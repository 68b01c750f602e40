package relay

import (
	"testing"
	"time"
)

func TestQuiet(t *testing.T) {
	var q Quiet
	at := time.Unix(1000, 0)
	for i, tt := range []struct {
		key   string
		n     int
		after time.Duration
		want  int
	}{
		{"a", 2, 0, 2}, {"a", 3, 0, 0}, {"b", 1, 0, 1}, {"a", 4, quietTime / 2, 0}, {"a", 1, quietTime, 8}, {"a", 1, quietTime, 0}, {"a", 1, 2 * quietTime, 2},
	} {
		if got := q.due(tt.key, tt.n, at.Add(tt.after)); got != tt.want {
			t.Errorf("%d: %d are told of, want %d", i, got, tt.want)
		}
	}
}
