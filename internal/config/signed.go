package config

import (
	"encoding/base64"
	"strings"
)

// scopeName checks a name that goes into signatures: of a region, a service or an
// account.
func scopeName(s string) string {
	for _, c := range s {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return "is not a name (letters, digits and dashes)"
		}
	}
	return ""
}

// checkCredentials reads the credentials of an upstream and looks at what they mean
// together.
func (d *decoder) checkCredentials(path string, u *Upstream) {
	given := u.AWSAccessKeyID != "" || u.AWSSecretAccessKey != "" || u.AWSSessionToken != ""
	file := path + ".aws_credentials_file"
	switch {
	case d.failed(path):
		return
	case u.AWSCredentialsFile != "" && given:
		d.fail(file, "stands beside keys (one of the two)")
		return
	case u.AWSCredentialsFile != "":
		d.readCredentials(file, u)
	case given && u.AWSAccessKeyID == "":
		d.fail(path, "has AWS credentials without aws_access_key_id")
	case given && u.AWSSecretAccessKey == "":
		d.fail(path+".aws_access_key_id", "has no secret (aws_secret_access_key)")
	case !given:
		d.noEffect(path, "without credentials (aws_access_key_id or aws_credentials_file)", map[string]bool{
			"aws_region": u.AWSRegion != "", "aws_service": u.AWSService != "",
		})
	}
	d.checkAzure(path, u)
	if u.signs() && !d.failed(path) && !d.resigned(u.Name) {
		d.fail(path, `has credentials to sign with that no route uses (signed = "resign" on a route that leads here)`)
	}
}

// signs reports whether there are credentials to sign requests with.
func (u *Upstream) signs() bool { return u.AWSAccessKeyID != "" || u.AzureAccount != "" }

// resigned reports whether a route to that upstream signs anew.
func (d *decoder) resigned(upstream string) bool {
	for _, r := range d.cfg.Routes {
		if r.Upstream == upstream && r.Signed == SignedResign {
			return true
		}
	}
	return d.failed("route")
}

// readCredentials reads a file as the tools of AWS keep it: [profile] and name = value.
// The profile "default" is taken, or the first.
func (d *decoder) readCredentials(key string, u *Upstream) {
	data, err := readWhole(u.AWSCredentialsFile)
	if err != nil {
		d.fail(key, "cannot be read: %s", reason(err))
		return
	}
	defer clear(data)
	profiles, first, profile := map[string]map[string]string{}, "", ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			profile = strings.TrimSpace(strings.TrimSuffix(name, "]"))
			if first == "" {
				first = profile
			}
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || line[0] == '#' || line[0] == ';' {
			continue
		}
		if profiles[profile] == nil {
			profiles[profile] = map[string]string{}
		}
		profiles[profile][strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	p := profiles["default"]
	if p == nil {
		p = profiles[first]
	}
	u.AWSAccessKeyID, u.AWSSecretAccessKey = Secret(p["aws_access_key_id"]), Secret(p["aws_secret_access_key"])
	u.AWSSessionToken = Secret(p["aws_session_token"])
	if u.AWSAccessKeyID == "" || u.AWSSecretAccessKey == "" {
		d.fail(key, "names a file without aws_access_key_id and aws_secret_access_key ([default], and a line for each)")
	}
}

func (d *decoder) checkAzure(path string, u *Upstream) {
	key := path + ".azure_shared_key"
	if u.AzureSharedKeyFile != "" {
		if u.AzureSharedKey != "" {
			d.fail(key+"_file", "stands beside azure_shared_key (one of the two)")
			return
		}
		key += "_file"
		data, err := readWhole(u.AzureSharedKeyFile)
		if err != nil {
			d.fail(key, "cannot be read: %s", reason(err))
			return
		}
		u.AzureSharedKey = Secret(strings.TrimSpace(string(data)))
		clear(data)
	}
	switch raw, err := base64.StdEncoding.DecodeString(string(u.AzureSharedKey)); {
	case u.AzureAccount == "" && u.AzureSharedKey == "" && u.AzureSharedKeyFile == "":
	case u.AzureAccount == "":
		d.fail(key, "has no account (azure_account)")
	case u.AzureSharedKey == "" && u.AzureSharedKeyFile == "":
		d.fail(path+".azure_account", "has no key (azure_shared_key or azure_shared_key_file)")
	case err != nil || len(raw) == 0:
		d.fail(key, "is not a key in base64 (as Azure shows it)")
	}
}

// checkSigned asks that a route that signs anew has what it takes.
func (d *decoder) checkSigned(path string, r *Route) {
	key := path + ".signed"
	if r.Signed != SignedResign || d.failed(path) {
		return
	}
	u := d.cfg.Upstreams[r.Upstream]
	switch {
	case u == nil:
		d.fail(key, `"resign" has no meaning with the built-in upstream %s (an [upstream.NAME] with credentials)`, r.Upstream)
	case !u.signs() && !d.failed("upstream."+r.Upstream):
		d.fail(key, `"resign" needs credentials (aws_access_key_id or azure_account of upstream.%s)`, r.Upstream)
	}
}
