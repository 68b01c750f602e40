package audit

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/redactd/redactd/internal/seglog"
)

// ArchiveReport is what Verify found of an archive beside its records.
type ArchiveReport struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Sealed says that the manifest, and with it every file, is signed by a key
	// that was given.
	Sealed bool `json:"sealed"`
	Files  int  `json:"files"`
	// Unchecked are checkpoints kept elsewhere about which the archive says
	// nothing.
	Unchecked []string `json:"unchecked,omitempty"`
}

// write tells of the archive.
func (a *ArchiveReport) write(printf func(string, ...any)) {
	if a == nil {
		return
	}
	if a.Sealed {
		printf("%d files are as they were exported, sealed by the key\n", a.Files)
	} else {
		printf("%d files fit the manifest, whose seal was not checked (--key)\n", a.Files)
	}
	for _, name := range a.Unchecked {
		printf("note: %s is of a time that the archive does not reach to\n", name)
	}
}

// ErrNoArchive says that a file is not an archive of redactd.
var ErrNoArchive = errors.New("audit: this is no evidence archive")

// VerifyArchive reads an archive and proves its records, checkpoints and files
// whole, or names the first place at which they are not. With keys, it must be
// sealed by one of them. The error is for what is no archive at all.
func VerifyArchive(r io.ReaderAt, size int64, o VerifyOptions) (Report, error) {
	keys, err := o.verifiers()
	if err != nil {
		return Report{}, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return Report{}, ErrNoArchive
	}
	v := &archiveVerifier{keys: keys, files: map[string]*zip.File{}}
	if b := v.index(z); b != nil {
		return broken(b), nil
	}
	if v.files[manifestName] == nil {
		return Report{}, ErrNoArchive
	}
	rep := v.run(o.Checkpoints)
	rep.Archive = &v.rep
	rep.OK = rep.Break == nil
	return rep, nil
}

func broken(b *Break) Report { return Report{Break: b} }

type archiveVerifier struct {
	keys     []note.Verifier
	files    map[string]*zip.File
	manifest Manifest
	proofs   inclusion
	steps    []TreeProof
	rep      ArchiveReport
}

// index takes the files by name. Twice the same name, or a name that unpacks to
// somewhere else, could show one file to us and another to a reader.
func (v *archiveVerifier) index(z *zip.Reader) *Break {
	for _, f := range z.File {
		if v.files[f.Name] != nil {
			return &Break{File: f.Name, Fault: Duplicated, Detail: "the archive has two files of this name"}
		}
		if strings.Contains(f.Name, `\`) || strings.Contains(f.Name, "..") || strings.HasPrefix(f.Name, "/") {
			return &Break{File: f.Name, Fault: Edited, Detail: "redactd writes no such name"}
		}
		v.files[f.Name] = f
	}
	if z.Comment != "" {
		return &Break{File: manifestName, Fault: Edited, Detail: "the archive has a comment, which redactd does not write"}
	}
	return nil
}

func (v *archiveVerifier) run(external map[string][]byte) Report {
	if b := v.documents(); b != nil {
		return broken(b)
	}
	rep, err := v.records(external)
	if err != nil {
		name := manifestName
		if c := (*corrupt)(nil); errors.As(err, &c) {
			name = c.name
		}
		return broken(&Break{File: name, Fault: Edited, Detail: "the file cannot be read"})
	}
	if b := rep.Break; b != nil {
		if _, ok := seglog.ParseName(prefix, b.File); ok {
			b.File = eventsDir + "/" + b.File
		}
	}
	if rep.Break == nil {
		rep.Break = v.consistency()
	}
	if rep.Break == nil {
		rep.Break = v.inclusions()
	}
	if rep.Break == nil {
		rep.Break = v.sums()
	}
	return rep
}

// corrupt is a file of the archive that cannot be read.
type corrupt struct{ name string }

func (c *corrupt) Error() string { return c.name + " cannot be read" }

// open opens a file.
func (v *archiveVerifier) open(name string) (io.ReadCloser, error) {
	f := v.files[name]
	if f == nil {
		return nil, &corrupt{name}
	}
	r, err := f.Open()
	if err != nil {
		return nil, &corrupt{name}
	}
	return r, nil
}

// read returns a whole file.
func (v *archiveVerifier) read(name string) ([]byte, error) {
	r, err := v.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil || len(data) > maxDocument {
		return nil, &corrupt{name}
	}
	return data, nil
}

// documents reads what the archive says of itself.
func (v *archiveVerifier) documents() *Break {
	for _, doc := range []struct {
		name string
		into any
	}{{manifestName, &v.manifest}, {inclusionName, &v.proofs}, {consistencyName, &v.steps}} {
		data, err := v.read(doc.name)
		if err != nil {
			return &Break{File: doc.name, Fault: Deleted, Detail: "the file is missing or cannot be read"}
		}
		if json.Unmarshal(data, doc.into) != nil {
			return &Break{File: doc.name, Fault: Edited, Detail: "the file is not as redactd writes it"}
		}
		if again, err := indented(doc.into); err != nil || !bytes.Equal(again, data) {
			return &Break{File: doc.name, Fault: Edited, Detail: "the file is not as redactd writes it"}
		}
	}
	m := &v.manifest
	if m.Format != archiveFormat || m.First == 0 || m.Last >= 1<<62 || m.Last+1 < m.First ||
		v.proofs.BeforeSize != m.First-1 || v.proofs.AfterSize != m.Last {
		return &Break{File: manifestName, Fault: Edited, Detail: "it does not say what redactd would"}
	}
	v.rep.From, v.rep.To = m.From, m.To
	return v.seal()
}

// seal checks the signature over the manifest.
func (v *archiveVerifier) seal() *Break {
	if len(v.keys) == 0 {
		return nil
	}
	data, err := v.read(manifestName)
	if err != nil {
		return &Break{File: manifestName, Fault: Edited, Detail: "the file cannot be read"}
	}
	seal, err := v.read(sealName)
	if err != nil {
		return &Break{File: sealName, Fault: Deleted, Detail: "the archive is not sealed by the key"}
	}
	n, err := note.Open(seal, note.VerifierList(v.keys...))
	if err != nil {
		return &Break{File: sealName, Fault: Replaced, Detail: "the archive is not sealed by the key"}
	}
	if n.Text != sealText(data) {
		return &Break{File: manifestName, Fault: Edited, Detail: "it is not the manifest that was sealed"}
	}
	v.rep.Sealed = true
	return nil
}

// named returns the files below a directory, in order.
func (v *archiveVerifier) named(dir string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		if strings.HasPrefix(name, dir+"/") {
			names = append(names, name)
		}
	}
	return names
}

// records proves the chain, and the tree over it with all checkpoints it reaches.
func (v *archiveVerifier) records(external map[string][]byte) (Report, error) {
	m := &v.manifest
	points, b := v.points(external)
	if b != nil {
		return broken(b), nil
	}
	tree := newTreeCheck(v.keys, points)
	var ok bool
	if tree.real, ok = fromSubtrees(m.First-1, v.proofs.Before); !ok {
		return broken(&Break{File: inclusionName, Fault: Edited, Detail: "there are not the subtrees before the first record"}), nil
	}
	w := verifier{tree: tree, hasHead: true, open: v.openSegment, policy: v.read}
	w.head.first = m.First
	if m.Last >= m.First {
		w.head.last.seq = m.Last
		copy(w.head.last.hash[:], m.Hash)
		copy(w.prev[:], m.Prev)
		w.hasPrev = m.First > 1
	}
	for _, name := range v.named(eventsDir) {
		s, ok := seglog.ParseName(prefix, strings.TrimPrefix(name, eventsDir+"/"))
		if !ok {
			return broken(&Break{File: name, Fault: Edited, Detail: "redactd writes no such name"}), nil
		}
		w.segs = append(w.segs, s)
	}
	slices.SortFunc(w.segs, func(a, b seglog.Segment) int { return strings.Compare(a.Path, b.Path) })
	tree.reached()
	rep, err := w.run(nil)
	if err != nil {
		return rep, err
	}
	if rep.Break == nil && rep.Torn > 0 {
		rep.Break = &Break{File: w.segs[len(w.segs)-1].Path, Seq: m.Last + 1, Fault: Edited, Detail: "there is more behind the last record"}
	}
	if rep.Break == nil && rep.Last != m.Last && m.Last >= m.First {
		rep.Break = &Break{File: w.segs[len(w.segs)-1].Path, Seq: m.Last + 1, Fault: Edited, Detail: fmt.Sprintf("there are records behind number %d, the last one", m.Last)}
	}
	if rep.Break == nil && tree.real.root() != v.proofs.AfterRoot {
		rep.Break = &Break{File: inclusionName, Seq: m.Last, Fault: Edited, Detail: "the records do not give the root that is named"}
	}
	return rep, nil
}

func (v *archiveVerifier) openSegment(s seglog.Segment) (io.ReadCloser, error) {
	name := eventsDir + "/" + s.Path
	r, err := v.open(name)
	if err != nil {
		return nil, err
	}
	return archived{r, name}, nil
}

// archived names the file whose checksum does not hold.
type archived struct {
	io.ReadCloser
	name string
}

func (a archived) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = &corrupt{a.name}
	}
	return n, err
}
