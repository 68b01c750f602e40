package main

import (
	"runtime"

	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/report"
)

// MB is what speeds are given in.
const MB = 1e6

const speedColumn = "MB/s"

// against is a column of ratios to one of the contenders.
type against struct {
	column, contender string
	// times compares times instead of speeds.
	times bool
}

// singleThreaded runs contenders in turns on one processor and tabulates their
// speeds and the ratios of these.
func singleThreaded(o options, cs []measure.Contender, ratios ...against) (columns []report.Column, rows []report.Row) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	speeds := measure.Alternate(cs, o.rounds, o.slice)
	columns = []report.Column{{Name: speedColumn}}
	rows = make([]report.Row, len(cs))
	index := map[string]int{}
	for i := range cs {
		index[cs[i].Name] = i
		rows[i].Name = cs[i].Name
		s := measure.Of(speeds[i])
		rows[i].Set(speedColumn, measure.Stat{Median: s.Median / MB, Min: s.Min / MB, Max: s.Max / MB})
	}
	for _, a := range ratios {
		columns = append(columns, report.Column{Name: a.column, Ratio: true})
		for i := range cs {
			if cs[i].Name != a.contender {
				one, other := speeds[i], speeds[index[a.contender]]
				if a.times {
					one, other = other, one
				}
				rows[i].Set(a.column, measure.Ratio(one, other))
			}
		}
	}
	return columns, rows
}

// row returns the row of a contender.
func row(rows []report.Row, name string) *report.Row {
	for i := range rows {
		if rows[i].Name == name {
			return &rows[i]
		}
	}
	panic("no row " + name)
}

// each returns a function that calls f with all pieces.
func each(pieces [][]byte, f func(piece []byte)) func() {
	return func() {
		for _, p := range pieces {
			f(p)
		}
	}
}

func total(pieces [][]byte) (n int) {
	for _, p := range pieces {
		n += len(p)
	}
	return n
}
