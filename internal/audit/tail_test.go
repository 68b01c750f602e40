package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/redactd/redactd/internal/seglog"
)

// readAll reads what there is, limit records at a time, and returns the numbers of the
// records and what chunks say is gone.
func readAll(t *testing.T, r *Reader, limit int) (seqs []uint64, missing, unreadable uint64) {
	t.Helper()
	for {
		c, err := r.Read(limit)
		if err != nil {
			t.Fatal(err)
		}
		if c.Last == 0 {
			if c.More || len(c.Events) > 0 {
				t.Errorf("nothing, and yet %+v", c)
			}
			return seqs, missing, unreadable
		}
		for _, e := range c.Events {
			if e.Seq < c.First || e.Seq > c.Last {
				t.Errorf("record %d in a chunk of %d to %d", e.Seq, c.First, c.Last)
			}
			seqs = append(seqs, e.Seq)
		}
		missing, unreadable = missing+c.Missing, unreadable+c.Unreadable
	}
}

func expectSeqs(t *testing.T, got []uint64, from, to uint64) {
	t.Helper()
	if len(got) != int(to-from+1) {
		t.Errorf("read %v, want %d to %d", got, from, to)
		return
	}
	for i, seq := range got {
		if seq != from+uint64(i) {
			t.Errorf("read %v, want %d to %d", got, from, to)
			return
		}
	}
}

func TestReaderFollows(t *testing.T) {
	dir := t.TempDir()
	r := NewReader(dir, 0)
	if seqs, _, _ := readAll(t, r, 3); seqs != nil {
		t.Errorf("read %v of no trail", seqs)
	}
	tr := openTrail(t, Options{Dir: dir, Required: true, MaxSize: 1500})
	from := uint64(1)
	for range 4 {
		recordN(t, tr, 5)
		seqs, missing, unreadable := readAll(t, r, 3)
		expectSeqs(t, seqs, from, from+4)
		if missing+unreadable > 0 {
			t.Error(missing, unreadable)
		}
		from += 5
	}
	for after := range uint64(21) {
		seqs, _, _ := readAll(t, NewReader(dir, after), 7)
		expectSeqs(t, seqs, after+1, 20)
	}
	if _, err := NewReader(dir, 21).Read(1); !errors.Is(err, ErrBehind) {
		t.Errorf("got %v", err)
	}
}

// What the head does not name may be taken back.
func TestReaderWaitsForTheHead(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, Required: true})
	recordN(t, tr, 2)
	r := NewReader(dir, 0)
	seqs, _, _ := readAll(t, r, 10)
	expectSeqs(t, seqs, 1, 2)
	head, err := os.ReadFile(filepath.Join(dir, headName))
	if err != nil {
		t.Fatal(err)
	}
	recordN(t, tr, 2)
	now, err := os.ReadFile(filepath.Join(dir, headName))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		head []byte
		want int
	}{{head, 0}, {now, 2}} {
		if err := os.WriteFile(filepath.Join(dir, headName), step.head, 0o600); err != nil {
			t.Fatal(err)
		}
		if seqs, _, _ := readAll(t, r, 10); len(seqs) != step.want {
			t.Errorf("read %v", seqs)
		}
	}
}

func TestReaderCountsWhatIsGone(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, Required: true, MaxSize: 1000, MaxFiles: 2})
	recordN(t, tr, 1)
	r := NewReader(dir, 0)
	readAll(t, r, 10)
	for range 15 {
		recordN(t, tr, 1)
	}
	seqs, missing, unreadable := readAll(t, r, 10)
	if len(seqs) == 0 || seqs[len(seqs)-1] != 16 || missing != uint64(15-len(seqs)) || missing == 0 || unreadable != 0 {
		t.Errorf("read %v, %d are missing, %d unreadable", seqs, missing, unreadable)
	}
	fresh, lost, _ := readAll(t, NewReader(dir, 0), 10)
	if len(fresh) != len(seqs) || lost != missing+1 {
		t.Errorf("read %v, %d are missing", fresh, lost)
	}
}

func TestReaderPassesWhatIsNoRecord(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, Required: true})
	recordN(t, tr, 3)
	closeTrail(t, tr)
	file := newest(t, dir)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text          string
		read          int
		gone, strange uint64
	}{
		"a line that is none":    {"{}\n" + string(text), 3, 0, 1},
		"a number from nowhere":  {`{"seq":99,"prev":""}` + "\n" + string(text), 3, 0, 1},
		"the last one is gone":   {string(text[:len(text)-10]), 2, 1, 0},
		"nothing is left":        {"", 0, 3, 0},
		"all of it stands twice": {string(text) + string(text), 3, 0, 0},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		seqs, missing, unreadable := readAll(t, NewReader(dir, 0), 2)
		if len(seqs) != c.read || missing != c.gone || unreadable != c.strange {
			t.Errorf("%s: read %v, %d are missing, %d unreadable", name, seqs, missing, unreadable)
		}
	}
}

func TestID(t *testing.T) {
	dir := t.TempDir()
	id := func() string {
		t.Helper()
		id, err := ID(dir)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if got := id(); got != "" {
		t.Errorf("no trail is %q", got)
	}
	tr := openTrail(t, Options{Dir: dir, Required: true, MaxSize: 1000, MaxFiles: 1})
	recordN(t, tr, 1)
	first := id()
	for range 9 {
		recordN(t, tr, 1)
	}
	if segs, _ := seglog.List(dir, prefix); len(first) != 32 || id() != first || len(segs) != 1 {
		t.Errorf("%q, then %q", first, id())
	}
	closeTrail(t, tr)
	for _, file := range []string{newest(t, dir), filepath.Join(dir, headName), filepath.Join(dir, "TREE")} {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	tr = openTrail(t, Options{Dir: dir, Required: true})
	e := finding("other", 1)
	if err := tr.Record(t.Context(), []Event{e}); err != nil {
		t.Fatal(err)
	}
	if again := id(); again == first || again == "" {
		t.Errorf("the trail begun anew is %q", again)
	}
}

func BenchmarkReader(b *testing.B) {
	dir := b.TempDir()
	tr := openTrail(b, Options{Dir: dir, Required: true})
	var events []Event
	for i := range 1000 {
		e := finding("a", i%60)
		e.RequestID = fmt.Sprint(i)
		events = append(events, e)
	}
	if err := tr.Record(b.Context(), events); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if c, err := NewReader(dir, 0).Read(1000); err != nil || len(c.Events) != 1000 {
			b.Fatal(c, err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "records/s")
}
