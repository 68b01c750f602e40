package proxy

import (
	"bytes"
	"strings"
)

// reference returns the id under which the operator finds the error at hand: that which
// the upstream gave it, else that of the trace, else that of the request, so that it leads
// to what else is known of it.
func (x *exchange) reference() string {
	if x.fault.ref != "" {
		return x.fault.ref
	}
	ref := ""
	for _, f := range x.inFields {
		if equalFold(f.name, x.fault.policy.cfg.IDHeader) && isReference(f.value) {
			ref = string(f.value)
		}
	}
	if ref == "" || !hexID(ref) && !x.harmless(ref) {
		ref = x.traceID()
	}
	if ref == "" && isReference([]byte(x.id)) {
		ref = x.id
	}
	if ref == "" {
		ref = newRequestID()
	}
	x.fault.ref = ref
	return ref
}

// harmless reports whether no rule finds anything in an id.
func (x *exchange) harmless(id string) bool {
	_, hits, err := x.responseScrubber().Value("header:", []byte(x.fault.policy.cfg.IDHeader), []byte(id))
	return err == nil && len(hits) == 0
}

// traceID returns the id of the trace that the request belongs to, "" without one.
// Sources: W3C Trace Context, section 3.2; B3 propagation (one header or several); AWS
// X-Ray, "Tracing header".
func (x *exchange) traceID() string {
	for _, from := range traceHeaders {
		for _, f := range x.headers {
			if !is(f.name, from.name) {
				continue
			}
			if id := from.id(string(f.value)); isReference([]byte(id)) && strings.Trim(id, "0-") != "" {
				return id
			}
		}
	}
	return ""
}

// spanID returns the id of the span that called, "" without one.
func (x *exchange) spanID() string {
	for _, f := range x.headers {
		if !is(f.name, "traceparent") {
			continue
		}
		if parts := strings.Split(string(f.value), "-"); len(parts) >= 4 && len(parts[2]) == 16 && hexID(parts[2]) {
			return parts[2]
		}
	}
	return ""
}

// traceHeaders say how the id of a trace is read, the best first.
var traceHeaders = []struct {
	name string
	id   func(value string) string
}{
	{"traceparent", func(value string) string {
		if parts := strings.Split(value, "-"); len(parts) >= 4 && len(parts[1]) == 32 && hexID(parts[1]) {
			return parts[1]
		}
		return ""
	}},
	{"b3", func(value string) string {
		id, _, ok := strings.Cut(value, "-")
		if ok && (len(id) == 16 || len(id) == 32) && hexID(id) {
			return id
		}
		return ""
	}},
	{"x-b3-traceid", func(value string) string {
		if (len(value) == 16 || len(value) == 32) && hexID(value) {
			return value
		}
		return ""
	}},
	{"x-amzn-trace-id", func(value string) string {
		for part := range strings.SplitSeq(value, ";") {
			if id, ok := strings.CutPrefix(strings.TrimSpace(part), "Root="); ok && len(id) == 35 && hexID(strings.ReplaceAll(id, "-", "")) {
				return id
			}
		}
		return ""
	}},
}

func hexID(id string) bool { return strings.Trim(id, "0123456789abcdefABCDEF") == "" }

// isReference reports whether an id is fit to be one.
func isReference(id []byte) bool {
	if len(id) < 8 || len(id) > 128 {
		return false
	}
	for _, c := range id {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-_.", c) >= 0) {
			return false
		}
	}
	return true
}

// requestField returns the values of a field of the request, as one list.
func (x *exchange) requestField(lower string) []byte {
	var values [][]byte
	for _, f := range x.headers {
		if is(f.name, lower) {
			values = append(values, f.value)
		}
	}
	return bytes.Join(values, []byte(", "))
}
