package random

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"fsctl/scenarios/quantity"
)

// Distribution is a law of a duration: a think time or a reaction. Exactly one field is set.
type Distribution struct {
	Constant    *time.Duration
	Uniform     *Uniform
	Exponential *time.Duration // its mean
	Lognormal   *Lognormal
	Normal      *Normal
}

// Uniform is the law of a duration anywhere from Low to High.
type Uniform struct{ Low, High time.Duration }

// Lognormal is the law exp(N(ln Median, Sigma^2)), usual for human reaction times.
type Lognormal struct {
	Median time.Duration `yaml:"median" jsonschema:"required"`
	Sigma  float64       `yaml:"sigma" jsonschema:"required"` // without unit, above 0 and at most 5
}

// Normal is the law N(Mean, Deviation^2), with what falls below zero taken as zero.
type Normal struct {
	Mean      time.Duration `yaml:"mean" jsonschema:"required"`
	Deviation time.Duration `yaml:"deviation" jsonschema:"required"`
}

// Tail is the probability that is cut from laws without an upper end, so that every draw is finite.
const Tail = 1e-4

// Check fails where a parameter of the law is out of its range, and says which: a mean, a median or
// a deviation that is not above 0, a sigma outside 0 to 5, a low above its high. nil is well.
func (d *Distribution) Check() error {
	switch {
	case d.Exponential != nil && *d.Exponential <= 0:
		return fmt.Errorf("found 0, wanted a mean above 0")
	case d.Uniform != nil && d.Uniform.Low > d.Uniform.High:
		return fmt.Errorf("found %s before %s, wanted low <= high", quantity.Exact(d.Uniform.Low), quantity.Exact(d.Uniform.High))
	case d.Lognormal != nil && (d.Lognormal.Median <= 0 || d.Lognormal.Sigma <= 0 || d.Lognormal.Sigma > 5):
		return fmt.Errorf("found median %s and sigma %s, wanted a median above 0 and sigma above 0 and at most 5", quantity.Exact(d.Lognormal.Median), quantity.Precise(d.Lognormal.Sigma))
	case d.Normal != nil && d.Normal.Deviation <= 0:
		return fmt.Errorf("found deviation %s, wanted above 0", quantity.Exact(d.Normal.Deviation))
	}
	return nil
}

// duration converts nanoseconds and keeps them well inside the type: sums of a few do not overflow.
func duration(ns float64) time.Duration {
	return time.Duration(min(max(ns, -1<<60), 1<<60))
}

// Quantile returns the duration that a share u of draws does not exceed, 0 <= u <= 1. Laws without
// an upper end are conditioned on staying below their 99.99 % point. u outside is taken as 0 or 1.
func (d *Distribution) Quantile(u float64) time.Duration {
	u = min(max(u, 0), 1)
	cut := u * (1 - Tail)
	switch {
	case d == nil:
		return 0
	case d.Constant != nil:
		return *d.Constant
	case d.Uniform != nil:
		return d.Uniform.Low + time.Duration(u*float64(d.Uniform.High-d.Uniform.Low))
	case d.Exponential != nil:
		return duration(-math.Log1p(-cut) * float64(*d.Exponential))
	case d.Lognormal != nil:
		z := mathext.NormalQuantile(cut)
		return duration(float64(d.Lognormal.Median) * math.Exp(d.Lognormal.Sigma*z))
	case d.Normal != nil:
		z := mathext.NormalQuantile(cut)
		return max(0, duration(float64(d.Normal.Mean)+z*float64(d.Normal.Deviation)))
	}
	return 0
}

// CDF returns the share of draws that do not exceed t, 0 to 1: the inverse of Quantile.
func (d *Distribution) CDF(t time.Duration) float64 {
	if t < 0 {
		return 0
	}
	share := 1.0
	switch {
	case d == nil:
	case d.Constant != nil:
		if t < *d.Constant {
			return 0
		}
	case d.Uniform != nil:
		if t < d.Uniform.High {
			share = float64(t-d.Uniform.Low) / float64(d.Uniform.High-d.Uniform.Low)
		}
	case d.Exponential != nil:
		share = -math.Expm1(-float64(t)/float64(*d.Exponential)) / (1 - Tail)
	case d.Lognormal != nil:
		if t == 0 {
			return 0
		}
		z := math.Log(float64(t)/float64(d.Lognormal.Median)) / d.Lognormal.Sigma
		share = distuv.UnitNormal.CDF(z) / (1 - Tail)
	case d.Normal != nil:
		z := float64(t-d.Normal.Mean) / float64(d.Normal.Deviation)
		share = distuv.UnitNormal.CDF(z) / (1 - Tail)
	}
	return min(max(share, 0), 1)
}

// Mean returns the mean of draws, the integral of Quantile over 0..1; 0 of nil. With q = 1 - Tail
// and z the quantile q of N(0,1), Phi and phi its CDF and density:
//
//	exponential  m (1 + Tail ln(Tail) / q)
//	lognormal    median exp(s^2/2) Phi(z-s) / q
//	normal       (m (q - Phi(-m/s)) + s (phi(m/s) - phi(z))) / q, which counts what is below 0 as 0
//
// m is the mean, s the sigma or the deviation. Derived by integration up to z; the lognormal and
// normal forms are the usual partial expectations.
func (d *Distribution) Mean() time.Duration {
	const q = 1 - Tail
	unit := distuv.UnitNormal
	switch {
	case d == nil:
		return 0
	case d.Constant != nil:
		return *d.Constant
	case d.Uniform != nil:
		return d.Uniform.Low + (d.Uniform.High-d.Uniform.Low)/2
	case d.Exponential != nil:
		return duration(float64(*d.Exponential) * (1 + Tail*math.Log(Tail)/q))
	case d.Lognormal != nil:
		s := d.Lognormal.Sigma
		return duration(float64(d.Lognormal.Median) * math.Exp(s*s/2) * unit.CDF(unit.Quantile(q)-s) / q)
	case d.Normal != nil:
		m, s, z := float64(d.Normal.Mean), float64(d.Normal.Deviation), unit.Quantile(q)
		return duration((m*(q-unit.CDF(-m/s)) + s*(unit.Prob(m/s)-unit.Prob(z))) / q)
	}
	return 0
}
