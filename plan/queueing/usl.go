package queueing

import (
	"errors"
	"math"
)

// ErrPeakUnknown says that the measurements do not show a peak: they fit a system that never slows
// down under more concurrency, or one that would do so far beyond what was measured.
var ErrPeakUnknown = errors.New("peak unknown")

// Estimate is a fitted value with its confidence interval.
type Estimate struct {
	Value, Low, High float64 // in the unit of what is estimated; Low <= Value <= High
}

// USL is a system's throughput by the Universal Scalability Law, fitted to measurements by [FitUSL].
//
//	X(N) = gamma N / (1 + alpha (N-1) + beta N (N-1))
//
//	N      concurrency: users, threads or machines
//	gamma  throughput of one [1/s], > 0
//	alpha  contention: share of the work that is serial, 0 to 1
//	beta   coherency: cost of keeping a pair consistent, >= 0
//
// Source: Gunther, Guerrilla Capacity Planning, 2007, chapter 5.
type USL struct {
	GammaPerSec Estimate // [1/s], > 0
	Alpha       Estimate // 0 to 1
	Beta        Estimate // >= 0

	LargestConcurrency float64 // largest N measured, 1 to 1e9; answers stop at twice that
	ResidualPerSec     float64 // root mean square distance of the points from the curve [1/s]
}

// USLPeak is where more concurrency starts to give less throughput.
type USLPeak struct {
	Concurrency      float64 // N*, at least 1
	ThroughputPerSec float64 // X(N*) [1/s]
}

// How far beyond the largest measured concurrency a fitted curve may be believed.
const uslReach = 2

// ThroughputPerSec returns X(N) [1/s] of the fitted curve for the concurrency N, from 1 to twice the largest measured one.
//
// Errors: [RangeError] for N outside that range. Source: as [USL].
func (u USL) ThroughputPerSec(concurrency float64) (float64, error) {
	if err := u.checkReach(concurrency); err != nil {
		return 0, err
	}
	return u.curve().throughput(concurrency), nil
}

// Peak returns N* = sqrt((1-alpha)/beta), at least 1, with X(N*).
//
// Errors: [ErrPeakUnknown] where beta's confidence interval includes 0, or where the peak would lie
// beyond twice the largest measured concurrency. Source: Gunther 2007, as [USL]; the root of dX/dN.
func (u USL) Peak() (USLPeak, error) {
	if !(u.Beta.Low > 0) {
		return USLPeak{}, ErrPeakUnknown
	}
	peak := u.peakConcurrency()
	if u.checkReach(peak) != nil {
		return USLPeak{}, ErrPeakUnknown
	}
	return USLPeak{Concurrency: peak, ThroughputPerSec: u.curve().throughput(peak)}, nil
}

// Concurrency returns the smallest N >= 1 that reaches throughput X, from the full quadratic
//
//	X beta N^2 + (X (alpha - beta) - gamma) N + X (1 - alpha) = 0
//
// All terms stay: without beta it would name an N for throughputs that cannot happen. The mean
// response time there is N/X by Little's law.
//
//	throughputPerSec X  [1/s], > 0, at most the curve's maximum up to twice the largest measured N
//
// Errors: [RangeError]. Derived from X(N) of [USL], solved for N.
func (u USL) Concurrency(throughputPerSec float64) (float64, error) {
	if err := checkRate("throughput", throughputPerSec); err != nil {
		return 0, err
	}
	if err := u.checkReach(1); err != nil {
		return 0, err
	}
	c := u.curve()
	if throughputPerSec <= c.gamma {
		return 1, nil
	}
	top := math.Min(u.peakConcurrency(), uslReach*u.LargestConcurrency)
	if most := c.throughput(top); throughputPerSec > most {
		return 0, &RangeError{Parameter: "throughput [1/s]", Value: throughputPerSec,
			Want: "at most " + formatFloat(most) + ", the most that the measurements support"}
	}
	a := throughputPerSec * c.beta
	b := c.gamma - throughputPerSec*(c.alpha-c.beta)
	rest := throughputPerSec * (1 - c.alpha)
	// The smaller root, in the form that survives beta = 0; at the very peak rounding may turn the
	// discriminant negative.
	root := math.Sqrt(math.Max(0, b*b-4*a*rest))
	return math.Min(math.Max(1, 2*rest/(b+root)), top), nil
}

// peakConcurrency is infinite where nothing ever slows the system down.
func (u USL) peakConcurrency() float64 {
	if u.Beta.Value == 0 {
		return math.Inf(1)
	}
	return math.Max(1, math.Sqrt((1-u.Alpha.Value)/u.Beta.Value))
}

func (u USL) curve() uslCurve { return uslCurve{u.GammaPerSec.Value, u.Alpha.Value, u.Beta.Value} }

func (u USL) checkReach(concurrency float64) error {
	if concurrency >= 1 && concurrency <= uslReach*u.LargestConcurrency {
		return nil
	}
	return &RangeError{Parameter: "concurrency", Value: concurrency,
		Want: "in [1, " + formatFloat(uslReach*u.LargestConcurrency) + "], twice the largest measured"}
}

type uslCurve struct{ gamma, alpha, beta float64 }

func (c uslCurve) throughput(n float64) float64 {
	return c.gamma * n / (1 + c.alpha*(n-1) + c.beta*n*(n-1))
}
