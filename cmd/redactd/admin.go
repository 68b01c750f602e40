package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func newAdmin(e *env) *cobra.Command {
	return e.group(&cobra.Command{
		Use:   "admin",
		Short: "Give people and programs a way into the admin listener",
		Long: `Give people and programs a way into the admin listener: its metrics, its
console and its API.`,
		Example: `  redactd admin token`,
	}, newAdminToken(e))
}

// tokenPrefix makes tokens of redactd known by their looks.
const tokenPrefix = "redactd_"

func newAdminToken(e *env) *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Make a token for the admin listener",
		Long: `Make a token for the admin listener, and print it with its SHA-256.

The token is for whoever logs in: it is 256 random bits, is shown once and kept
nowhere. Its SHA-256 is for the configuration, as sha256 of an
[admin.token.NAME]; who reads it there can not log in with it.

With --stdin the token is the first line of the standard input, and not printed:
for one that was made elsewhere.`,
		Example: `  redactd admin token
  redactd admin token --stdin < token.txt`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  printed", "1  there is nothing to read"),
		RunE: e.runs(func(*cobra.Command, []string) error {
			if stdin {
				token, err := firstLine(e.stdin)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(e.stdout, "sha256  %s\n", hashOf(token))
				return err
			}
			token := tokenPrefix + rand.Text() + rand.Text()
			_, err := fmt.Fprintf(e.stdout, "token   %s\nsha256  %s\n", token, hashOf(token))
			return err
		}),
	}
	cmd.Flags().BoolVar(&stdin, "stdin", false, "read the token from the standard input")
	return cmd
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// firstLine returns the first line of r without blanks around it.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 64<<10)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	if line = strings.TrimSpace(line); line == "" {
		return "", fmt.Errorf("the first line of the standard input is empty")
	}
	return line, nil
}
