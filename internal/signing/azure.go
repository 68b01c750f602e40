package signing

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Azure are credentials of an Azure Storage account or a Log Analytics workspace.
type Azure struct {
	Account string // name of the account, or id of the workspace
	Key     []byte // decoded from base64
}

// NewAzure decodes a key. Its error does not quote it.
func NewAzure(account, key string) (*Azure, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	if err != nil || len(raw) == 0 {
		return nil, errors.New("is not a key in base64")
	}
	return &Azure{account, raw}, nil
}

// storageFields stand in what Azure Storage signs, in this order, by value alone.
// https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-shared-key
var storageFields = []string{
	"content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
	"if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
}

// collector is the path of the HTTP Data Collector API, which signs less.
// https://learn.microsoft.com/en-us/previous-versions/azure/azure-monitor/logs/data-collector-api
const collector = "/api/logs"

// findSharedKey takes the body for covered, though only its length and MD5 are: what
// is signed was meant to arrive as it is.
func findSharedKey(r *Request) *Signature {
	s := &Signature{Scheme: SharedKey, covers: []string{body, path, "content-length", "content-type", "x-ms-date"}}
	if r.Path == collector {
		return s
	}
	s.covers = append(append(s.covers, query), storageFields...)
	s.covers = append(s.covers, msFields(r)...)
	if strings.Contains(strings.ToLower(r.Host), ".table.") {
		s.Scheme = Other // tables are signed in another way
	}
	return s
}

// sign replaces the signature in the Authorization field.
func (a *Azure) sign(r *Request) error {
	length := r.Get("Content-Length")
	if length == "" {
		length = strconv.Itoa(len(r.Body))
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n")
	if r.Path == collector {
		if !r.Has("X-Ms-Date") {
			return errors.New("the request has no x-ms-date")
		}
		b.WriteString(length + "\n" + r.Get("Content-Type") + "\nx-ms-date:" + r.Get("X-Ms-Date") + "\n" + r.Path)
	} else {
		for _, name := range storageFields {
			value := r.Get(name)
			switch {
			case name == "content-length" && value == "0", name == "date" && r.Has("X-Ms-Date"):
				value = ""
			}
			b.WriteString(value + "\n")
		}
		for _, name := range msFields(r) {
			b.WriteString(name + ":" + strings.Join(strings.Fields(r.Get(name)), " ") + "\n")
		}
		b.WriteString(a.resource(r))
	}
	sig := base64.StdEncoding.EncodeToString(mac(a.Key, b.String()))
	r.Set("Authorization", "SharedKey "+a.Account+":"+sig)
	return nil
}

// msFields returns the names of x-ms- fields, sorted.
func msFields(r *Request) []string {
	var names []string
	for _, f := range r.Fields {
		if name := strings.ToLower(f.Name); strings.HasPrefix(name, "x-ms-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// resource returns the canonicalized resource: account and path, and each parameter on
// a line of its own with its values sorted.
func (a *Azure) resource(r *Request) string {
	values := map[string][]string{}
	for _, p := range splitQuery(r.Query) {
		name := strings.ToLower(p.name)
		values[name] = append(values[name], p.value)
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	out := "/" + a.Account + r.Path
	for _, name := range names {
		slices.Sort(values[name])
		out += "\n" + name + ":" + strings.Join(values[name], ",")
	}
	return out
}
