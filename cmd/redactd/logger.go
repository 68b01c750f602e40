package main

import (
	"io"
	"log/slog"
	"net"
)

// newLogger returns the logger of serve.
func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var o slog.HandlerOptions
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, usagef("--log-level: %q is no level (debug, info, warn or error)", level)
	}
	o.Level, o.ReplaceAttr = least, logAttr
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, &o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, &o)), nil
	}
	return nil, usagef("--log-format: %q is no format (text or json)", format)
}

// logAttr writes addresses as text, which scripts can read back.
func logAttr(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case net.Addr:
		return slog.String(a.Key, v.String())
	case []net.Addr:
		text := make([]string, len(v))
		for i, addr := range v {
			text[i] = addr.String()
		}
		return slog.Any(a.Key, text)
	}
	return a
}
