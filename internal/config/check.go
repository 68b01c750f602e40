package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/tomlpos"
)

// check looks at what concerns more than one key. What a single key got wrong
// has been reported already; a value that is missing or unreadable is skipped
// here, so that each mistake gives one error.
func (d *decoder) check() {
	d.checkServer()
	d.checkAdmin()
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Upstreams)) {
		d.checkUpstream(tomlpos.Join("upstream", name), d.cfg.Upstreams[name])
	}
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Secrets)) {
		d.checkSecrets(tomlpos.Join("secret", name), d.cfg.Secrets[name])
	}
	d.checkToken()
	if len(d.cfg.Routes)+len(d.cfg.Listeners) == 0 && !d.failed("route") && !d.failed("listener") {
		d.fail("", "no route is defined ([route.NAME] with an upstream)")
	}
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Routes)) {
		d.checkRoute(tomlpos.Join("route", name), d.cfg.Routes[name])
	}
	d.checkOverlaps()
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Listeners)) {
		d.checkListener(tomlpos.Join("listener", name), d.cfg.Listeners[name])
	}
	d.checkSockets()
	for _, id := range slices.Sorted(maps.Keys(d.cfg.Rules)) {
		if r := d.cfg.Rules[id]; r.Pattern == "" && len(r.Keys) == 0 && !d.failed(tomlpos.Join("rule", id)) {
			d.fail(tomlpos.Join("rule", id), "has neither pattern nor keys (one of them, or both)")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.cfg.Disclosures)) {
		d.checkDisclosure(tomlpos.Join("disclosure", id), d.cfg.Disclosures[id])
	}
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Allow)) {
		d.checkAllow(tomlpos.Join("allow", name), d.cfg.Allow[name])
	}
	d.checkDirs()
	d.checkErrorLog()
	d.checkTracing()
}

// failed reports whether there is an error at key or below it.
func (d *decoder) failed(key string) bool {
	return slices.ContainsFunc(d.errs, func(e Error) bool {
		rest, ok := strings.CutPrefix(e.Key, key)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

func (d *decoder) has(key string) bool {
	_, ok := d.cfg.Positions[key]
	return ok
}

func (d *decoder) checkServer() {
	s := &d.cfg.Server
	d.checkPair("server", s.TLSCert, s.TLSKey)
	switch {
	case s.MaxDecoded >= s.MaxBody:
	case d.has("server.max_decoded"):
		d.fail("server.max_decoded", "%s is less than max_body, which is %s (at least as much)", s.MaxDecoded, s.MaxBody)
	default:
		s.MaxDecoded = s.MaxBody
	}
	s.BufferBody = min(s.BufferBody, s.MaxBody)
}

// checkSockets finds addresses of which only one can be listened at.
func (d *decoder) checkSockets() {
	type place struct{ key, network, addr string }
	places := []place{{"admin.listen", "tcp", d.cfg.Admin.Listen}}
	for i, addr := range d.cfg.Server.Listen {
		places = append(places, place{fmt.Sprintf("server.listen[%d]", i), "tcp", addr})
	}
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Listeners)) {
		for i, text := range d.cfg.Listeners[name].Listen {
			a := ParseAddress(text)
			places = append(places, place{fmt.Sprintf("%s.listen[%d]", tomlpos.Join("listener", name), i), a.Network(), a.Host})
		}
	}
	for i, p := range places {
		for _, q := range places[:i] {
			if p.network == q.network && sameSocket(p.addr, q.addr) {
				d.fail(p.key, "takes the port that %s takes (a port of its own)", q.key)
				break
			}
		}
	}
}

// sameSocket reports whether listening on one address rules out the other.
func sameSocket(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	all := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	return hostA == hostB || all(hostA) || all(hostB)
}

// checkPair looks at a certificate and its key.
func (d *decoder) checkPair(table, cert, key string) { d.checkPairAt(table+".", cert, key) }

// checkPairAt is checkPair for keys that begin with prefix.
func (d *decoder) checkPairAt(prefix, cert, key string) {
	certKey, keyKey := prefix+"tls_cert", prefix+"tls_key"
	switch {
	case d.failed(certKey) || d.failed(keyKey):
	case cert == "" && key == "":
	case cert == "":
		d.fail(keyKey, "has no certificate (tls_cert)")
	case key == "":
		d.fail(certKey, "has no private key (tls_key)")
	default:
		if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
			d.fail(certKey, "does not load together with tls_key: %s", strings.TrimPrefix(reason(err), "tls: "))
		}
	}
}

func (d *decoder) checkUpstream(path string, u *Upstream) {
	switch u.Name {
	case StoreUpstream:
		d.fail(path, "the name is that of the built-in log store (another name; [store] configures the store)")
	case EchoUpstream:
		d.fail(path, "the name is that of the built-in echo (another name)")
	}
	d.checkPair(path, u.TLSCert, u.TLSKey)
	d.checkCA(path+".tls_ca", u.TLSCA, u.InsecureSkipVerify)
	d.checkCredentials(path, u)
	secure := false
	seen := map[string]int{}
	for i, raw := range u.URLs {
		if first, ok := seen[raw]; ok && raw != "" {
			d.fail(fmt.Sprintf("%s.urls[%d]", path, i), "is the same as number %d (each URL once)", first+1)
			continue
		}
		seen[raw] = i
		if p, err := url.Parse(raw); err == nil && p.Scheme == "https" {
			secure = true
		}
	}
	if secure || d.failed(path+".urls") {
		return
	}
	d.noEffect(path, "without an https:// URL in urls", map[string]bool{
		"tls_ca": u.TLSCA != "", "tls_cert": u.TLSCert != "", "tls_key": u.TLSKey != "",
		"tls_server_name": u.TLSServerName != "", "tls_insecure_skip_verify": u.InsecureSkipVerify,
	})
}

// checkCA looks at a file of certificates to trust.
func (d *decoder) checkCA(key, file string, insecure bool) {
	if file == "" || d.failed(key) {
		return
	}
	pem, err := os.ReadFile(file)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		d.fail(key, "holds no certificate (one or more in PEM)")
	}
	if insecure {
		table, _, _ := cutLast(key)
		d.fail(key, "has no effect where %s is on (one of the two)", strings.TrimPrefix(strings.TrimSuffix(key, "tls_ca"), table+".")+"tls_insecure_skip_verify")
	}
}

// noEffect reports the keys of a table that are given and mean nothing there.
func (d *decoder) noEffect(table, why string, given map[string]bool) {
	for name, given := range given {
		if key := table + "." + name; given && !d.failed(key) {
			d.fail(key, "has no effect %s", why)
		}
	}
}

func (d *decoder) checkRoute(path string, r *Route) {
	if u := path + ".upstream"; r.Upstream == StoreUpstream {
		if !d.has(path+".request") && d.cfg.Positions != nil {
			d.fail(path+".request", `is missing, and the store keeps what it gets ("all" to scrub it, "none" to keep it as it comes)`)
		}
	} else if _, ok := d.cfg.Upstreams[r.Upstream]; !ok && r.Upstream != "" && r.Upstream != EchoUpstream && !d.failed(u) {
		d.fail(u, "%sis not defined%s", d.quote(u, r.Upstream),
			suggestOr(d.known(u, r.Upstream), append(slices.Sorted(maps.Keys(d.cfg.Upstreams)), StoreUpstream, EchoUpstream),
				` ([upstream.NAME], "store" for the built-in log store, or "echo")`))
	}
	d.checkSigned(path, r)
	d.checkErrors(path+".errors", r)
	d.checkPolicy(path, &r.Policy)
}

// checkPolicy looks at what routes and listeners have in common.
func (d *decoder) checkPolicy(path string, p *Policy) {
	if len(d.cfg.Token.Keys) > 0 || d.failed("token") {
		return
	}
	const needs = "needs a key ([token] with keys or keys_file)"
	if isToken, _, _ := strings.Cut(p.Action, ":"); isToken == "token" {
		d.fail(path+".action", `"token" %s`, needs)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Actions)) {
		if isToken, _, _ := strings.Cut(p.Actions[name], ":"); isToken == "token" {
			d.fail(tomlpos.Join(path+".actions", name), `"token" %s`, needs)
		}
	}
}

// known returns s where it may be compared with other names in a message, ""
// where it came from the environment.
func (d *decoder) known(path, s string) string {
	if _, ok := d.cfg.written[path]; ok {
		return ""
	}
	return s
}

func suggestOr(word string, names []string, advice string) string {
	if word != "" {
		if s := suggest(word, names); s != "" {
			return s
		}
	}
	return advice
}

// checkOverlaps finds routes of which neither can be told to win.
func (d *decoder) checkOverlaps() {
	names := slices.Sorted(maps.Keys(d.cfg.Routes))
	slices.SortStableFunc(names, func(a, b string) int {
		return d.cfg.Positions[tomlpos.Join("route", a)] - d.cfg.Positions[tomlpos.Join("route", b)]
	})
	for i, b := range names {
		for _, a := range names[:i] {
			if !sameMatch(d.cfg.Routes[a], d.cfg.Routes[b]) || d.failed(tomlpos.Join("route", a)) || d.failed(tomlpos.Join("route", b)) {
				continue
			}
			_, line := d.cfg.Locate("route." + a)
			d.fail(tomlpos.Join("route", b), "matches the same requests as route.%s on line %d (another host, path_prefix or methods)", a, line)
			break
		}
	}
}

// sameMatch reports whether some request is matched by a and b alike.
func sameMatch(a, b *Route) bool {
	share := func(a, b []string) bool {
		return len(a) == 0 && len(b) == 0 ||
			slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
	}
	return a.PathPrefix == b.PathPrefix && share(a.Hosts, b.Hosts) && share(a.Methods, b.Methods)
}

func (d *decoder) checkAllow(path string, a *Allow) {
	if len(a.Values)+len(a.Patterns)+len(a.Paths) == 0 && !d.failed(path) {
		d.fail(path, "would let everything through (at least one of values, patterns and paths; disable_rules of a route switches a rule off)")
	}
	for i, name := range a.Routes {
		key := fmt.Sprintf("%s.routes[%d]", path, i)
		if d.cfg.Routes[name] == nil && d.cfg.Listeners[name] == nil && name != "" && !d.failed(key) {
			names := slices.AppendSeq(slices.Collect(maps.Keys(d.cfg.Routes)), maps.Keys(d.cfg.Listeners))
			d.fail(key, "%sis not a route%s", d.quote(key, name),
				suggestOr(d.known(key, name), slices.Sorted(slices.Values(names)), " (the NAME of a [route.NAME] or [listener.NAME])"))
		}
	}
}

// minKey is the least length of a key in bytes; redact.NewKeyring asks for it.
const minKey = 16

func (d *decoder) checkToken() {
	t := &d.cfg.Token
	const file = "token.keys_file"
	key := func(i int) string { return fmt.Sprintf("token.keys[%d]", i) }
	if t.KeysFile != "" && !d.failed(file) {
		if len(t.Keys) > 0 {
			d.fail(file, "stands beside keys (one of the two)")
			return
		}
		keys, err := readKeys(t.KeysFile)
		if err != nil {
			d.fail(file, "cannot be read: %s", reason(err))
			return
		}
		if len(keys) == 0 {
			d.fail(file, "names a file without a key (one key a line)")
		}
		t.Keys = keys
		key = func(int) string { return file }
	}
	for i, k := range t.Keys {
		if d.failed(key(i)) {
			continue
		}
		if len(k) < minKey {
			d.fail(key(i), "key %d is shorter than %d bytes (32 random bytes, in hex or base64)", i+1, minKey)
		} else if first := slices.Index(t.Keys, k); first < i {
			d.fail(key(i), "key %d is the same as key %d (each key once)", i+1, first+1)
		}
	}
}

// readKeys reads one key a line, without blank lines and lines that begin
// with "#".
func readKeys(path string) ([]Secret, error) {
	data, err := readWhole(path)
	if err != nil {
		return nil, err
	}
	var keys []Secret
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			keys = append(keys, Secret(line))
		}
	}
	clear(data)
	return keys, nil
}

func (d *decoder) checkDirs() {
	audit, store := d.cfg.Audit.Dir, d.cfg.Store.Dir
	if d.cfg.Audit.Required && audit == "" {
		d.fail("audit.required", "wants a trail that is off (set audit.dir)")
	}
	if d.cfg.Audit.CheckpointKey != "" && audit == "" {
		d.fail("audit.checkpoint_key", "wants a trail that is off (set audit.dir)")
	}
	if audit != "" && audit == store {
		d.fail("store.dir", "is also audit.dir (a directory of its own)")
	}
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Routes)) {
		if d.cfg.Routes[name].Upstream == StoreUpstream && store == "" {
			d.fail("store.dir", "is empty, and route.%s leads to the store", name)
			return
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Listeners)) {
		if d.cfg.Listeners[name].Upstream == StoreUpstream && store == "" {
			d.fail("store.dir", "is empty, and listener.%s leads to the store", name)
			return
		}
	}
}
