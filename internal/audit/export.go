package audit

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/redactd/redactd/internal/seglog"
)

// ExportOptions say what goes into an archive.
type ExportOptions struct {
	Dir string
	// From and To select by time; From is inclusive, To exclusive, zero no bound.
	From, To time.Time
	// Keys are public keys of checkpoints; see VerifyOptions.
	Keys []string
	// Seal is the secret key that signs the archive; "" leaves it unsigned.
	Seal string
	// Controls is a mapping as DefaultControls has it, by name for errors; nil
	// is that one.
	Controls     []byte
	ControlsName string
	// Sources are other parts of redactd, by the name of their directory.
	Sources map[string]Source
}

// Source is a part of redactd that contributes to archives.
type Source interface {
	// Evidence returns files and figures of that time, From inclusive, To
	// exclusive, zero no bound. No payload byte may be in them.
	Evidence(ctx context.Context, from, to time.Time) (Evidence, error)
}

// Evidence is what a Source contributes. Controls show figures of the sources
// "coverage" and "canaries".
type Evidence struct {
	Files   map[string][]byte // by name, without a directory
	Figures []Figure
}

// Exported says what an archive holds.
type Exported struct {
	First, Last uint64
	Records     uint64
	Findings    uint64
	Checkpoints int
	Sealed      bool
}

// ErrBroken says that a trail can't be exported because records of the time
// asked for are not as they were written.
var ErrBroken = errors.New("audit: the trail is not whole there (redactd audit verify says where)")

// Export writes an archive. The trail may be written meanwhile; the archive has
// the records that were there at the beginning.
func Export(ctx context.Context, w io.Writer, o ExportOptions) (Exported, error) {
	if o.Controls == nil {
		o.Controls, o.ControlsName = defaultControls, controlsName
	}
	controls, err := ParseControls(o.ControlsName, o.Controls)
	if err != nil {
		return Exported{}, err
	}
	x := &exporter{o: o, controls: controls, out: archiveWriter{zip: zip.NewWriter(w)}}
	if err := x.run(ctx); err != nil {
		return Exported{}, err
	}
	return Exported{
		First: x.first, Last: x.last, Records: x.last + 1 - x.first, Findings: x.report.Summary.Findings,
		Checkpoints: len(x.points), Sealed: o.Seal != "",
	}, x.out.zip.Close()
}

type exporter struct {
	o        ExportOptions
	controls []Control
	verified Report
	out      archiveWriter

	// Of the scan.
	first, last uint64 // last is first less one where there is no record
	prev, hash  hash   // before the first, of the last
	before      *Event // the policy in force before the first record
	beforeLine  string
	proof       *RecordProof // of that
	policies    []PolicyPeriod
	total       *summariser
	queries     []*summariser // by control

	points []point
	report EvidenceReport
}

func (x *exporter) run(ctx context.Context) error {
	var err error
	if x.verified, err = VerifyWith(x.o.Dir, VerifyOptions{Keys: x.o.Keys}); err != nil {
		return err
	}
	if err := x.scan(ctx); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if b := x.verified.Break; b != nil && (b.Seq == 0 || x.last >= b.Seq || x.last < x.first) {
		return ErrBroken
	}
	for _, step := range []func(context.Context) error{
		x.choosePoints, x.events, x.checkpoints, x.copies, x.proofs, x.sources, x.reports, x.manifest,
	} {
		if err := errors.Join(step(ctx), ctx.Err()); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	return nil
}

// each calls f for every whole record of the trail, but for those written since
// it was verified.
func (x *exporter) each(f func(seg seglog.Segment, seq uint64, prev, line []byte) error) error {
	segs, err := seglog.List(x.o.Dir, prefix)
	if err != nil {
		return err
	}
	for _, s := range segs {
		if err := x.eachIn(s, f); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) eachIn(s seglog.Segment, f func(seglog.Segment, uint64, []byte, []byte) error) error {
	file, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for lines := seglog.NewLines(file, maxLine); ; {
		line, complete, err := lines.Next()
		if err == io.EOF || err == nil && !complete {
			return nil
		}
		if err != nil && err != seglog.ErrLineTooLong {
			return err
		}
		if seq, prev, ok := parseLink(line); ok && (seq <= x.verified.Last || !x.verified.OK) {
			if err := f(s, seq, prev, line); err != nil {
				return err
			}
		}
	}
}

// scan finds the records of the time asked for, and counts them.
func (x *exporter) scan(ctx context.Context) error {
	f := Filter{From: x.o.From, To: x.o.To}
	x.total = newSummariser(f)
	for range x.controls {
		x.queries = append(x.queries, newSummariser(f))
	}
	next := max(1, x.verified.First) // behind the last record before the time
	var marks []Event
	var lines []string
	err := x.each(func(_ seglog.Segment, seq uint64, _, line []byte) error {
		if seq%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil
		}
		if _, ok := policyName(&e); ok {
			marks, lines = append(marks, e), append(lines, string(line))
		}
		switch in := f.selects(&e); {
		case in && x.first == 0:
			x.first, x.last = seq, seq
		case in:
			x.last = seq
		case e.Time.Before(x.o.From) && x.first == 0:
			next = seq + 1
		}
		x.count(&e)
		return nil
	})
	if x.first == 0 {
		x.first, x.last = next, next-1
	}
	for i := range marks {
		x.mark(&marks[i], lines[i])
	}
	return err
}

func (x *exporter) count(e *Event) {
	if !x.total.filter.selects(e) {
		return
	}
	x.total.event(e)
	if e.Note != "" {
		return
	}
	for i := range x.controls {
		if x.controls[i].selects(e) {
			x.queries[i].event(e)
		}
	}
}

// mark sorts a policy's marker: before the first record only the last one counts.
func (x *exporter) mark(e *Event, line string) {
	name, _ := policyName(e)
	p := PolicyPeriod{Since: e.Time, Record: e.Seq, Digest: e.ConfigDigest, File: name}
	switch {
	case e.Seq < x.first:
		x.before, x.beforeLine = e, line
		x.policies = []PolicyPeriod{p}
	case e.Seq <= x.last:
		x.policies = append(x.policies, p)
	}
}

// choosePoints takes the checkpoints from the last one before the records to the
// first one that covers them all, and the newest.
func (x *exporter) choosePoints(context.Context) error {
	all, err := directoryPoints(x.o.Dir)
	if err != nil {
		return err
	}
	from, to := 0, len(all)
	for i, p := range all {
		if p.size < x.first {
			from = i
		}
		if p.size >= x.last && to == len(all) {
			to = i + 1
		}
	}
	x.points = slices.Clone(all[from:to])
	if to < len(all) {
		x.points = append(x.points, all[len(all)-1])
	}
	return nil
}

func (x *exporter) events(context.Context) error {
	var w io.Writer
	var current string
	return x.each(func(s seglog.Segment, seq uint64, prev, line []byte) error {
		if seq == x.first {
			copy(x.prev[:], prev)
		}
		if seq < x.first || seq > x.last {
			return nil
		}
		if name := path.Join(eventsDir, s.Name()); name != current {
			var err error
			if w, err = x.out.create(name); err != nil {
				return err
			}
			current = name
		}
		if seq == x.last {
			x.hash = hashLine(line)
		}
		_, err := w.Write(append(line[:len(line):len(line)], '\n'))
		return err
	})
}

func (x *exporter) checkpoints(context.Context) error {
	for _, p := range x.points {
		c, err := openCheckpoint(p.msg)
		if err = errors.Join(err, p.err); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		x.report.Origin = c.Origin
		x.report.Checkpoints = append(x.report.Checkpoints, CheckpointSummary{File: p.name, Records: c.Size, Root: c.Root.String(), Time: c.Time})
		if err := x.out.add(p.name, p.msg); err != nil {
			return err
		}
	}
	return nil
}

// copies writes the configurations.
func (x *exporter) copies(context.Context) error {
	done := map[string]bool{}
	for _, p := range x.policies {
		if done[p.File] {
			continue
		}
		done[p.File] = true
		text, err := os.ReadFile(filepath.Join(x.o.Dir, filepath.FromSlash(p.File)))
		if err == nil {
			err = x.out.add(p.File, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) proofs(context.Context) error {
	f, n, err := openHashes(x.o.Dir)
	if err != nil {
		return err
	}
	if f == nil || uint64(n)+1 < x.first {
		return errors.New("the tree is not there yet: try again in a moment")
	}
	defer func() { _ = f.Close() }()
	r := hashFile{f}
	var tree frontier
	if err := tree.restore(int64(x.first)-1, r); err != nil {
		return err
	}
	inc := inclusion{Before: tree.subtrees(), BeforeSize: x.first - 1, AfterSize: x.last, Records: []RecordProof{}}
	if x.before != nil {
		proof, err := tlog.ProveRecord(int64(x.first)-1, int64(x.before.Seq)-1, r)
		if err != nil {
			return err
		}
		x.proof = &RecordProof{Record: x.before.Seq, Line: x.beforeLine, Size: x.first - 1, Root: tree.root(), Hashes: proof}
	}
	if err := x.growTree(&tree); err != nil {
		return err
	}
	inc.AfterRoot = tree.root()
	steps, err := x.consistency(r)
	if err != nil {
		return err
	}
	if newest := len(x.points) - 1; newest >= 0 && x.last >= x.first && x.points[newest].size >= x.last {
		size := int64(x.points[newest].size)
		root, err := tlog.TreeHash(size, r)
		if err != nil {
			return err
		}
		for _, seq := range slices.Compact([]uint64{x.first, x.last}) {
			proof, err := tlog.ProveRecord(size, int64(seq)-1, r)
			if err != nil {
				return err
			}
			inc.Records = append(inc.Records, RecordProof{Record: seq, Size: uint64(size), Root: root, Hashes: proof})
		}
	}
	return errors.Join(x.out.addJSON(inclusionName, inc), x.out.addJSON(consistencyName, steps))
}

// growTree adds the records of the archive.
func (x *exporter) growTree(t *frontier) error {
	var buf []tlog.Hash
	err := x.each(func(_ seglog.Segment, seq uint64, _, line []byte) error {
		if seq == uint64(t.n)+1 && seq <= x.last {
			buf = t.add(leafOf(line), buf)
		}
		return nil
	})
	if err == nil && uint64(t.n) != x.last {
		err = errors.New("records are missing")
	}
	return err
}

// consistency proves each checkpoint from the one before, and the first one that
// covers all records from these.
func (x *exporter) consistency(r tlog.HashReader) ([]TreeProof, error) {
	steps := []TreeProof{}
	prove := func(old, size uint64) error {
		if old == 0 || old >= size {
			return nil
		}
		proof, err := tlog.ProveTree(int64(size), int64(old), r)
		steps = append(steps, TreeProof{Old: old, New: size, Hashes: proof})
		return err
	}
	for i, p := range x.points {
		if i > 0 {
			if err := prove(x.points[i-1].size, p.size); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range x.points {
		if p.size > x.last && x.last > 0 {
			return steps, prove(x.last, p.size)
		}
	}
	return steps, nil
}

func (x *exporter) sources(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(x.o.Sources)) {
		e, err := x.o.Sources[name].Evidence(ctx, x.o.From, x.o.To)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, file := range slices.Sorted(maps.Keys(e.Files)) {
			if strings.ContainsAny(file, `/\`) {
				return fmt.Errorf("%s: a file name has a directory", name)
			}
			if err := x.out.add(name+"/"+file, e.Files[file]); err != nil {
				return err
			}
		}
		x.report.Sources = append(x.report.Sources, SourceFigures{name, e.Figures})
	}
	return nil
}

func (x *exporter) reports(context.Context) error {
	r := &x.report
	r.From, r.To, r.First, r.Last, r.Records = x.o.From, x.o.To, x.first, x.last, x.last+1-x.first
	r.Policies, r.Summary, r.Whole = x.policies, x.total.summary(), x.verified.OK
	if r.Policies == nil {
		r.Policies = []PolicyPeriod{}
	}
	if r.Checkpoints == nil {
		r.Checkpoints = []CheckpointSummary{}
	}
	var text bytes.Buffer
	if err := x.verified.WriteText(&text); err != nil {
		return err
	}
	r.Verification, _, _ = strings.Cut(text.String(), "\n")
	summaries := make([]*Summary, len(x.queries))
	for i, q := range x.queries {
		summaries[i] = q.summary()
	}
	r.answer(x.controls, summaries)
	files, err := r.render()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := x.out.add(name, files[name]); err != nil {
			return err
		}
	}
	return errors.Join(x.out.add(controlsName, x.o.Controls), x.out.add(readmeName, []byte(archiveReadme)))
}

func (x *exporter) manifest(context.Context) error {
	x.out.end()
	m := Manifest{
		Format: archiveFormat, Origin: x.report.Origin, From: x.o.From, To: x.o.To, First: x.first, Last: x.last,
		Policy: x.proof, Files: x.out.files,
	}
	if x.last >= x.first {
		m.Prev, m.Hash = string(x.prev[:]), string(x.hash[:])
	}
	data, err := indented(m)
	if err == nil {
		err = x.out.add(manifestName, data)
	}
	if err != nil || x.o.Seal == "" {
		return err
	}
	signer, err := note.NewSigner(x.o.Seal)
	if err != nil {
		return errSecretKey
	}
	seal, err := note.Sign(&note.Note{Text: sealText(data)}, signer)
	if err != nil {
		return errSecretKey
	}
	return x.out.add(sealName, seal)
}
