package redact

import (
	"strings"
	"testing"
)

// Each text has a value between « and », which the validator takes or not.
func TestValidatorsInTheirPlace(t *testing.T) {
	for form, tt := range map[string]struct{ valid, invalid []string }{
		"not-id": {
			valid: []string{`token=«x»`, `"client_secret": "«x»"`, `x-api-key: «x»`, `secret_do_not_commit = «x»`, `«x»`, `id «x»`,
				`Android: «x»`, `session_id_token=«x»`},
			invalid: []string{`request_id=«x»`, `"traceId": "«x»"`, `X-Amzn-Trace-Id: «x»`, `"integrity": "sha512-«x»"`,
				`mod v1.2.3 h1:«x»`, `nextPageToken=«x»`, `X-Idempotency-Key: «x»`, `publicKey: '«x»'`, `STRIPE_PUBLISHABLE_KEY=«x»`,
				`ClientRequestToken: «x»`, `<NextToken>«x»</NextToken>`, `hashed_secret="«x»"`, `\"span.id\":\"«x»\"`, `codecov commit=«x»`},
		},
		"not-code": {
			valid: []string{`password=«hunter2», host=db`, `password=«secret)x»)`, `password = «abc» "x"`, `pw=«f(1)x»`, `token=«Zm9v.YmFy»`,
				`password == «hunter2»`},
			invalid: []string{`password = «prompt»("Password:")`, `password = «b»""`, `password = «unquote(password»)`,
				`key=«src[si»]`, `Password: «password»}, opts`, `password=«password», user=user`, `password = «new» Password('x')`,
				`if token == «valid_token»:`, `a.password===«t.password}function»`, `arn:aws:secretsmanager:eu-west-1:123456789012:secret:«prod/db-a1B2c3»`,
				`token = «-0x3f879678»`, `re = «(?:[a-z]+)»`, `Token: «token.Token{Type:» token.STRING`, `password «*jwt.Token»`,
				`pw = «$self->{password}»`, `pw = «$CPAN::Config»`, `colors.token=«#d8dee9»`, `password:«!0»`},
		},
		"not-verdict": {
			valid:   []string{`pass: «hunter2»`, `pass: «secret»`, `user: bob pass: «secret» port: 1`, `"PASS": "«x»"`, `PASS=«x»`},
			invalid: []string{`--- PASS: «TestStore»`, `PASS: «gdb.base/x1.exp:»`, `first pass: «collect» the names`},
		},
		"not-cookie-attribute": {
			valid:   []string{`sid=«x»`, `a=b; xpath=«x»`, `__Host-domain=«x»`, `a!path=«x»`},
			invalid: []string{`a=b; Path=«/»`, `domain=«example.com»`, `a=b;max-age = «60»`},
		},
		"not-version": {
			valid:   []string{`«10.1.2.3»`, `from «10.1.2.3»`, `tcp://«10.1.2.3»`, `(«10.1.2.3»`, `/«10.1.2.3»`},
			invalid: []string{`Version «10.1.2.3»`, `release: "«10.1.2.3»"`, `Chrome/«10.1.2.3»`, `iOS («10.1.2.3»)`, `v «10.1.2.3»`},
		},
		"not-request-target": {
			valid:   []string{`«/app/x.py»`, `open «/app/x.py»`, `file: '«/app/x.py»'`},
			invalid: []string{`Cannot GET «/app/x.py»`, `The requested URL «/app/x.py»`, `"path": "«/app/x.py»"`, `Route GET:«/app/x.py»`},
		},
		"not-binary:0": {
			valid:   []string{`token «EAAAEf3»`, `/«EAAAEf3»`, `https://graph.example.com/v1.0/«EAAAEf3»`},
			invalid: []string{`SYPEYMNIg/oBD4XdDx4AAABB+«EAAAEf3»`, `«EAAAAAAAAf3»`},
		},
	} {
		v, err := parseValidator(form)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		placed := v.(PlaceValidator)
		check := func(marked string, want bool) {
			before, rest, _ := strings.Cut(marked, "«")
			value, after, _ := strings.Cut(rest, "»")
			if got := placed.ValidIn([]byte(value), Place{Before: []byte(before), After: []byte(after)}); got != want {
				t.Errorf("%s of %q: %v, want %v", form, marked, got, want)
			}
		}
		for _, text := range tt.valid {
			check(text, true)
		}
		for _, text := range tt.invalid {
			check(text, false)
		}
	}
}

// A value alone in a field stands under the field's name.
func TestPlaceTakesTheFieldsName(t *testing.T) {
	v, err := parseValidator("not-id")
	if err != nil {
		t.Fatal(err)
	}
	placed := v.(PlaceValidator)
	if placed.ValidIn([]byte("x"), Place{Key: []byte("trace_id")}) {
		t.Error("a trace_id is taken")
	}
	if !placed.ValidIn([]byte("x"), Place{Key: []byte("msg_id"), Before: []byte("got token=")}) {
		t.Error("a token in a field is not taken")
	}
}
