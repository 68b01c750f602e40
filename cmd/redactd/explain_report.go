package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/redactd/redactd/internal/explain"
	"github.com/redactd/redactd/redact"
)

// verdictJSON is a verdict as explain prints it.
type verdictJSON struct {
	File string `json:"file"`
	explain.Verdict
}

func (x *explanation) writeJSON() error {
	out := []verdictJSON{}
	for _, v := range x.Result().Verdicts {
		out = append(out, verdictJSON{x.file, v})
	}
	enc := json.NewEncoder(x.env.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// writeText prints a line or more for each verdict, findings first.
func (x *explanation) writeText() error {
	w := bufio.NewWriter(x.env.stdout)
	res := x.Result()
	for i := range res.Verdicts {
		if v := &res.Verdicts[i]; v.Found() {
			x.writeFinding(w, v)
		}
	}
	near := res.NearMisses(x.flags.verbose)
	for _, same := range near {
		writeNear(w, same)
	}
	fmt.Fprintf(w, "%s, %s\n", count(res.Findings, "finding"), nearMisses(len(near)))
	return w.Flush()
}

func nearMisses(n int) string {
	if n == 1 {
		return "1 near miss"
	}
	return fmt.Sprintf("%d near misses", n)
}

// describe is where a verdict stands and what it looks like.
func describe(v *explain.Verdict) string {
	shown, place := "", v.Where()
	if v.Value != "…" {
		shown = " " + strconv.Quote(v.Value)
	}
	switch {
	case place == "":
		place = printable(v.Path)
	case v.Path != "":
		place = printable(v.Path) + ", " + place
	}
	return fmt.Sprintf("at %s (%s%s)", place, count(v.End-v.Start, "byte"), shown)
}

func (x *explanation) writeFinding(w io.Writer, v *explain.Verdict) {
	fmt.Fprintf(w, "#%d found   %s %s\n", v.Number, v.Rule, describe(v))
	fmt.Fprintf(w, "           %s, pack %s, severity %s\n", v.Description, v.Pack, v.Severity)
	fmt.Fprintf(w, "           %s writes %s\n", v.Action, printable(v.Writes))
	if x.flags.verbose {
		for _, name := range explain.Actions {
			fmt.Fprintf(w, "           %s would write %s\n", name, printable(v.Actions[name]))
		}
	}
	if len(v.Also) > 0 {
		fmt.Fprintf(w, "           less specific: %s\n", strings.Join(v.Also, ", "))
	}
}

// nearWords are what is told of near misses.
var nearWords = map[redact.Outcome]string{
	redact.OutcomeRefused: "nearly", redact.OutcomeAllowed: "allowed", redact.OutcomeReplaced: "left",
	redact.OutcomeUnfit: "nearly", redact.OutcomeNameless: "nearly", explain.OutcomeOff: "off",
}

// maxNamed is how many rules are named that lack a name at the same place.
const maxNamed = 3

func writeNear(w io.Writer, same []explain.Verdict) {
	v := &same[0]
	word := nearWords[v.Outcome]
	if v.Expired() {
		word = "expired"
	}
	if len(same) > 1 && v.Outcome == redact.OutcomeNameless {
		fmt.Fprintf(w, "%-10s the form of what %s find %s\n", word, count(len(same), "rule"), describe(v))
		for i := range same[:min(len(same), maxNamed)] {
			fmt.Fprintf(w, "           %s: %s\n", same[i].Rule, same[i].Why)
		}
		if more := len(same) - maxNamed; more > 0 {
			fmt.Fprintf(w, "           and %d more (--json lists them)\n", more)
		}
		return
	}
	fmt.Fprintf(w, "%-10s %s %s\n", word, v.Rule, describe(v))
	for i := range same {
		fmt.Fprintf(w, "           %s\n", same[i].Why)
	}
}
