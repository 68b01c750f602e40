//go:build e2e

package e2e

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// hop is redactd between two tees, in a place where it has an upstream.
type hop struct {
	*redactd
	ps          plants
	front, back *tee
	seen        tally
}

// Header fields that belong to one connection or to the hop itself.
var (
	framing     = names("connection content-length transfer-encoding keep-alive")
	hopRequest  = names("connection content-length transfer-encoding keep-alive host expect")
	addedByHop  = names("x-forwarded-for x-forwarded-proto x-forwarded-host x-request-id")
	addedToBack = names("x-request-id")
)

func names(list string) []string { return strings.Fields(list) }

// less returns the fields whose names are not listed.
func less(fields []field, listed []string) []field {
	return slices.DeleteFunc(slices.Clone(fields), func(f field) bool {
		return slices.Contains(listed, strings.ToLower(f.name))
	})
}

// pairs returns what passed both tees since the last call, each exchange of
// the client with that of the upstream that has the same request id.
func (h *hop) pairs(t *testing.T) (front, back []exchange) {
	t.Helper()
	front = h.front.take(t)
	all := h.back.take(t)
	for _, f := range front {
		id := f.response.field("X-Request-Id")
		i := slices.IndexFunc(all, func(b exchange) bool { return id != "" && b.request.field("X-Request-Id") == id })
		if i < 0 {
			t.Fatalf("no request to the upstream for %q", f.request.start)
		}
		back = append(back, all[i])
	}
	if len(front) != len(all) {
		t.Fatalf("%d requests of the client became %d to the upstream", len(front), len(all))
	}
	return front, back
}

// compare holds the last exchange at one side to that at the other and returns
// the findings that they show.
func (h *hop) compare(t *testing.T, front, back exchange) tally {
	t.Helper()
	found := tally{}
	if front.response.start != back.response.start {
		t.Errorf("status line %q became %q", back.response.start, front.response.start)
	}
	found.add(h.fields(t, "request", less(front.request.fields, hopRequest), less(back.request.fields, append(addedByHop, hopRequest...))))
	found.add(h.fields(t, "response", less(back.response.fields, framing), less(front.response.fields, append(addedToBack, framing...))))
	path := front.request.request.URL.Path
	found.add(h.body(t, path, "request body", &front.request, &back.request))
	found.add(h.body(t, path, "response body", &back.response, &front.response))
	h.seen.add(found)
	return found
}

// fields compares header fields: the spelling of names, values, and the order of
// those with the same name. That of others has no meaning (RFC 9110, section 5.3),
// and fasthttp writes some first.
func (h *hop) fields(t *testing.T, where string, before, after []field) tally {
	t.Helper()
	found := tally{}
	before, after = byName(before), byName(after)
	if len(before) != len(after) {
		t.Errorf("%s: header fields %v became %v", where, fieldNames(before), fieldNames(after))
		return found
	}
	for i, b := range before {
		if after[i].name != b.name {
			t.Errorf("%s: header fields %v became %v", where, fieldNames(before), fieldNames(after))
			return found
		}
		if h.belongs(b) {
			if after[i].value != b.value {
				t.Errorf("%s: the credential in %s did not arrive", where, b.name)
			}
			continue
		}
		found.add(h.ps.compare(t, where+" header "+b.name, []byte(b.value), []byte(after[i].value)))
	}
	return found
}

func byName(fields []field) []field {
	return slices.SortedStableFunc(slices.Values(fields), func(a, b field) int {
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
}

// belongs reports whether a field carries a credential that has to arrive.
func (h *hop) belongs(f field) bool {
	return strings.EqualFold(f.name, "Authorization") || strings.EqualFold(f.name, "Cookie")
}

func fieldNames(fields []field) []string {
	var list []string
	for _, f := range fields {
		list = append(list, f.name)
	}
	return list
}

// body compares bodies: byte for byte as they were sent, unless something was
// found in them.
func (h *hop) body(t *testing.T, path, where string, before, after *message) tally {
	t.Helper()
	if bytes.Equal(before.body, after.body) {
		h.ps.absent(t, where, after.body)
		return tally{}
	}
	if b, a := before.field("Content-Encoding"), after.field("Content-Encoding"); a != b {
		t.Errorf("%s: content coding %q became %q", where, b, a)
	}
	found := h.ps.compare(t, where, view(t, path, before), view(t, path, after))
	if len(found) == 0 {
		t.Errorf("%s: changed although nothing was found", where)
	}
	return found
}
