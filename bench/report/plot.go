package report

import (
	"errors"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	plotWidth  = 9 * vg.Inch
	barHeight  = 0.3 * vg.Inch
	plotMargin = 1.0 * vg.Inch
	padding    = 0.12 * vg.Inch
)

// Bars of redactd stand out from those of others.
var (
	ownColor   = color.RGBA{R: 0xC0, G: 0x39, B: 0x2B, A: 0xFF}
	otherColor = color.RGBA{R: 0x8E, G: 0x9A, B: 0xA6, A: 0xFF}
)

// WritePlot writes an SVG with a bar chart of the first column of each table,
// one under the other, on logarithmic axes: what is compared lies orders of
// magnitude apart.
func (r *Report) WritePlot(file string) error {
	var plots []*plot.Plot
	var heights []vg.Length
	var total vg.Length
	for i := range r.Tables {
		p, bars, err := r.Tables[i].plot()
		if err != nil {
			return err
		}
		if bars == 0 {
			continue
		}
		h := vg.Length(bars)*barHeight + plotMargin
		plots, heights, total = append(plots, p), append(heights, h), total+h
	}
	if len(plots) == 0 {
		return errors.New("no table with figures to plot")
	}
	canvas := vgsvg.New(plotWidth, total)
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	top := whole.Max.Y
	for i, p := range plots {
		p.Draw(draw.Crop(whole, padding, -padding, top-heights[i]-whole.Min.Y+padding, top-whole.Max.Y-padding))
		top -= heights[i]
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = canvas.WriteTo(f)
	return errors.Join(err, f.Close())
}

// plot draws the first column of t, the first row on top, and returns how many
// bars there are.
func (t *Table) plot() (p *plot.Plot, bars int, err error) {
	column := t.Columns[0].Name
	var values plotter.Values
	var names []string
	rows := t.shown()
	for i := len(rows) - 1; i >= 0; i-- {
		if s, ok := rows[i].Figures[column]; ok && s.Median > 0 {
			values, names = append(values, s.Median), append(names, rows[i].Name)
		}
	}
	if len(values) == 0 {
		return nil, 0, nil
	}
	p = plot.New()
	p.Title.Text = t.Group + ": " + t.Title
	p.X.Label.Text = column
	p.NominalY(names...)
	p.Add(plotter.NewGrid())
	for i, v := range values {
		chart, err := plotter.NewBarChart(plotter.Values{v}, barHeight*2/3)
		if err != nil {
			return nil, 0, err
		}
		chart.Horizontal, chart.XMin, chart.LineStyle.Width = true, float64(i), 0
		chart.Color = otherColor
		if strings.HasPrefix(names[i], "redactd") {
			chart.Color = ownColor
		}
		p.Add(chart)
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	// A bar begins at 0, which a logarithmic axis does not have.
	p.X.Min, p.X.Max = math.Pow(10, math.Floor(math.Log10(low))-0.3), high*1.2
	p.X.Scale = logFrom(p.X.Min)
	p.X.Tick.Marker = plot.LogTicks{Prec: -1}
	return p, len(values), nil
}

// logFrom is a logarithmic scale on which everything below least is at the
// beginning.
func logFrom(least float64) plot.Normalizer { return floored{least} }

type floored struct{ least float64 }

func (f floored) Normalize(min, max, x float64) float64 {
	return plot.LogScale{}.Normalize(min, max, math.Max(x, f.least))
}
