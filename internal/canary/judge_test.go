package canary

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

// quoted is a secret with what formats escape.
const quoted = `va"lue/with+many=bytes`

func TestJudge(t *testing.T) {
	list := []Canary{
		{Rule: "a", Text: "key " + quoted + " used", Secrets: []string{quoted}, Fresh: true},
		{Rule: "b", Text: "pin 4711", Secrets: []string{"4711"}},
	}
	f := registry["http-json"]
	body := func(a, b string) string {
		out, err := f.Write([]Canary{{Text: a}, {Text: b}})
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	clean := body("key [REDACTED:a] used", "pin [REDACTED:b]")
	expect := func(rule string) Outcome {
		return map[string]Outcome{"off": Off, "shadow": Shadow}[rule]
	}
	for _, tt := range []struct {
		name string
		a    Arrival
		want []Outcome
	}{
		{"clean", Arrival{Body: []byte(clean)}, []Outcome{Clean, Clean}},
		{"as it was", Arrival{Body: []byte(body(list[0].Text, list[1].Text))}, []Outcome{Leaked, Leaked}},
		{"in another record", Arrival{Body: []byte(body("", "pin [REDACTED:b] "+quoted))}, []Outcome{Leaked, Clean}},
		{"what is not fresh stands elsewhere by chance", Arrival{Body: []byte(body("4711", ""))}, []Outcome{Clean, Clean}},
		{"percent-encoded", Arrival{Body: []byte(body("k="+url.QueryEscape(quoted), ""))}, []Outcome{Leaked, Clean}},
		{"hexadecimal", Arrival{Body: []byte(body(hex.EncodeToString([]byte(quoted)), ""))}, []Outcome{Leaked, Clean}},
		{"base64", Arrival{Body: []byte(body(base64.StdEncoding.EncodeToString([]byte(quoted)), ""))}, []Outcome{Leaked, Clean}},
		{"base64, shifted by one", Arrival{Body: []byte(body(base64.StdEncoding.EncodeToString([]byte("x"+quoted+"yz")), ""))}, []Outcome{Leaked, Clean}},
		{"base64, shifted by two", Arrival{Body: []byte(body(base64.StdEncoding.EncodeToString([]byte("xx"+quoted+"y")), ""))}, []Outcome{Leaked, Clean}},
		{"beside the records", Arrival{Body: []byte(clean + `{"copy":"` + strings.ReplaceAll(quoted, `"`, `\"`) + `"}`)}, []Outcome{Leaked, Clean}},
		{"broken", Arrival{Body: []byte(clean[:len(clean)-3])}, []Outcome{Broken, Broken}},
		{"broken, and not clean", Arrival{Body: []byte(clean[:len(clean)-3] + strings.ReplaceAll(quoted, `"`, `\"`))}, []Outcome{Leaked, Broken}},
		{"rewritten", Arrival{Body: []byte("An error."), Rewritten: true}, []Outcome{Clean, Clean}},
		{"refused", Arrival{State: Refused, Body: []byte(quoted)}, []Outcome{Refused, Refused}},
		{"lost", Arrival{State: Lost}, []Outcome{Lost, Lost}},
	} {
		if got := Judge(f, list, tt.a, expect); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	list[0].Rule, list[1].Rule = "off", "shadow"
	if got := Judge(f, list, Arrival{Body: []byte(body(list[0].Text, list[1].Text))}, expect); !slices.Equal(got, []Outcome{Off, Shadow}) {
		t.Errorf("excused: %v", got)
	}
	if got := Judge(f, list, Arrival{Body: []byte(clean)}, expect); !slices.Equal(got, []Outcome{Clean, Clean}) {
		t.Errorf("excused, and clean: %v", got)
	}
}

func TestMake(t *testing.T) {
	rules := []redact.Rule{
		{ID: "fresh-first", Examples: []string{"«fixed-value»", "«t-{hex:20}»"}},
		{ID: "fixed", Examples: []string{"a «4711»"}},
		{ID: "twice", Examples: []string{"4711 and «4711»"}},
		{ID: "no-example"},
		{ID: "keyed", Keys: []string{"secret_name", "x"}, Examples: []string{"«{alnum:20}»"}},
		{ID: "two", Examples: []string{"«{alnum:10}»:«{alnum:10}»"}},
	}
	list := Make(rules, Options{Seed: 5, Allowed: func(_, v string) bool { return v == "4711" }})
	var ids []string
	for _, c := range list {
		ids = append(ids, c.Rule)
		if !c.In(c.Text) || !c.Fresh {
			t.Errorf("%+v", c)
		}
	}
	if !slices.Equal(ids, []string{"fresh-first", "keyed", "two"}) {
		t.Errorf("canaries of %v", ids)
	}
	if list[1].Key != "secret_name" || len(list[2].Secrets) != 2 {
		t.Errorf("%+v", list)
	}
	if other := Make(rules[:1], Options{Seed: 6}); other[0].Text == list[0].Text {
		t.Error("another seed makes the same")
	}
	// One that is never found is made as the rule's own tests make it.
	asked := 0
	odd := Make(rules[4:5], Options{Seed: 5, Found: func(*Canary) bool { asked++; return false }})
	if same := Make(rules[4:5], Options{Seed: knownSeed}); asked != attempts || odd[0].Text != same[0].Text {
		t.Errorf("asked %d times, made %q", asked, odd[0].Text)
	}
	if fixed := Make(rules[1:2], Options{}); len(fixed) != 1 || fixed[0].Fresh {
		t.Errorf("%+v", fixed)
	}
}
