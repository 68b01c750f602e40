// Package gate stands before the admin listener and says who asks and what they may do.
//
// Terminology:
//
//   - identity: who asks, how that is known, and their role
//   - role: what somebody may do: metrics, viewer, operator; each may do what those
//     before it may
//   - need: what a path asks of who wants it
//   - rules: who has which role, compiled from one configuration; immutable, and
//     replaced as a whole by a reload
//   - session: what a log-in page leaves behind in a browser: a cookie with a random id
//
// An identity comes from, in this order, the first that is there:
//
//	Authorization: Bearer   a token; a wrong one is refused, whatever else is there
//	session cookie          a token that was typed into the log-in page
//	client certificate      verified against the CA in force
//	proxy's header          from the proxy's networks alone
//	nothing                 "local" of a loopback listener, or anonymous
//
// Who asks is found out anew for each request, from the rules in force: a token or a
// certificate that a reload takes away is worth nothing from then on, nor are sessions
// that came of it.
//
// Requests of foreign pages are refused by http.CrossOriginProtection, and forms have to
// bring a token that only redactd's own pages know. Nothing here keeps or logs a token, a
// cookie or what was typed.
package gate
