package lookup

import (
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	want := []string{
		`Elasticsearch, OpenSearch query_string "bbb" OR "aaa"`,
		`Elasticsearch, OpenSearch query_string *bbb* OR *aaa*`,
		`Kibana KQL "bbb" or "aaa"`,
		`Loki LogQL {service_name=~".+"} |~ "e2-bbb|e1-aaa"`,
		`Splunk SPL index=* ("bbb" OR "aaa")`,
	}
	for i, q := range Tokens([]string{"e2-bbb", "e1-aaa"}) {
		if got := q.System + " " + q.Language + " " + q.Text; got != want[i] {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
	if q := Tokens(nil); q != nil {
		t.Errorf("%+v", q)
	}
	if digest("odd") != "odd" {
		t.Error(digest("odd"))
	}
}

func TestPlaceholders(t *testing.T) {
	for _, q := range Placeholders("x-key") {
		if !strings.Contains(q.Text, `"[REDACTED:x-key"`) {
			t.Errorf("%+v", q)
		}
	}
}
