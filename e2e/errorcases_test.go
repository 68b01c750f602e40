//go:build e2e

package e2e

import "strings"

// errorCase is a request to which every application of errorApps answers with
// an error.
type errorCase struct {
	name, method, path string
	json               string // body; {name} stands for what is planted under that name
	errorAnswer
}

func (c errorCase) body(ps errorPlants) string {
	return strings.ReplaceAll(c.json, "{row email}", ps.disclosures.value("row email"))
}

// errorAnswer is what is said of an answer.
type errorAnswer struct {
	status int
	// kept are words for the caller, which arrive as they are.
	kept []string
	// fields are header fields that arrive as they are.
	fields []string
}

const statement = "SELECT id, margin_cents FROM customer_ledger"

// innerNames are names of tables and columns.
var innerNames = []string{"shop_customer", "customer_ledger", "margin_cents", "INSERT INTO"}

const customer = `{"email":"{row email}"}`

var errorCases = []errorCase{
	{"unhandled", "GET", "/invoices/7/settle", "", errorAnswer{status: 500}},
	{"database-down", "GET", "/reports/daily", "", errorAnswer{status: 500}},
	{"unavailable", "GET", "/health", "", errorAnswer{status: 503, fields: []string{"Retry-After: 30"}}},
	{"constraint", "POST", "/customers", customer, errorAnswer{status: 500}},
	{"conflict", "POST", "/customers/import", customer, errorAnswer{status: 409, kept: []string{"duplicate"}}},
	{"not-found-page", "GET", "/no/such/page", "", errorAnswer{status: 404}},
	{"not-found", "GET", "/invoices/999", "", errorAnswer{status: 404, kept: []string{"Invoice 999 does not exist."}}},
	{"handled", "GET", "/invoices/7/export", "", errorAnswer{status: 500}},
	{"validation", "POST", "/orders", `{"quantity":11,"currency":"GBP"}`, errorAnswer{status: 400}},
	{"forbidden", "GET", "/admin/ledger", "", errorAnswer{status: 403, kept: []string{"Only accountants may open the ledger."}}},
	{"forbidden-page", "GET", "/admin/console", "", errorAnswer{status: 403}},
	{"unauthorized", "GET", "/me", "", errorAnswer{status: 401, kept: []string{"Your session has expired. Please sign in again."},
		fields: []string{`WWW-Authenticate: Bearer realm="shop", error="invalid_token"`}}},
	{"rate-limited", "GET", "/limited", "", errorAnswer{status: 429, kept: []string{"17 seconds."}, fields: []string{"Retry-After: 17"}}},
}

type accept struct{ name, value string }

// errorAccepts are the values of Accept that each is asked with.
var errorAccepts = []accept{{"html", "text/html"}, {"json", "application/json"}, {"any", "*/*"}}

// errorPlants are the secrets of an application and what else of its inside its
// answers may tell.
type errorPlants struct {
	secrets     plants
	disclosures plants
}

func newErrorPlants() errorPlants {
	return errorPlants{
		secrets: plants{
			passwordIn("database password", "postgres-url"),
			githubToken("deploy token"),
			webToken("session token"),
			passwordIn("secret key", "django-secret-key"),
			credential("own password"),
			{"session cookie", random(32, alnum), nil},
		},
		disclosures: plants{
			{name: "host", value: "db-" + random(6, "abcdefghijkmnpqrstuvwxyz") + "-3.internal"},
			{name: "private address", value: "10.20.31." + random(2, "123456789")},
			{name: "row email", value: random(8, "abcdefghijkmnpqrstuvwxyz") + "@example.net"},
			{name: "statement", value: statement},
		},
	}
}

// capturedPlants are those of captures: the same every time, and nothing that
// looks like a live token.
func capturedPlants() errorPlants {
	return errorPlants{
		secrets: plants{
			{name: "database password", value: "hunter-Fake-42x"},
			{name: "deploy token", value: "Fake-deploy-token-77"},
			{name: "session token", value: "Fake-session-token-78"},
			{name: "secret key", value: "Fake-secret-key-79-that-is-long-enough-for-all"},
		},
		disclosures: plants{
			{name: "host", value: "db-prod-3.internal"},
			{name: "private address", value: "10.20.30.40"},
			{name: "row email", value: "jane.roe@example.net"},
			{name: "statement", value: statement},
		},
	}
}

func (ps errorPlants) environment() []string {
	return []string{
		"DATABASE_URL=postgres://shop:" + ps.secrets.value("database password") + "@" + ps.disclosures.value("host") + ":5432/shop",
		"REPLICA=" + ps.disclosures.value("private address") + ":5432",
		"DEPLOY_CREDENTIAL=" + ps.secrets.value("deploy token"),
		"SESSION_CREDENTIAL=" + ps.secrets.value("session token"),
		"SECRET_KEY=" + ps.secrets.value("secret key"),
		"ROW_EMAIL=" + ps.disclosures.value("row email"),
	}
}
