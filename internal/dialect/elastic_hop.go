package dialect

import (
	"net/http"
	"slices"
)

// Intake takes documents for records. All else sets the backend up or asks it, and is
// meant for it as it is: the body of a search, a template, the password of a user.
func (elastic) Intake(r *Request) bool {
	p := parseElasticPath(r.Path)
	switch p.api {
	case "_bulk", "_doc", "_create", "_update":
		return isPost(r.Method)
	case "_monitoring":
		return isPost(r.Method) && slices.Contains(p.rest, "bulk")
	}
	return false
}

// Tells is true of bulk requests, whose answer has an item for each action, and of those
// that change many documents, which list their failures.
func (elastic) Tells(r *Request) bool {
	if !isPost(r.Method) {
		return false
	}
	switch parseElasticPath(r.Path).api {
	case "_bulk", "_monitoring", "_update_by_query", "_delete_by_query", "_reindex":
		return true
	}
	return false
}

// NamesNodes is true of the calls by which clients sniff: /_nodes/http,
// /_nodes/_all/http, /_nodes/http,settings, and of the information about nodes at all,
// since all of it has the addresses.
func (elastic) NamesNodes(r *Request) bool {
	if r.Method != http.MethodGet && !isPost(r.Method) {
		return false
	}
	p := parseElasticPath(r.Path)
	return p.api == "_nodes" && !slices.ContainsFunc(p.rest, func(s string) bool {
		return s == "stats" || s == "usage" || s == "hot_threads" || s == "reload_secure_settings"
	})
}
