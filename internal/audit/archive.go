package audit

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	hashing "hash"
	"io"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// An archive is a zip file with records, what proves them, and reports. The same
// trail gives the same bytes.
const (
	archiveFormat   = "redactd evidence 1"
	manifestName    = "manifest.json"
	sealName        = "manifest.note"
	readmeName      = "README.txt"
	inclusionName   = "proofs/inclusion.json"
	consistencyName = "proofs/consistency.json"
	controlsName    = "controls.toml"
	eventsDir       = "events"
	// maxDocument bounds, in bytes, a file of an archive that is read as a whole.
	maxDocument = 64 << 20
)

// Manifest says what an archive is and lists its files.
type Manifest struct {
	Format string    `json:"format"`
	Origin string    `json:"origin,omitempty"`
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
	// First and Last are the numbers of the records in it; Last is First less
	// one where there is none.
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
	Prev  string `json:"prev,omitempty"` // hash of the record before the first
	Hash  string `json:"hash,omitempty"` // of the last record
	// Policy is the marker of the configuration that was in force before the
	// first record.
	Policy *RecordProof   `json:"policy,omitempty"`
	Files  []ManifestFile `json:"files"`
}

// ManifestFile is a file of an archive.
type ManifestFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// RecordProof proves a record to be in the tree of Size records with that root
// (RFC 6962, section 2.1.1).
type RecordProof struct {
	Record uint64      `json:"record"`
	Line   string      `json:"line,omitempty"` // of the record, where it is not in the archive
	Size   uint64      `json:"size"`
	Root   tlog.Hash   `json:"root"`
	Hashes []tlog.Hash `json:"hashes"`
}

// inclusion is proofs/inclusion.json.
type inclusion struct {
	// Before are the complete subtrees over all records before the first one,
	// largest first. With the records of the archive they give every root up to
	// the last one.
	Before     []tlog.Hash   `json:"before"`
	BeforeSize uint64        `json:"before_size"`
	AfterSize  uint64        `json:"after_size"`
	AfterRoot  tlog.Hash     `json:"after_root"`
	Records    []RecordProof `json:"records"`
}

// TreeProof proves the tree of Old records to be the beginning of that of New
// (RFC 6962, section 2.1.2).
type TreeProof struct {
	Old    uint64      `json:"old"`
	New    uint64      `json:"new"`
	Hashes []tlog.Hash `json:"hashes"`
}

// subtrees are the nodes of the frontier, largest first.
func (t *frontier) subtrees() []tlog.Hash {
	nodes := []tlog.Hash{}
	for l := 62; l >= 0; l-- {
		if t.n>>l&1 == 1 {
			nodes = append(nodes, t.node[l])
		}
	}
	return nodes
}

// fromSubtrees makes the frontier of n leaves.
func fromSubtrees(n uint64, nodes []tlog.Hash) (t frontier, ok bool) {
	if n >= 1<<62 {
		return t, false
	}
	t.n = int64(n)
	for l := 62; l >= 0; l-- {
		if t.n>>l&1 == 0 {
			continue
		}
		if len(nodes) == 0 {
			return t, false
		}
		t.node[l], nodes = nodes[0], nodes[1:]
	}
	return t, len(nodes) == 0
}

// archiveWriter writes files and keeps what the manifest says of them.
type archiveWriter struct {
	zip   *zip.Writer
	files []ManifestFile
	open  *archiveFile
}

type archiveFile struct {
	w    io.Writer
	sum  hashing.Hash
	size int64
	name string
}

func (f *archiveFile) Write(p []byte) (int, error) {
	f.sum.Write(p)
	f.size += int64(len(p))
	return f.w.Write(p)
}

// archiveTime is that of all files: no clock may change an archive.
var archiveTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// create begins a file and ends the one before.
func (a *archiveWriter) create(name string) (io.Writer, error) {
	a.end()
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: archiveTime}
	w, err := a.zip.CreateHeader(h)
	if err != nil {
		return nil, err
	}
	a.open = &archiveFile{w: w, sum: sha256.New(), name: name}
	return a.open, nil
}

func (a *archiveWriter) end() {
	if f := a.open; f != nil {
		a.files = append(a.files, ManifestFile{Name: f.name, Size: f.size, SHA256: hex.EncodeToString(f.sum.Sum(nil))})
		a.open = nil
	}
}

func (a *archiveWriter) add(name string, data []byte) error {
	w, err := a.create(name)
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

func (a *archiveWriter) addJSON(name string, v any) error {
	data, err := indented(v)
	if err != nil {
		return err
	}
	return a.add(name, data)
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", " ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

// sealText is what is signed of a manifest. Its second line is no number, so that
// it can't be taken for a checkpoint.
func sealText(manifest []byte) string {
	sum := sha256.Sum256(manifest)
	return archiveFormat + "\nsha256 " + hex.EncodeToString(sum[:]) + "\n"
}

const archiveReadme = `Evidence of redactd

report.html, report.csv, report.json   what was found, and how it answers controls
controls.toml                          which figures answer which control
events/                                the records, one JSON object a line, as they
                                       stand in the audit trail
checkpoints/                           signed statements: so many records, this root
policies/                              configurations that were in force, without secrets
proofs/inclusion.json                  that the records are leaves of the signed tree
proofs/consistency.json                that each checkpoint continues the one before
manifest.json                          SHA-256 of every file
manifest.note                          the manifest's own SHA-256, signed, where the
                                       key was at hand
coverage.json                          what of the traffic was inspected, and what was not
canaries.json                          what became of secrets that redactd sent itself
                                       Both are sums of statements among the records,
                                       and there where there are any.

Checking, without a network:

  redactd audit verify --key PUBLIC-KEY ARCHIVE

Without redactd: each record's "prev" is the SHA-256 of the line before. A leaf is
the SHA-256 of a zero byte and the line, a node that of a one byte and its two
children (RFC 6962). Checkpoints are signed notes (https://c2sp.org/signed-note).
`
