package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func init() { RegisterAnchor("git", newGitAnchor) }

// gitAnchor commits each checkpoint into a repository on this machine, with the
// git command. Its hooks run, so that one of them may push.
type gitAnchor struct{ dir string }

func newGitAnchor(o AnchorOptions) (Anchor, error) {
	if o.Path == "" || o.URL != "" {
		return nil, errors.New("an anchor of kind git has the path of a repository and no url")
	}
	return gitAnchor{o.Path}, nil
}

func (a gitAnchor) Keep(ctx context.Context, c Anchored) error {
	name := c.fileName() + checkpointSuffix
	if _, err := os.Stat(a.dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(a.dir, name), c.Signed, 0o644); err != nil {
		return err
	}
	if err := a.git(ctx, "add", "--", name); err != nil {
		return err
	}
	if a.git(ctx, "diff", "--cached", "--quiet", "--", name) == nil {
		return nil // it is there already
	}
	return a.git(ctx, "-c", "user.name=redactd", "-c", "user.email=redactd@localhost", "-c", "commit.gpgsign=false",
		"commit", "--quiet", "-m", fmt.Sprintf("%s: %d records", c.Origin, c.Size), "--", name)
}

// git runs one command. What it prints is not shown: a hook may print anything.
func (a gitAnchor) git(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", a.dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
	// Killed, it would leave its lock behind.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("git %s: %w", gitVerb(args), err)
	}
	return nil
}

func gitVerb(args []string) string {
	for len(args) > 2 && args[0] == "-c" {
		args = args[2:]
	}
	return args[0]
}
