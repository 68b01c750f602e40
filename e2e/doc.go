// Package e2e holds redactd to its promises with real programs around it:
// Django with Django REST Framework, the Elasticsearch clients for Python and
// Go, an OpenSearch node, and Python's logging. Its tests have the build tag e2e
// and are run by
//
//	./e2e/run
//
// which installs what they need under .cache/e2e, builds redactd and starts
// them. Nothing but the loopback interface is used once that is installed.
//
// Each test puts a tee on either side of redactd, so that what a program sent
// is compared byte by byte with what came out:
//
//	client -> tee -> redactd -> tee -> server
//
// Secrets are made at run time. After every test none of them may be found in
// anything redactd sent, stored, logged or showed, and its metrics and audit
// trail must have exactly the findings that the outputs show.
package e2e
