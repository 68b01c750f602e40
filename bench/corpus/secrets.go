package corpus

import "encoding/base64"

const (
	digits = "0123456789"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	alnum  = digits + upper + lower
)

// secretForms make a piece of text that holds a secret, and the secret, in forms
// that need no escape in JSON.
var secretForms = []func(g *gen) (text, secret string){
	func(g *gen) (string, string) {
		s := "gh" + "p_" + g.chars(alnum, 36)
		return "cloning with " + s, s
	},
	func(g *gen) (string, string) {
		s := "AKI" + "A" + g.chars(upper+"234567", 16)
		return "aws access key " + s, s
	},
	func(g *gen) (string, string) {
		s := g.chars(alnum, 20)
		return "connecting to postgres://app:" + s + "@db.internal:5432/shop", s
	},
	func(g *gen) (string, string) {
		part := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
		s := part(`{"alg":"HS256","typ":"JWT"}`) + "." + part(`{"sub":"`+g.chars(digits, 10)+`","iat":1763798400}`) + "." + g.chars(alnum+"-_", 43)
		return "authorization: Bearer " + s, s
	},
	func(g *gen) (string, string) {
		s := g.chars(alnum, 24)
		return "login failed for admin password=" + s, s
	},
	func(g *gen) (string, string) {
		s := "sk_" + "live_" + g.chars(alnum, 24)
		return "charge refused for key " + s, s
	},
}

// plant appends a secret to the line that ends dst: to the end of a text line,
// in a field of a JSON object.
func (g *gen) plant(dst []byte, json bool) (line, secret []byte) {
	text, s := secretForms[g.IntN(len(secretForms))](g)
	if json {
		dst = append(dst[:len(dst)-1], `,"detail":"`+text+`"}`...)
	} else {
		dst = append(dst, " "+text...)
	}
	return dst, []byte(s)
}
