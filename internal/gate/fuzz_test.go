package gate

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
)

// FuzzLocalPath asks that wherever a log-in leads is of this server, also for browsers,
// which take a backslash for a slash and leave out tabs and line ends.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/leaks?state=open", "//evil.example", `/\evil.example`, "/\t/evil.example", "https://evil.example", "/%2f%2fevil.example", "/a/..//evil.example", "/./\\evil.example"} {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "redactd.example", Path: "/login"}
	f.Fuzz(func(t *testing.T, s string) {
		got := localPath(s)
		to, err := base.Parse(got)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || to.User != nil {
			t.Fatalf("%q leads to %q: %v", s, got, err)
		}
		seen := strings.NewReplacer("\\", "/", "\t", "", "\n", "", "\r", "").Replace(got)
		if !strings.HasPrefix(seen, "/") || strings.HasPrefix(seen, "//") {
			t.Fatalf("%q leads to %q, which browsers read as %q", s, got, seen)
		}
		if again := localPath(got); again != got {
			t.Fatalf("%q leads to %q, and that to %q", s, got, again)
		}
	})
}

// FuzzProxyHeaders asks that no header makes somebody an operator who is in no group of
// theirs, and that whoever comes through has a name that can be written down.
func FuzzProxyHeaders(f *testing.F) {
	for _, s := range [][2]string{{"ada", "staff,sre"}, {"ada", "sre2"}, {"eve\n", "sre"}, {"eve", "*"}, {"", "sre"}, {"eve", " sre ,"}, {"eve", "s\u0131re"}} {
		f.Add(s[0], s[1])
	}
	p, err := newProxy(&config.AdminProxy{
		Trust: []string{"192.0.2.10/32"}, UserHeader: "X-Forwarded-User", GroupsHeader: "X-Forwarded-Groups", GroupSeparator: ",",
		Viewers: []string{"staff"}, Operators: []string{"sre"},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, user, groups string) {
		h := http.Header{}
		h.Set("X-Forwarded-User", user)
		h.Set("X-Forwarded-Groups", groups)
		name, role, ok, err := p.identify(h)
		if ok != (err == nil) || ok && (name != user || !plainName(name) || len(name) > maxName) {
			t.Fatalf("%q: %q %v %v", user, name, ok, err)
		}
		in := func(group string) bool {
			for _, one := range strings.Split(groups, ",") {
				if strings.TrimSpace(one) == group {
					return true
				}
			}
			return false
		}
		want := Nobody
		switch {
		case !ok:
		case in("sre"):
			want = Operator
		case in("staff"):
			want = Viewer
		}
		if role != want {
			t.Fatalf("%q is %s, not %s", groups, role, want)
		}
	})
}
