package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// checkAnswer holds what a client got on a connection that ends after one answer to the
// letter of RFC 9112, by a parser of its own and by the standard library's.
func checkAnswer(t testing.TB, what, got string) {
	t.Helper()
	if err := strictAnswer(got); err != nil {
		t.Fatalf("%s: %v in %.2000q", what, err, got)
	}
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
	if err != nil {
		t.Fatalf("%s: %v in %.2000q", what, err, got)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
}

// strictAnswer reads one answer to a GET up to the end of got. An answer that is broken off
// is none that is complete: it may end early, in the middle of what it announced.
func strictAnswer(got string) error {
	head, body, ok := strings.Cut(got, "\r\n\r\n")
	if !ok {
		return errors.New("no end of the header")
	}
	lines := strings.Split(head, "\r\n")
	if !strings.HasPrefix(lines[0], "HTTP/1.1 ") || len(lines[0]) < 13 || lines[0][12] != ' ' {
		return fmt.Errorf("status line %q", lines[0])
	}
	status, err := strconv.Atoi(lines[0][9:12])
	if err != nil || status < 200 {
		return fmt.Errorf("status line %q", lines[0])
	}
	length, chunked := -1, false
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t\r\n\"(),/:;<=>?@[\\]{}") || strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("field line %q", line)
		}
		switch value = strings.TrimSpace(value); strings.ToLower(name) {
		case "content-length":
			n, err := strconv.ParseUint(value, 10, 62)
			if err != nil || length >= 0 || chunked {
				return fmt.Errorf("framed twice or badly: %q", head)
			}
			length = int(n)
		case "transfer-encoding":
			if value != "chunked" || chunked || length >= 0 {
				return fmt.Errorf("framed twice or badly: %q", head)
			}
			chunked = true
		}
	}
	switch {
	case status == 204 || status == 304:
		if body != "" || chunked {
			return fmt.Errorf("a body under %d: %q", status, body)
		}
	case chunked:
		return strictChunks(body)
	case length < 0:
		return errors.New("an answer without a length")
	case len(body) > length:
		return fmt.Errorf("%d bytes behind the body", len(body)-length)
	}
	return nil
}

func strictChunks(body string) error {
	for body != "" {
		line, rest, ok := strings.Cut(body, "\r\n")
		if !ok {
			return nil // broken off
		}
		n, err := strconv.ParseUint(line, 16, 40)
		if err != nil {
			return fmt.Errorf("chunk size %q", line)
		}
		if n == 0 {
			if rest != "\r\n" && rest != "" {
				return fmt.Errorf("%q behind the last chunk", rest)
			}
			return nil
		}
		if uint64(len(rest)) < n+2 {
			return nil // broken off
		}
		if rest[n:n+2] != "\r\n" {
			return errors.New("no end of a chunk")
		}
		body = rest[n+2:]
	}
	return nil
}
