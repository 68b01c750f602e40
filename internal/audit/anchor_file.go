package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func init() { RegisterAnchor("file", newFileAnchor) }

// fileAnchor keeps each checkpoint as a file of its own, in a directory that is
// best on another volume.
type fileAnchor struct{ dir string }

func newFileAnchor(o AnchorOptions) (Anchor, error) {
	if o.Path == "" || o.URL != "" {
		return nil, errors.New("an anchor of kind file has a path and no url")
	}
	return fileAnchor{o.Path}, nil
}

func (a fileAnchor) Keep(_ context.Context, c Anchored) error {
	// Its parent must be there: an unmounted volume is not replaced by a directory.
	if err := os.Mkdir(a.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	err := writeOnce(filepath.Join(a.dir, c.fileName(), fmt.Sprintf("%012d%s", c.Size, checkpointSuffix)), c.Signed)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}
