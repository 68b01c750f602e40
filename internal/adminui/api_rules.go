package adminui

import (
	"context"
	"net/http"

	"github.com/redactd/redactd/internal/gate"
)

type ruleQuery struct {
	Text string `query:"text" maxLength:"256" doc:"Part of the id, the description or a tag"`
	Pack string `query:"pack" maxLength:"256"`
	On   bool   `query:"on" doc:"On for a route or a listener"`
	Hit  bool   `query:"hit" doc:"That found something"`
	Sort string `query:"sort" enum:"id,findings,cost,last" default:"id" doc:"By id, or with the greatest first"`
	Part
}

type ruleID struct {
	ID string `path:"id" minLength:"1" maxLength:"256" example:"github-classic-token"`
}

func (a *api) rules() {
	const tag = "rules"
	operate(a, gate.View, "GET /rules", operation{
		id: "list-rules", summary: "Rules with what they found and cost", tag: tag, fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *ruleQuery) (RuleList, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		list, err := a.c.ruleList(ctx, RuleFilter{Text: q.Text, Pack: q.Pack, On: q.On, Hit: q.Hit, Sort: q.Sort})
		from := min(q.Offset, len(list.Rules))
		list.Rules = list.Rules[from:min(from+q.Limit, len(list.Rules))]
		return list, err
	})
	operate(a, gate.View, "GET /rules/{id}", operation{
		id: "get-rule", summary: "A rule with its findings, routes and examples", tag: tag, fails: []int{http.StatusNotFound},
	}, func(ctx context.Context, q *ruleID) (RuleDetail, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return a.c.ruleDetail(ctx, q.ID)
	})
}
