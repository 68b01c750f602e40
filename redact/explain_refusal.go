package redact

import (
	"fmt"
	"strings"
)

// measures tell what validators with a number measure.
var measures = map[string]func(value []byte) string{
	"entropy":      func(v []byte) string { return fmt.Sprintf("entropy %.2f", Entropy(v)) },
	"rarity":       func(v []byte) string { return fmt.Sprintf("rarity %.2f", Rarity(v)) },
	"min-distinct": func(v []byte) string { return fmt.Sprintf("%d different bytes", distinct(v)) },
}

// refusals tell in words why validators refuse.
var refusals = map[string]string{
	"not-placeholder":      "is a placeholder, a mask or a template variable",
	"not-masked":           "is a mask or stands in for a secret",
	"not-example":          "is an example or a word that is no password",
	"not-name":             "is the name of a credential",
	"not-code":             "is code: a reference, a call or what stands between strings",
	"not-count":            "is a small number",
	"not-slug":             "is a name of words and ids, as Kubernetes makes them",
	"not-time":             "is a date, a version or an address",
	"not-dsn":              "is a URL or a list of pairs, whose password has a rule of its own",
	"not-predicate":        "is a word that says something of a password",
	"not-message":          "is a sentence",
	"not-word":             "is a word or an identifier",
	"not-path":             "is a path or an address",
	"not-id":               "stands under the name of an identifier, a digest, a measure or something public",
	"not-public":           "is a certificate, a public key or encrypted",
	"not-remark":           "is a word of a sentence about the field",
	"not-cookie-attribute": "is an attribute of a cookie",
	"not-verdict":          "is what a report says of a test or a step",
	"not-binary":           "is a piece of binary data in base64",
	"not-uuid":             "is a UUID",
	"not-hex":              "is hexadecimal, as hashes and ids are",
	"has-digit":            "has no digit",
	"has-letter":           "has no letter",
	"mixed":                "has one kind of character only",
	"card-prefix":          "has the prefix of no card network",
	"base64-json":          "does not begin with a JSON object in base64",
}

// checksums are the validators that compute check digits.
var checksums = map[string]bool{"luhn": true, "mod97": true, "national": true, "ssn": true, "bitcoin": true}

// refusal says why a validator, as a rule names it, refuses value. It holds no byte
// of value.
func refusal(validator string, value []byte) string {
	name, arg, _ := strings.Cut(validator, ":")
	if measure, ok := measures[name]; ok {
		return measure(value) + ", below " + arg
	}
	if why, ok := refusals[name]; ok {
		return why
	}
	if checksums[name] {
		return "check digits are wrong (" + validator + ")"
	}
	return "validator " + validator + " refuses it"
}
