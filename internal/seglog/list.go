package seglog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	stampLayout = "20060102T150405Z"
	suffix      = ".ndjson"
)

// Segment names one file of a directory.
type Segment struct {
	Path    string
	Number  uint64    // counts from 1 and never comes back
	Created time.Time // UTC, to the second
}

// Name returns the file name without its directory.
func (s Segment) Name() string { return filepath.Base(s.Path) }

func segmentName(prefix string, number uint64, created time.Time) string {
	return fmt.Sprintf("%s-%08d-%s%s", prefix, number, created.UTC().Format(stampLayout), suffix)
}

func parseName(prefix, name string) (Segment, bool) {
	rest, ok := strings.CutPrefix(name, prefix+"-")
	if !ok {
		return Segment{}, false
	}
	rest, ok = strings.CutSuffix(rest, suffix)
	if !ok {
		return Segment{}, false
	}
	num, stamp, ok := strings.Cut(rest, "-")
	if !ok {
		return Segment{}, false
	}
	n, err := strconv.ParseUint(num, 10, 64)
	if err != nil || n == 0 {
		return Segment{}, false
	}
	created, err := time.Parse(stampLayout, stamp)
	if err != nil || segmentName(prefix, n, created) != name {
		return Segment{}, false
	}
	return Segment{Number: n, Created: created}, true
}

// ParseName reads the name of a segment's file. Path is the name.
func ParseName(prefix, name string) (Segment, bool) {
	s, ok := parseName(prefix, name)
	s.Path = name
	return s, ok
}

// List returns the segments of dir that carry the prefix, oldest first. A
// directory that does not exist has none. Other files are left out.
func List(dir, prefix string) ([]Segment, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var segs []Segment
	for _, e := range entries {
		s, ok := parseName(prefix, e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		s.Path = filepath.Join(dir, e.Name())
		segs = append(segs, s)
	}
	sort.Slice(segs, func(i, j int) bool { return segs[i].Number < segs[j].Number })
	for i := 1; i < len(segs); i++ {
		if segs[i].Number == segs[i-1].Number {
			return nil, fmt.Errorf("seglog: two segments with number %d in %s", segs[i].Number, dir)
		}
	}
	return segs, nil
}
