package gate

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/config"
)

// proxy is one that has had people log in.
type proxy struct {
	trust             []netip.Prefix
	user, groups      string // names of headers
	separator         string
	viewers, operator []string
}

func newProxy(c *config.AdminProxy) (*proxy, error) {
	p := &proxy{
		user: c.UserHeader, groups: c.GroupsHeader, separator: c.GroupSeparator,
		viewers: c.Viewers, operator: c.Operators,
	}
	for _, text := range c.Trust {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, errors.New("a network of admin.proxy is none")
		}
		p.trust = append(p.trust, n.Masked())
	}
	return p, nil
}

func (p *proxy) trusts(peer netip.Addr) bool {
	return slices.ContainsFunc(p.trust, func(n netip.Prefix) bool { return n.Contains(peer) })
}

// everybody is the group of all that the proxy lets through.
const everybody = "*"

// maxName bounds, in bytes, who somebody says they are.
const maxName = 200

var errProxyHeaders = errors.New("the proxy's headers do not say who asks")

// identify returns who the proxy says is asking, ok = false if it says nothing. Headers
// that can be read in two ways are an error: one of two may be the client's own.
func (p *proxy) identify(h http.Header) (name string, role Role, ok bool, err error) {
	users, groups := h.Values(p.user), h.Values(p.groups)
	switch {
	case len(users) == 0:
		return "", Nobody, false, nil
	case len(users) > 1 || len(groups) > 1 || !plainName(users[0]):
		return "", Nobody, false, errProxyHeaders
	}
	role = p.role("")
	if len(groups) == 1 {
		for group := range strings.SplitSeq(groups[0], p.separator) {
			role = max(role, p.role(strings.TrimSpace(group)))
		}
	}
	return users[0], role, true, nil
}

// role returns what members of a group may do; "" is of no group.
func (p *proxy) role(group string) Role {
	in := func(list []string) bool {
		return slices.Contains(list, everybody) || group != "" && group != everybody && slices.Contains(list, group)
	}
	switch {
	case in(p.operator):
		return Operator
	case in(p.viewers):
		return Viewer
	}
	return Nobody
}

// plainName reports whether s may be shown and written down as a name.
func plainName(s string) bool {
	return s != "" && len(s) <= maxName && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}
