package random

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func pointer[T any](v T) *T { return &v }

// integral is the adaptive Simpson rule, to an absolute error of about tolerance.
func integral(f func(float64) float64, a, b, tolerance float64) float64 {
	simpson := func(fa, fm, fb, width float64) float64 { return width / 6 * (fa + 4*fm + fb) }
	var refine func(a, b, fa, fm, fb, whole, tolerance float64, depth int) float64
	refine = func(a, b, fa, fm, fb, whole, tolerance float64, depth int) float64 {
		m := (a + b) / 2
		fl, fr := f((a+m)/2), f((m+b)/2)
		left, right := simpson(fa, fl, fm, m-a), simpson(fm, fr, fb, b-m)
		if error := left + right - whole; depth == 0 || math.Abs(error) < 15*tolerance {
			return left + right + error/15
		}
		return refine(a, m, fa, fl, fm, left, tolerance/2, depth-1) + refine(m, b, fm, fr, fb, right, tolerance/2, depth-1)
	}
	const pieces = 16 // so that a narrow peak is not missed by the first five points
	var sum float64
	for i := range pieces {
		l, r := a+(b-a)*float64(i)/pieces, a+(b-a)*float64(i+1)/pieces
		fl, fm, fr := f(l), f((l+r)/2), f(r)
		sum += refine(l, r, fl, fm, fr, simpson(fl, fm, fr, r-l), tolerance/pieces, 30)
	}
	return sum
}

// drawDuration draws near one of the anchors: rapid's integers alone are mostly small.
func drawDuration(rt *rapid.T, name string, anchors ...time.Duration) time.Duration {
	return rapid.SampledFrom(anchors).Draw(rt, name) + time.Duration(rapid.IntRange(0, 999_999).Draw(rt, name+" and"))
}

func drawDistribution(rt *rapid.T) *Distribution {
	span := func(name string) time.Duration { return drawDuration(rt, name, 1e6, 20e6, 400e6, 1e9, 4700e6) }
	d := new(Distribution)
	switch rapid.IntRange(0, 5).Draw(rt, "law") {
	case 0:
		return nil
	case 1:
		d.Constant = pointer(span("constant"))
	case 2:
		low := span("low")
		d.Uniform = &Uniform{low, low + span("width")}
	case 3:
		d.Exponential = pointer(span("mean"))
	case 4:
		d.Lognormal = &Lognormal{span("median"), rapid.Float64Range(0.05, 2).Draw(rt, "sigma")}
	case 5:
		d.Normal = &Normal{span("mean"), span("deviation")}
	}
	return d
}

// density is the law's textbook density at x seconds, and mass what lies at or below 0.
func density(d *Distribution) (f func(x float64) float64, mass float64) {
	normal := func(x, m, s float64) float64 { return math.Exp(-(x-m)*(x-m)/(2*s*s)) / (s * math.Sqrt(2*math.Pi)) }
	switch {
	case d.Exponential != nil:
		m := d.Exponential.Seconds()
		return func(x float64) float64 { return math.Exp(-x/m) / m }, 0
	case d.Lognormal != nil:
		m, s := math.Log(d.Lognormal.Median.Seconds()), d.Lognormal.Sigma
		return func(x float64) float64 {
			if x <= 0 {
				return 0
			}
			return normal(math.Log(x), m, s) / x
		}, 0
	case d.Normal != nil:
		m, s := d.Normal.Mean.Seconds(), d.Normal.Deviation.Seconds()
		f = func(x float64) float64 { return normal(x, m, s) }
		return f, integral(f, m-12*s, 0, 1e-10)
	}
	low, high := d.Uniform.Low.Seconds(), d.Uniform.High.Seconds()
	return func(x float64) float64 { return 1 / (high - low) }, -low / (high - low)
}

// The share of draws up to t is the integral of the density, over what the cut Tail leaves.
func TestCDFIsTheIntegralOfTheDensity(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDistribution(rt)
		if d == nil || d.Constant != nil {
			return
		}
		x := d.Quantile(rapid.Float64Range(0.01, 0.99).Draw(rt, "u"))
		if x <= 0 {
			return
		}
		f, mass := density(d)
		kept := 1 - Tail
		if d.Uniform != nil {
			kept = 1
		}
		want := (mass + integral(f, 0, x.Seconds(), 1e-9)) / kept
		if got := d.CDF(x); math.Abs(got-want) > 1e-6 {
			rt.Errorf("CDF(%v) = %v, the integral is %v", x, got, want)
		}
	})
}

func TestQuantileInvertsCDF(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDistribution(rt)
		u := rapid.Float64Range(0, 1).Draw(rt, "u")
		x := d.Quantile(u)
		if x < 0 || x > d.Quantile(1) {
			rt.Fatalf("Quantile(%v) = %v, wanted 0 to %v", u, x, d.Quantile(1))
		}
		// x is rounded down to a nanosecond: u lies between the shares on its two sides.
		if low, high := d.CDF(x-1), d.CDF(x+2); u < low-1e-12 || u > high+1e-12 {
			rt.Errorf("Quantile(%v) = %v, where the share goes from %v to %v", u, x, low, high)
		}
		if v := rapid.Float64Range(u, 1).Draw(rt, "v"); d.Quantile(v) < x-1 {
			rt.Errorf("Quantile(%v) = %v, below Quantile(%v) = %v", v, d.Quantile(v), u, x)
		}
	})
}

// The mean of a duration is the integral of the share of longer ones.
func TestMeanIsTheMeanOfDraws(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDistribution(rt)
		end := d.Quantile(1)
		if d == nil || d.Constant != nil {
			if d.Mean() != end {
				rt.Errorf("Mean() = %v, wanted %v", d.Mean(), end)
			}
			return
		}
		longer := func(x float64) float64 { return 1 - d.CDF(time.Duration(x*1e9)) }
		var want float64
		for u, x := 0.1, time.Duration(0); ; u += 0.1 { // in pieces: heavy tails are long
			next := min(d.Quantile(u), end)
			want += integral(longer, x.Seconds(), next.Seconds(), 1e-8*end.Seconds())
			if x = next; u >= 1 {
				want += integral(longer, x.Seconds(), end.Seconds(), 1e-8*end.Seconds())
				break
			}
		}
		if got := d.Mean().Seconds(); math.Abs(got-want) > 1e-5*end.Seconds() {
			rt.Errorf("Mean() = %v s, the integral is %v s", got, want)
		}
	})
}

func TestExtremeLaws(t *testing.T) {
	const longest = 366 * 24 * time.Hour // that a scenario may name
	for name, d := range map[string]*Distribution{
		"wide":  {Lognormal: &Lognormal{longest, 5}},
		"long":  {Exponential: pointer(longest)},
		"never": {Normal: &Normal{0, longest}},
		"point": {Uniform: &Uniform{time.Second, time.Second}},
		"none":  {},
	} {
		for _, u := range []float64{0, 1e-300, 0.5, 1 - 1e-16, 1, -1, 2, math.NaN()} {
			if q := d.Quantile(u); q < 0 && !math.IsNaN(u) || q > 1<<60 {
				t.Errorf("%s: Quantile(%v) = %v", name, u, q)
			}
		}
		if m := d.Mean(); m < 0 || m > d.Quantile(1) {
			t.Errorf("%s: Mean() = %v", name, m)
		}
		if c := d.CDF(math.MaxInt64); c != 1 && name != "wide" { // which a scenario refuses
			t.Errorf("%s: CDF at the end = %v", name, c)
		}
		if c := d.CDF(-1); c != 0 {
			t.Errorf("%s: CDF(-1) = %v", name, c)
		}
	}
}
