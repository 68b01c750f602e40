package ownsecrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/redactd/redactd/internal/config"
)

func init() {
	register("command", func(s *config.Secrets, _ *Options) source { return &commandSource{s} })
}

// commandSource is what a program prints.
type commandSource struct{ cfg *config.Secrets }

func (c *commandSource) read(ctx context.Context, yield func(string, []byte)) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.cfg.Timeout))
	defer cancel()
	cmd := exec.CommandContext(ctx, c.cfg.Command[0], c.cfg.Command[1:]...)
	cmd.WaitDelay = time.Second
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return errors.New("the command does not start")
	}
	// What it started may go on, with its output open.
	stop := context.AfterFunc(ctx, func() { pipe.Close() })
	data, readErr := readAll(pipe)
	defer func() { clear(data) }()
	late := ctx.Err() != nil
	stop()
	if readErr != nil {
		cancel() // it would wait for somebody to read the rest
	}
	err = cmd.Wait()
	switch {
	case late || readErr == nil && ctx.Err() != nil:
		return errors.New("the command took longer than its timeout")
	case readErr != nil:
		return readErr
	case err != nil:
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			return fmt.Errorf("the command ended with exit code %d", exit.ExitCode())
		}
		return errors.New("the command failed")
	}
	format := c.cfg.Format
	if format == "" {
		format = config.FormatLines
	}
	return formats[format](data, filepath.Base(c.cfg.Command[0]), c.cfg, yield)
}

func (c *commandSource) files() []string { return nil }
func (c *commandSource) remote() bool    { return true }

var errTooLarge = fmt.Errorf("what it gives is larger than %d MiB", maxAnswer>>20)

// readAll reads r to its end, up to maxAnswer bytes, and wipes what it outgrows.
func readAll(r io.Reader) ([]byte, error) {
	data := make([]byte, 0, 16<<10)
	for {
		if len(data) == cap(data) {
			if len(data) >= maxAnswer {
				clear(data)
				return nil, errTooLarge
			}
			grown := make([]byte, len(data), 2*cap(data))
			copy(grown, data)
			clear(data)
			data = grown
		}
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			clear(data)
			return nil, err
		}
	}
}
