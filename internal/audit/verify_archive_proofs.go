package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/redactd/redactd/internal/seglog"
)

// points are the checkpoints that the records reach; those before and behind are
// held together by proofs of consistency.
func (v *archiveVerifier) points(external map[string][]byte) ([]point, *Break) {
	var points []point
	for i, name := range v.named(checkpointDir) {
		msg, err := v.read(name)
		c, cerr := openCheckpoint(msg)
		if err != nil || cerr != nil || "/"+name != checkpointPath("/", c.Size) {
			return nil, &Break{File: name, Seq: c.Size, Fault: Replaced, Detail: "it is no checkpoint, or not that of its name"}
		}
		p := point{name: name, size: c.Size, msg: msg, loose: i == 0}
		if c.Size < v.manifest.First-1 || c.Size > v.manifest.Last {
			p.loose = true
			if b := v.outside(p); b != nil {
				return nil, b
			}
			continue
		}
		points = append(points, p)
	}
	if len(points) > 0 {
		points[0].loose = true
	}
	for _, name := range slices.Sorted(maps.Keys(external)) {
		p := externalPoint(name, external[name])
		if p.err == nil && (p.size < v.manifest.First-1 || p.size > v.manifest.Last) {
			if b := v.externalOutside(p); b != nil {
				return nil, b
			}
			continue
		}
		points = append(points, p)
	}
	return points, nil
}

// outside checks all of a checkpoint but its root.
func (v *archiveVerifier) outside(p point) *Break {
	t := newTreeCheck(v.keys, nil)
	t.open(p)
	return t.fault
}

// externalOutside holds a checkpoint kept elsewhere against the one of the same
// size in the archive.
func (v *archiveVerifier) externalOutside(p point) *Break {
	if b := v.outside(p); b != nil {
		return b
	}
	mine, err := v.read(strings.TrimPrefix(checkpointPath("/", p.size), "/"))
	if err != nil {
		v.rep.Unchecked = append(v.rep.Unchecked, p.name)
		return nil
	}
	a, errA := openCheckpoint(mine)
	b, errB := openCheckpoint(p.msg)
	if errA != nil || errB != nil || a.Root != b.Root {
		return &Break{File: p.name, Seq: p.size, Fault: Replaced, Detail: "the archive has another checkpoint of as many records"}
	}
	return nil
}

// consistency proves that the checkpoints are of one tree, which the records are
// of, too.
func (v *archiveVerifier) consistency() *Break {
	type known struct {
		size uint64
		root tlog.Hash
		name string
	}
	var chain []known
	for _, name := range v.named(checkpointDir) {
		msg, err := v.read(name)
		if err != nil {
			return &Break{File: name, Fault: Edited, Detail: "the file cannot be read"}
		}
		c, err := openCheckpoint(msg)
		if err != nil {
			return &Break{File: name, Fault: Edited, Detail: "it is no checkpoint"}
		}
		chain = append(chain, known{c.Size, c.Root, name})
	}
	var want []TreeProof
	check := func(old, size known) *Break {
		if old.size == 0 || old.size >= size.size {
			return nil
		}
		i := len(want)
		want = append(want, TreeProof{Old: old.size, New: size.size})
		if i >= len(v.steps) || v.steps[i].Old != old.size || v.steps[i].New != size.size {
			return &Break{File: consistencyName, Seq: size.size, Fault: Deleted, Detail: "a proof is missing"}
		}
		if tlog.CheckTree(v.steps[i].Hashes, int64(size.size), size.root, int64(old.size), old.root) != nil {
			return &Break{File: size.name, Seq: size.size, Fault: Replaced, Detail: fmt.Sprintf("it does not continue the tree of %d records", old.size)}
		}
		return nil
	}
	for i := 1; i < len(chain); i++ {
		if b := check(chain[i-1], chain[i]); b != nil {
			return b
		}
	}
	for _, k := range chain {
		if k.size > v.manifest.Last && v.manifest.Last > 0 {
			if b := check(known{v.manifest.Last, v.proofs.AfterRoot, ""}, k); b != nil {
				return b
			}
			break
		}
	}
	if len(v.steps) != len(want) {
		return &Break{File: consistencyName, Fault: Edited, Detail: "there are proofs of something else"}
	}
	return nil
}

// inclusions checks the proofs of single records.
func (v *archiveVerifier) inclusions() *Break {
	bad := func(file string, seq uint64) *Break {
		return &Break{File: file, Seq: seq, Fault: Edited, Detail: "the proof of the record does not hold"}
	}
	if p := v.manifest.Policy; p != nil {
		before, _ := fromSubtrees(v.manifest.First-1, v.proofs.Before)
		seq, _, ok := parseLink([]byte(p.Line))
		if !ok || seq != p.Record || p.Record == 0 || p.Size != v.manifest.First-1 || p.Root != before.root() ||
			tlog.CheckRecord(p.Hashes, int64(p.Size), p.Root, int64(p.Record)-1, leafOf([]byte(p.Line))) != nil {
			return bad(manifestName, p.Record)
		}
		var e Event
		if json.Unmarshal([]byte(p.Line), &e) != nil {
			return bad(manifestName, p.Record)
		}
		w := verifier{policy: v.read}
		if b := w.checkPolicy(&e); b != nil {
			return b
		}
	}
	if len(v.proofs.Records) == 0 {
		return nil
	}
	lines, err := v.ends()
	if err != nil {
		return bad(inclusionName, v.manifest.First)
	}
	for _, p := range v.proofs.Records {
		line, ok := lines[p.Record]
		c, err := v.read(strings.TrimPrefix(checkpointPath("/", p.Size), "/"))
		if !ok || err != nil {
			return bad(inclusionName, p.Record)
		}
		cp, err := openCheckpoint(c)
		if err != nil || cp.Root != p.Root ||
			tlog.CheckRecord(p.Hashes, int64(p.Size), p.Root, int64(p.Record)-1, leafOf([]byte(line))) != nil {
			return bad(inclusionName, p.Record)
		}
	}
	return nil
}

// ends returns the first and the last line of the records, by number.
func (v *archiveVerifier) ends() (map[uint64]string, error) {
	found := map[uint64]string{}
	names := v.named(eventsDir)
	if len(names) == 0 {
		return nil, errors.New("no records")
	}
	for _, name := range slices.Compact([]string{names[0], names[len(names)-1]}) {
		s, _ := seglog.ParseName(prefix, strings.TrimPrefix(name, eventsDir+"/"))
		r, err := v.openSegment(s)
		if err != nil {
			return nil, err
		}
		for lines := seglog.NewLines(r, maxLine); ; {
			line, _, err := lines.Next()
			if err != nil {
				_ = r.Close()
				if err == io.EOF {
					break
				}
				return nil, err
			}
			if seq, _, ok := parseLink(line); ok && (seq == v.manifest.First || seq == v.manifest.Last) {
				found[seq] = string(line)
			}
		}
	}
	return found, nil
}

// sums holds every file against the manifest.
func (v *archiveVerifier) sums() *Break {
	listed := map[string]bool{manifestName: true, sealName: true}
	for _, f := range v.manifest.Files {
		if listed[f.Name] {
			return &Break{File: manifestName, Fault: Edited, Detail: "it names a file twice"}
		}
		listed[f.Name] = true
		if v.files[f.Name] == nil {
			return &Break{File: f.Name, Fault: Deleted, Detail: "the file is missing"}
		}
		if !v.holds(f) {
			return &Break{File: f.Name, Fault: Edited, Detail: "the file is not the one that was exported"}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		if !listed[name] {
			return &Break{File: name, Fault: Edited, Detail: "the file was added"}
		}
	}
	v.rep.Files = len(v.manifest.Files)
	return nil
}

func (v *archiveVerifier) holds(f ManifestFile) bool {
	r, err := v.files[f.Name].Open()
	if err != nil {
		return false
	}
	defer func() { _ = r.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(r, f.Size+1))
	return err == nil && n == f.Size && hex.EncodeToString(sum.Sum(nil)) == f.SHA256
}
