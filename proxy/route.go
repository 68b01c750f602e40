package proxy

import (
	"bytes"
	"sort"
	"strings"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
)

// matcher finds the route of a request. It is immutable.
type matcher struct{ routes []*route }

// newMatcher sorts routes so that the first that fits is the one meant: a host
// beats none and an exact host a wildcard, then the longest prefix, then one
// with methods. The name decides last, so that the order never hangs on a map.
func newMatcher(routes []*route) *matcher {
	sort.Slice(routes, func(i, j int) bool {
		a, b := routes[i], routes[j]
		if x, y := hostRank(a.cfg), hostRank(b.cfg); x != y {
			return x > y
		}
		if x, y := len(a.cfg.PathPrefix), len(b.cfg.PathPrefix); x != y {
			return x > y
		}
		if x, y := len(a.cfg.Methods) > 0, len(b.cfg.Methods) > 0; x != y {
			return x
		}
		return a.name < b.name
	})
	return &matcher{routes}
}

func hostRank(r *config.Route) int {
	rank := 0
	for _, h := range r.Hosts {
		if strings.HasPrefix(h, "*.") {
			rank = max(rank, 1)
		} else {
			rank = 2
		}
	}
	return rank
}

// match returns the route for a request, nil if there is none. A path can be
// spelled in ways that servers read differently (//, %2e%2e, %2F, ;x); where the
// plain reading and the spelling as it came lead to different routes, the
// stricter one is taken, so that no spelling gets around a policy.
func (m *matcher) match(host, method, rawPath []byte) *route {
	plain, same := plainPath(rawPath)
	r := m.find(host, method, plain)
	if !same {
		r = stricter(r, m.find(host, method, rawPath))
	}
	if bytes.IndexByte(rawPath, ';') >= 0 {
		plain, _ = plainPath(withoutParams(rawPath))
		r = stricter(r, m.find(host, method, plain))
	}
	return r
}

// stricter returns b if a is nil or b scrubs more.
func stricter(a, b *route) *route {
	if a == nil || (b != nil && b.strictness() > a.strictness()) {
		return b
	}
	return a
}

// withoutParams returns path without what follows a semicolon in its segments,
// as servlet containers read it before they resolve dot segments.
func withoutParams(path []byte) []byte {
	out := make([]byte, 0, len(path))
	param := false
	for _, c := range path {
		param = c == ';' || param && c != '/'
		if !param {
			out = append(out, c)
		}
	}
	return out
}

func (m *matcher) find(host, method, path []byte) *route {
	for _, r := range m.routes {
		if r.fits(host, method, path) {
			return r
		}
	}
	return nil
}

func (r *route) fits(host, method, path []byte) bool {
	return prefixFits(r.cfg.PathPrefix, path) && hostFits(r.cfg.Hosts, host) && methodFits(r.cfg.Methods, method)
}

// prefixFits compares whole segments: "/api" fits "/api" and "/api/x", not "/apix".
func prefixFits(prefix string, path []byte) bool {
	if len(path) < len(prefix) || string(path[:len(prefix)]) != prefix {
		return false
	}
	return prefix == "" || prefix[len(prefix)-1] == '/' || len(path) == len(prefix) || path[len(prefix)] == '/'
}

func hostFits(hosts []string, host []byte) bool {
	if len(hosts) == 0 {
		return true
	}
	for _, h := range hosts {
		if suffix, ok := strings.CutPrefix(h, "*"); ok {
			if len(host) > len(suffix) && bytes.EqualFold(host[len(host)-len(suffix):], []byte(suffix)) {
				return true
			}
		} else if strings.EqualFold(h, string(host)) {
			return true
		}
	}
	return false
}

func methodFits(methods []string, method []byte) bool {
	if len(methods) == 0 {
		return true
	}
	for _, m := range methods {
		if m == string(method) {
			return true
		}
	}
	return false
}

// strictness orders routes by how much they scrub.
func (r *route) strictness() int {
	scope := map[config.Scope]int{config.ScopeErrors: 1, config.ScopeLogs: 1, config.ScopeAll: 2}
	n := scope[r.cfg.Request]*4 + scope[r.cfg.Response]*4
	if r.cfg.Mode != config.ModeShadow {
		n *= 2
	}
	if r.cfg.OnFailure != config.FailPass {
		n++
	}
	return n
}

// plainPath returns path as a server that normalises would read it: percent
// escapes undone, runs of slashes joined, dot segments resolved. same reports
// that nothing had to be done; the result is then path itself.
func plainPath(path []byte) (plain []byte, same bool) {
	if isPlain(path) {
		return path, true
	}
	b := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if c := path[i]; c == '%' && i+2 < len(path) && codec.HexValue(path[i+1]) >= 0 && codec.HexValue(path[i+2]) >= 0 {
			b = append(b, byte(codec.HexValue(path[i+1])<<4|codec.HexValue(path[i+2])))
			i += 2
		} else {
			b = append(b, c)
		}
	}
	var out [][]byte
	segments := bytes.Split(bytes.ReplaceAll(b, []byte{'\\'}, []byte{'/'}), []byte{'/'})
	for i, seg := range segments {
		switch {
		case len(seg) == 0 || string(seg) == ".":
			if i == len(segments)-1 {
				out = append(out, nil)
			}
		case string(seg) == "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
			if i == len(segments)-1 {
				out = append(out, nil)
			}
		default:
			out = append(out, seg)
		}
	}
	return append([]byte{'/'}, bytes.Join(out, []byte{'/'})...), false
}

// isPlain reports whether path holds nothing that plainPath would change.
func isPlain(path []byte) bool {
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	for i, c := range path {
		switch c {
		case '%', '\\':
			return false
		case '/':
			if i+1 < len(path) && (path[i+1] == '/' || path[i+1] == '.') {
				return false
			}
		}
	}
	return true
}
