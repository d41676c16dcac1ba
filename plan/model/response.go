package model

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"fsctl/plan/queueing"
)

// ResponseTime is the distribution of a service's response time: wait plus service.
//
// With exponential service times (scv 1) it is that of M/M/c, exact. Otherwise it is a gamma
// distribution with the mean and the variance of
//
//	E[T] = S + Wq,  Var[T] = scv S^2 + Wq^2 (2/C - 1)
//
//	S    mean service time [s]
//	Wq   mean wait of M/G/c [s]
//	C    share of calls that wait; a wait, where there is one, is exponential
//
// That is exact where no call waits and service times are gamma, and for M/M/1; between, it is an
// approximation that the request simulation checks.
// Source: queueing.MMc, queueing.MGcMeanWait; two-moment matching, Tijms, A First Course in
// Stochastic Models, 2003, appendix B.
type ResponseTime struct {
	queue          queueing.MMc // in place of the gamma distribution, where exact
	exact          bool
	mean, variance float64 // of the gamma distribution
	Wait           float64 // share of calls that wait
}

// ServiceTime returns the distribution when no call waits: seconds is the mean service time [s], above
// 0, scv its squared coefficient of variation, 0 to 100.
func ServiceTime(seconds, scv float64) ResponseTime {
	return ResponseTime{mean: seconds, variance: scv * seconds * seconds}
}

// NewResponseTime returns the distribution of the time in line and in service on c cores; it is that
// of [ServiceTime] where they are more than the formulas take.
//
//	rate     of calls [1/s], 0 or more
//	seconds  mean service time [s], above 0
//	scv      squared coefficient of variation of the service time, 0 to 100
//	c        cores, more than rate x seconds
func NewResponseTime(rate, seconds, scv float64, c int) ResponseTime {
	r := ServiceTime(seconds, scv)
	q, err := queueing.NewMMc(rate, seconds, c)
	if err != nil { // more cores than the formulas take: no call waits
		return r
	}
	r.Wait = q.WaitProbability()
	if r.Wait == 0 {
		return r
	}
	if scv == 1 {
		r.queue, r.exact = q, true
		return r
	}
	w, err := queueing.MGcMeanWait(q, scv)
	if err != nil { // the variability is in its range
		return r
	}
	r.mean += w.MeanWaitSeconds
	r.variance += w.MeanWaitSeconds * (2*(w.MeanWaitSeconds/r.Wait) - w.MeanWaitSeconds) // in this order, for 2/C may be infinite
	return r
}

// manyStages is the shape from which a gamma distribution is taken as normal.
const manyStages = 1e6

// Tail returns the share of calls, 0 to 1, that take longer than t [s], t at least 0.
func (r ResponseTime) Tail(t float64) float64 {
	if r.exact {
		share, err := r.queue.ResponseTail(t)
		if err == nil {
			return share
		}
	}
	shape := r.mean * r.mean / r.variance
	switch {
	case r.variance == 0 && t < r.mean:
		return 1
	case r.variance == 0:
		return 0
	case shape == 1:
		return math.Exp(-t / r.mean)
	case shape > manyStages:
		return math.Erfc((t-r.mean)/math.Sqrt(2*r.variance)) / 2
	}
	return mathext.GammaIncRegComp(shape, t*r.mean/r.variance)
}

// Quantile returns the time [s] within which a share p of calls is answered, p above 0 and below 1.
func (r ResponseTime) Quantile(p float64) float64 {
	if r.exact {
		if t, err := r.queue.ResponseQuantile(p); err == nil {
			return t
		}
	}
	// Chebyshev's one-sided bound on a quantile closes the bracket.
	low, high := 0.0, r.mean+math.Sqrt(r.variance*p/(1-p))
	for range 200 {
		mid := low + (high-low)/2
		if mid == low || mid == high {
			break
		}
		if r.Tail(mid) > 1-p {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
