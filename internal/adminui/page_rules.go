package adminui

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

func (c *Console) showRules(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), glance)
	defer cancel()
	query := r.URL.Query()
	show := query.Get("show")
	list, err := c.ruleList(ctx, RuleFilter{
		Text: query.Get("text"), Pack: query.Get("pack"), On: show == "on", Hit: show == "hit", Sort: query.Get("sort"),
	})
	if err != nil {
		c.fail(w, r, err)
		return
	}
	var packs []string
	for _, rule := range c.s.Policy.InForce().Rules {
		packs = append(packs, rule.Pack)
	}
	slices.Sort(packs)
	from := min(offset(r), len(list.Rules))
	list.Rules = list.Rules[from:min(from+maxRows, len(list.Rules))]
	c.render(w, r, http.StatusOK, "rules.html", view{Title: "Rules", Nav: "/rules", Data: struct {
		RuleList
		Packs  []string
		Offset int
	}{list, slices.Compact(packs), from}})
}

func (c *Console) showRule(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), glance)
	defer cancel()
	d, err := c.ruleDetail(ctx, r.PathValue("id"))
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.render(w, r, http.StatusOK, "rule.html", view{Title: d.ID, Nav: "/rules", Data: d})
}

// piece is a part of an example, which is a secret or not.
type piece struct {
	Text   string
	Secret bool
}

// pieces cuts an example at the marks around its secrets.
func pieces(example string) (list []piece) {
	for example != "" {
		before, rest, _ := strings.Cut(example, "«")
		secret, after, _ := strings.Cut(rest, "»")
		list = append(list, piece{before, false}, piece{secret, true})
		example = after
	}
	return slices.DeleteFunc(list, func(p piece) bool { return p.Text == "" })
}
