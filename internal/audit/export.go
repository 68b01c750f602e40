package audit

import (
	"archive/zip"
	"bytes"
	"context"
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
	queries     []*query      // different ones
	answers     []*summariser // by control, of queries or total
	stated      map[string]statedEvidence

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
		x.choosePoints, x.events, x.checkpoints, x.copies, x.proofs, x.reports, x.manifest,
	} {
		if err := errors.Join(step(ctx), ctx.Err()); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
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
	if err := x.statements(); err != nil {
		return err
	}
	summaries := make([]*Summary, len(x.answers))
	for i, s := range x.answers {
		summaries[i] = s.summary()
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
