// Package safebody writes safe bodies: what stands in place of the whole body
// of an error response. A safe body tells the caller what happened and what to
// do in plain words, and gives a reference under which the operator finds the
// original; it tells nothing of the inside of the service.
//
// Words:
//
//   - kind: what a body is written in: JSON, HTML, plain text or XML.
//   - shape: the members that a JSON body has (problem, drf, graphql, grpc-json,
//     or a template of the operator's).
//   - offer: a media type that a kind can be sent as.
//   - message: the words for one status in one language: title (the phrase of
//     the status), heading (what happened, a sentence without its full stop) and
//     advice (what the caller can do). The detail is heading and advice.
//   - template: text with placeholders, {{detail}}, whose values are escaped for
//     where they stand.
//
// Everything is built by [New]; what is left for a response is to choose a kind
// and a language and to append some twenty pieces. Sources: RFC 9110 (12.5.1
// Accept, 12.5.4 Accept-Language, 15.5 and 15.6 status codes), RFC 9457 (problem
// details), RFC 3986 (what may stand in the instance).
package safebody
