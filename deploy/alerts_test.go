package deploy_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const runbooks = "https://github.com/redactd/redactd/blob/main/docs/ALERTS.md#"

type alertRule struct {
	Alert               string
	Expr                string
	Labels, Annotations map[string]string
}

// alertRules returns the alerts by their names.
func alertRules(t *testing.T) map[string]alertRule {
	t.Helper()
	var doc struct {
		Groups []struct{ Rules []alertRule }
	}
	if err := yaml.Unmarshal([]byte(read(t, "prometheus/alerts.yml")), &doc); err != nil {
		t.Fatal(err)
	}
	rules := map[string]alertRule{}
	for _, g := range doc.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" || r.Expr == "" || rules[r.Alert].Alert != "" {
				t.Errorf("alert %q without a name, without an expression, or twice", r.Alert)
			}
			rules[r.Alert] = r
		}
	}
	return rules
}

// Each alert names metrics that there are, says how severe it is and where its runbook
// stands.
func TestAlerts(t *testing.T) {
	rules := alertRules(t)
	for name, r := range rules {
		known(t, name, r.Expr)
		if s := r.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s has the severity %q", name, s)
		}
		if r.Annotations["summary"] == "" {
			t.Errorf("%s has no summary", name)
		}
		if got, want := r.Annotations["runbook_url"], runbooks+strings.ToLower(name); got != want {
			t.Errorf("%s has its runbook at %q, want %q", name, got, want)
		}
	}
	scrape := documents(t, "prometheus/scrape.yml")[0]
	if at(scrape, "rule_files", 0) != "alerts.yml" || at(scrape, "scrape_configs", 0, "job_name") != "redactd" {
		t.Error("scrape.yml does not load the alerts, or has no job redactd")
	}
}

// docs/ALERTS.md has a section for each alert, with all that a runbook says, and for
// nothing else; its commands exist.
func TestRunbooks(t *testing.T) {
	rules := alertRules(t)
	text := read(t, "../docs/ALERTS.md")
	sections := strings.Split(text, "\n### ")[1:]
	seen := map[string]bool{}
	for _, section := range sections {
		name, body, _ := strings.Cut(section, "\n")
		if rules[name].Alert == "" || seen[name] {
			t.Errorf("the section %q is of no alert, or there twice", name)
		}
		seen[name] = true
		last := 0
		for _, part := range []string{"**Means.**", "**At stake.**", "**Look.**", "**Do.**", "**Silence.**"} {
			i := strings.Index(body, "\n"+part)
			if i < last {
				t.Errorf("%s: %s is missing or out of order", name, part)
			}
			last = i
		}
	}
	for name := range rules {
		if !seen[name] {
			t.Errorf("%s has no section in docs/ALERTS.md", name)
		}
	}
	known(t, "docs/ALERTS.md", text)
	manual := read(t, "../docs/CLI.md")
	for _, m := range regexp.MustCompile("(?m)(?:^|`)redactd ((?:[a-z][a-z-]* ?)+)(.*?)(?:`|$)").FindAllStringSubmatch(text, -1) {
		command(t, manual, strings.Fields(m[1]), m[2])
	}
	for _, m := range regexp.MustCompile(`\]\(#([a-z]+)\)`).FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(sections, func(s string) bool { return strings.HasPrefix(strings.ToLower(s), m[1]+"\n") }) {
			t.Errorf("docs/ALERTS.md: there is no section #%s", m[1])
		}
	}
}

// command asks that the manual describes a command, its words followed by arguments,
// and the flags that are given.
func command(t *testing.T, manual string, words []string, rest string) {
	t.Helper()
	given := strings.Join(words, " ")
	for ; len(words) > 0; words = words[:len(words)-1] {
		_, section, ok := strings.Cut(manual, "\n## redactd "+strings.Join(words, " ")+"\n")
		if !ok {
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(rest, -1) {
			if !strings.Contains(section, " "+flag+" ") {
				t.Errorf("redactd %s has no flag %s", strings.Join(words, " "), flag)
			}
		}
		return
	}
	t.Errorf("there is no command redactd %s", given)
}

// alerts_test.yml has each alert fire, and has it silent too.
func TestAlertsAreTested(t *testing.T) {
	var doc struct {
		Tests []struct {
			Alerts []struct {
				Alert    string `yaml:"alertname"`
				Expected []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	data, err := os.ReadFile("prometheus/alerts_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, test := range doc.Tests {
		for _, a := range test.Alerts {
			if len(a.Expected) > 0 {
				fires[a.Alert] = true
			} else {
				silent[a.Alert] = true
			}
		}
	}
	rules := alertRules(t)
	for name := range rules {
		if !fires[name] || !silent[name] {
			t.Errorf("%s: tested to fire %v, to be silent %v", name, fires[name], silent[name])
		}
	}
	for name := range fires {
		if rules[name].Alert == "" {
			t.Errorf("alerts_test.yml tests %s, which is no alert", name)
		}
	}
}
