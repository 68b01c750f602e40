//go:build e2e

package e2e

import (
	"encoding/json"
	"os/exec"
)

// graphql returns a request with a query.
func graphql(name, query string, answer errorAnswer) errorCase {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		panic(err)
	}
	return errorCase{name, "POST", "/graphql", string(body), answer}
}

// Errors of GraphQL come with a status of success, beside the data that there is.
func init() {
	errorApps = append(errorApps, errorApp{
		name: "graphql", kit: "graphql", jsonOnly: true,
		command: func(_ kit, addr string, _ bool) *exec.Cmd {
			return inDirectory(errorAppDir("graphql"), "node", "app.js", addr)
		},
		env:       nodeEnvironment,
		internals: []string{"chargeLedger", "readReport", "node_modules", "app.js"},
		own: []errorCase{
			graphql("unhandled", "{ settle(number: 7) open }", errorAnswer{status: 200, kept: []string{`"open":3`, `"settle":null`, `"path":["settle"]`}}),
			graphql("database-down", "{ report open }", errorAnswer{status: 200, kept: []string{`"open":3`}}),
			graphql("handled", "{ margin }", errorAnswer{status: 200}),
			graphql("constraint", `mutation { createCustomer(email: "{row email}") }`, errorAnswer{status: 200}),
			graphql("not-found", "{ invoice(number: 999) }", errorAnswer{status: 200, kept: []string{"Invoice 999 does not exist.", `"code":"NOT_FOUND"`}}),
			graphql("forbidden", "{ ledger }", errorAnswer{status: 200, kept: []string{"Only accountants may open the ledger.", `"code":"FORBIDDEN"`}}),
			graphql("validation", "mutation { order(quantity: 11) }", errorAnswer{status: 200,
				kept: []string{"The order has mistakes.", "11 is more than the 10 that we have."}}),
			graphql("unknown-field", "{ margins }", errorAnswer{status: 400, kept: []string{`Cannot query field "margins" on type "Query".`}}),
			graphql("syntax", "{ open", errorAnswer{status: 400, kept: []string{`Syntax Error: Expected Name, found <EOF>.`}}),
		},
	})
}
