// Command bench measures redactd beside what else could do its work, or does
// less of it, and prints one table per group. See README.md.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/redactd/redactd/bench/debian"
	"github.com/redactd/redactd/bench/report"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// options are what a group needs to know of the command line.
type options struct {
	quick bool
	size  int // of generated logs, in bytes
	// crafted is the size of texts crafted against a rule, line that of a long
	// line, both in bytes.
	crafted, line int
	rounds        int
	// slice is how long a contender runs in one round.
	slice time.Duration
	// files are logs that the user wants scanned beside the generated ones.
	files []string
	// pack is the only pack of rules that slow measurements look at, for a test;
	// "" for all.
	pack string
	// profiles is a directory for processor profiles, "" for none.
	profiles string
}

// group is one subject of measurement, in a file of its own that registers it.
type group struct {
	name, about string
	// order is where the group stands in the report.
	order int
	run   func(ctx context.Context, o options) ([]report.Table, error)
}

var groups []group

func register(g group) bool {
	groups = append(groups, g)
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(a.order, b.order) })
	return true
}

func main() {
	if os.Getenv(workerVariable) != "" {
		if err := serveWorker(); err != nil {
			fmt.Fprintln(os.Stderr, "bench: worker:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o := options{size: 4 << 20, crafted: 64 << 10, line: 100 * MB, rounds: 7, slice: 300 * time.Millisecond}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.Usage = func() { usage(flags) }
	flags.BoolVar(&o.quick, "quick", false, "few short rounds: a look, not a figure to quote")
	only := flags.String("group", "", "groups to run, separated by commas (default: all)")
	jsonFile := flags.String("json", "", "file for the figures (default results/TIME.json)")
	plotFile := flags.String("plot", "", "file for a plot as SVG")
	flags.StringVar(&o.profiles, "profile", "", "directory for processor profiles of the groups that take them")
	install := flags.Bool("install", false, "first fetch the Debian packages that are measured, into ../.cache")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.files = flags.Args()
	if o.quick {
		o.size, o.crafted, o.line, o.rounds, o.slice = 1<<20, 16<<10, 10*MB, 3, 60*time.Millisecond
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if err := chooseKernel(); err != nil {
		return err
	}
	if *install {
		if err := fetch(ctx); err != nil {
			return err
		}
	}
	r := report.Report{Machine: report.ThisMachine()}
	r.Machine.Kernel, r.Machine.Quick, r.Machine.Rules = redact.Kernel(), o.quick, len(defaultRules())
	fmt.Println(r.Machine)
	for _, g := range chosen {
		tables, err := g.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		for i := range tables {
			tables[i].Group = g.name
			if err := tables[i].Write(os.Stdout); err != nil {
				return err
			}
		}
		r.Tables = append(r.Tables, tables...)
	}
	if err := r.WriteGoals(os.Stdout); err != nil {
		return err
	}
	return save(&r, *jsonFile, *plotFile)
}

// fetch gets the packages that are not there.
func fetch(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(debian.Packages)) {
		fmt.Printf("fetching %s, %s\n", name, debian.Packages[name])
		if err := cache.Fetch(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func save(r *report.Report, jsonFile, plotFile string) error {
	if jsonFile == "" {
		jsonFile = "results/" + r.Machine.Time.Format("20060102-150405") + ".json"
	}
	if err := r.WriteJSON(jsonFile); err != nil {
		return err
	}
	fmt.Println("\nfigures in", jsonFile)
	if plotFile == "" {
		return nil
	}
	return r.WritePlot(plotFile)
}

func choose(names string) ([]group, error) {
	if names == "" {
		return groups, nil
	}
	var out []group
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(groups, func(g group) bool { return g.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no group named %q; see -help", name)
		}
		out = append(out, groups[i])
	}
	return out, nil
}

func usage(flags *flag.FlagSet) {
	w := flags.Output()
	fmt.Fprint(w, "usage: go run . [flags] [log file...]\n\nLog files named are scanned beside the generated logs.\n\nGroups:\n")
	for _, g := range groups {
		fmt.Fprintf(w, "  %-10s %s\n", g.name, g.about)
	}
	fmt.Fprint(w, "\nFlags:\n")
	flags.PrintDefaults()
}

func defaultRules() []redact.Rule { return patterns.Rules(patterns.Default()) }

func compileDefaults() (*redact.Set, error) { return redact.Compile(defaultRules(), redact.Options{}) }
