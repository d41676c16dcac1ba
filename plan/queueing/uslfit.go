package queueing

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// USLPoint is one measurement: the throughput that a concurrency gave.
type USLPoint struct {
	Concurrency      float64 // N, 1 to 1e9
	ThroughputPerSec float64 // X [1/s], 1e-15 to 1e15
}

// Bootstrap says how [FitUSL] finds confidence intervals.
type Bootstrap struct {
	Seed            uint64  // the same seed gives the same intervals
	Resamples       int     // 100 to 100000; 0 means 1000
	ConfidenceRatio float64 // 0.5 to 1, 1 excluded; 0 means 0.95
}

// The fewest distinct concurrencies that can show all three of slope, bend and fall.
const uslPoints = 6

// FitUSL fits the Universal Scalability Law to at least 6 distinct concurrencies by least squares
// on the throughput, with alpha in [0, 1] and beta >= 0, and finds percentile intervals by
// resampling the residuals. Measure on both sides of the knee: points on the straight part alone
// leave beta, and with it the peak, unknown.
//
// Errors: [RangeError] for a point outside the ranges of [USLPoint], a setting outside those of [Bootstrap], and fewer
// than 6 distinct concurrencies.
// Source: Gunther 2007; Levenberg 1944, Marquardt 1963; Efron, Annals of Statistics 7(1), 1979.
func FitUSL(points []USLPoint, b Bootstrap) (USL, error) {
	b, err := b.withDefaults()
	if err != nil {
		return USL{}, err
	}
	if err := checkUSLPoints(points); err != nil {
		return USL{}, err
	}
	data := scaleUSL(points)
	best := data.fit()
	resampled := data.bootstrap(best, b)
	interval := func(value float64, pick func(uslCurve) float64, unit float64) Estimate {
		values := make([]float64, len(resampled))
		for i, c := range resampled {
			values[i] = pick(c)
		}
		slices.Sort(values)
		half := (1 - b.ConfidenceRatio) / 2
		return Estimate{
			Value: value * unit,
			// The estimate belongs to its own interval even when the resamples lean to one side.
			Low:  math.Min(value, stat.Quantile(half, stat.Empirical, values, nil)) * unit,
			High: math.Max(value, stat.Quantile(1-half, stat.Empirical, values, nil)) * unit,
		}
	}
	return USL{
		GammaPerSec:        interval(best.gamma, func(c uslCurve) float64 { return c.gamma }, data.unit),
		Alpha:              interval(best.alpha, func(c uslCurve) float64 { return c.alpha }, 1),
		Beta:               interval(best.beta, func(c uslCurve) float64 { return c.beta }, 1),
		LargestConcurrency: slices.Max(data.n),
		ResidualPerSec:     math.Sqrt(data.squares(best)/float64(len(points))) * data.unit,
	}, nil
}

func (b Bootstrap) withDefaults() (Bootstrap, error) {
	if b.Resamples == 0 {
		b.Resamples = 1000
	}
	if b.ConfidenceRatio == 0 {
		b.ConfidenceRatio = 0.95
	}
	if b.Resamples < 100 || b.Resamples > 100000 {
		return b, &RangeError{Parameter: "resamples", Value: float64(b.Resamples), Want: "in [100, 100000]"}
	}
	if !(b.ConfidenceRatio >= 0.5 && b.ConfidenceRatio < 1) {
		return b, &RangeError{Parameter: "confidence", Value: b.ConfidenceRatio, Want: "in [0.5, 1)"}
	}
	return b, nil
}

func checkUSLPoints(points []USLPoint) error {
	distinct := make(map[float64]bool, len(points))
	var errs []error
	for i, p := range points {
		if !(p.Concurrency >= 1 && p.Concurrency <= 1e9) {
			errs = append(errs, fmt.Errorf("point %d: %w", i+1,
				&RangeError{Parameter: "concurrency", Value: p.Concurrency, Want: "in [1, 1e9]"}))
		}
		if err := checkRate("throughput", p.ThroughputPerSec); err != nil {
			errs = append(errs, fmt.Errorf("point %d: %w", i+1, err))
		}
		distinct[p.Concurrency] = true
	}
	if len(distinct) < uslPoints {
		errs = append(errs, &RangeError{Parameter: "number of distinct concurrencies", Value: float64(len(distinct)),
			Want: fmt.Sprintf("at least %d, on both sides of the knee", uslPoints)})
	}
	return errors.Join(errs...)
}

// uslData holds throughputs as shares of the largest, so that no square leaves the floats.
type uslData struct {
	n, x []float64
	unit float64 // the largest throughput [1/s]
}

func scaleUSL(points []USLPoint) uslData {
	var d uslData
	for _, p := range points {
		d.unit = math.Max(d.unit, p.ThroughputPerSec)
	}
	for _, p := range points {
		d.n = append(d.n, p.Concurrency)
		d.x = append(d.x, p.ThroughputPerSec/d.unit)
	}
	return d
}

func (d uslData) squares(c uslCurve) float64 {
	total := 0.0
	for i, n := range d.n {
		r := d.x[i] - c.throughput(n)
		total += r * r
	}
	return total
}

// bootstrap refits the curve to itself plus residuals drawn with replacement. Residuals are widened
// by sqrt(n/(n-3)), because three parameters have already been bent towards the points.
func (d uslData) bootstrap(best uslCurve, b Bootstrap) []uslCurve {
	count := len(d.n)
	residuals, mean := make([]float64, count), 0.0
	for i, n := range d.n {
		residuals[i] = d.x[i] - best.throughput(n)
		mean += residuals[i] / float64(count)
	}
	widen := math.Sqrt(float64(count) / float64(count-3))
	random := rand.New(rand.NewPCG(b.Seed, 0))
	again := uslData{n: d.n, x: make([]float64, count), unit: d.unit}
	curves := make([]uslCurve, b.Resamples)
	for k := range curves {
		for i, n := range d.n {
			drawn := best.throughput(n) + widen*(residuals[random.IntN(count)]-mean)
			again.x[i] = math.Max(drawn, 1e-6) // no throughput is negative
		}
		curves[k] = again.descend(best)
	}
	return curves
}

// fit descends from the linearised solution and from plain linear scaling, and keeps the better.
func (d uslData) fit() uslCurve {
	slope := 0.0
	for i, n := range d.n {
		slope = math.Max(slope, d.x[i]/n)
	}
	best := d.descend(uslCurve{gamma: slope})
	if start, ok := d.linearised(); ok {
		if other := d.descend(start); d.squares(other) < d.squares(best) {
			best = other
		}
	}
	return best
}

// linearised solves N/X = (1 + alpha(N-1) + beta N(N-1)) / gamma, which is linear in its three
// coefficients, weighted so that errors count as they would in X.
func (d uslData) linearised() (uslCurve, bool) {
	var m normalEquations
	for i, n := range d.n {
		weight := d.x[i] * d.x[i] / n
		m.add([3]float64{weight, weight * (n - 1), weight * n * (n - 1)}, weight*n/d.x[i])
	}
	v, ok := m.solve(0, [3]bool{})
	if !ok || v[0] <= 0 {
		return uslCurve{}, false
	}
	return clampUSL(1/v[0], v[1]/v[0], v[2]/v[0]), true
}

func clampUSL(gamma, alpha, beta float64) uslCurve {
	return uslCurve{math.Max(gamma, 1e-15), math.Min(1, math.Max(0, alpha)), math.Max(0, beta)}
}

// descend is Levenberg and Marquardt's method with bounds: a parameter on its bound whose gradient
// points outwards is held for the step, so that the result satisfies the optimality conditions.
func (d uslData) descend(c uslCurve) uslCurve {
	const rounds = 300
	squares, damping := d.squares(c), 1e-3
	for range rounds {
		m := d.normal(c)
		held := [3]bool{1: (c.alpha <= 0 && m.right[1] < 0) || (c.alpha >= 1 && m.right[1] > 0), 2: c.beta <= 0 && m.right[2] < 0}
		better := false
		for !better && damping < 1e12 {
			if step, ok := m.solve(damping, held); ok {
				next := clampUSL(c.gamma+step[0], c.alpha+step[1], c.beta+step[2])
				if s := d.squares(next); s < squares {
					small := squares-s <= 1e-15*squares
					c, squares, better = next, s, true
					damping = math.Max(damping/10, 1e-12)
					if small {
						return c
					}
					continue
				}
			}
			damping *= 10
		}
		if !better {
			return c
		}
	}
	return c
}

func (d uslData) normal(c uslCurve) normalEquations {
	var m normalEquations
	for i, n := range d.n {
		below := 1 + c.alpha*(n-1) + c.beta*n*(n-1)
		x := c.gamma * n / below
		m.add([3]float64{n / below, -x * (n - 1) / below, -x * n * (n - 1) / below}, d.x[i]-x)
	}
	return m
}

// normalEquations are A'A v = A'y of a least squares problem with three unknowns.
type normalEquations struct {
	left  [3][3]float64
	right [3]float64
}

func (m *normalEquations) add(row [3]float64, y float64) {
	for i := range 3 {
		for j := range 3 {
			m.left[i][j] += row[i] * row[j]
		}
		m.right[i] += row[i] * y
	}
}

// solve adds damping times the diagonal, holds the given unknowns at zero, and works in columns
// scaled to a unit diagonal, because N^2 makes the raw ones differ by many orders of magnitude.
func (m normalEquations) solve(damping float64, held [3]bool) ([3]float64, bool) {
	var a [3][4]float64
	var scale [3]float64
	for i := range 3 {
		scale[i] = math.Sqrt(m.left[i][i])
		if scale[i] == 0 {
			return scale, false
		}
	}
	for i := range 3 {
		if held[i] {
			a[i][i] = 1
			continue
		}
		for j := range 3 {
			if !held[j] {
				a[i][j] = m.left[i][j] / scale[i] / scale[j]
			}
		}
		a[i][i] += damping
		a[i][3] = m.right[i] / scale[i]
	}
	return eliminate(a, scale)
}

// eliminate needs no pivoting: the matrix is symmetric and positive definite, or refused.
func eliminate(a [3][4]float64, scale [3]float64) ([3]float64, bool) {
	for k := range 3 {
		if !(a[k][k] > 1e-14) {
			return scale, false
		}
		for i := k + 1; i < 3; i++ {
			f := a[i][k] / a[k][k]
			for j := k; j < 4; j++ {
				a[i][j] -= f * a[k][j]
			}
		}
	}
	var v [3]float64
	for i := 2; i >= 0; i-- {
		v[i] = a[i][3]
		for j := i + 1; j < 3; j++ {
			v[i] -= a[i][j] * v[j]
		}
		v[i] /= a[i][i]
	}
	for i := range v {
		v[i] /= scale[i]
	}
	return v, true
}
