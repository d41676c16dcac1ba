package plan

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"fsctl/plan/queueing"
)

// response is the distribution of a service's response time: wait plus service.
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
// That is exact where nobody waits and service times are gamma, and for M/M/1; between, it is an
// approximation that the request simulation checks.
// Source: queueing.MMc, queueing.MGcMeanWait; two-moment matching, Tijms, A First Course in
// Stochastic Models, 2003, appendix B.
type response struct {
	queue          queueing.MMc // in place of the gamma distribution, where exact
	exact          bool
	mean, variance float64 // of the gamma distribution
	wait           float64 // share that waits
}

// responseOf returns the distribution when nobody waits.
func responseOf(seconds, scv float64) response {
	return response{mean: seconds, variance: scv * seconds * seconds}
}

// newResponse returns the distribution with c cores, more than rate x seconds.
func newResponse(rate, seconds, scv float64, c int) response {
	r := responseOf(seconds, scv)
	q, err := queueing.NewMMc(rate, seconds, c)
	if err != nil { // more cores than the formulas take: nobody waits
		return r
	}
	r.wait = q.WaitProbability()
	if r.wait == 0 {
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
	r.variance += w.MeanWaitSeconds * w.MeanWaitSeconds * (2/r.wait - 1)
	return r
}

// manyStages is the shape from which a gamma distribution is taken as normal.
const manyStages = 1e6

// tail returns the share of calls that take longer than t [s].
func (r response) tail(t float64) float64 {
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

// quantile returns the time [s] within which a share p of calls is answered, p above 0 and below 1.
func (r response) quantile(p float64) float64 {
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
		if r.tail(mid) > 1-p {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// behaviour fills in how the service fares in the mid case, on the instances of the mid case.
func (m *model) behaviour(out *Service, s *serviceModel, mid *point, i int) {
	sized, rate := mid.sizes[i], mid.rates[i]
	if sized.instances == 0 {
		return
	}
	if s.capacity != absent && s.kind != "function" {
		out.UtilizationRatio = min(1, m.nodeUtilization(mid, i))
	}
	if s.demand == absent {
		return
	}
	seconds, scv := s.seconds(mid, sized.instances), mid.value(s.variability, 1)
	if s.drainSeconds > 0 && rate*seconds >= sized.instances*s.cores { // a queue that is let grow: it has no steady state
		out.UtilizationRatio, out.WaitProbability = 1, 1
		return
	}
	r := responseOf(seconds, scv)
	busy := sized.cores / sized.instances
	if s.kind != "function" {
		cores := min(sized.instances*s.cores, maxServers)
		busy = rate * seconds / cores
		r = newResponse(rate, seconds, scv, int(cores))
	}
	out.UtilizationRatio = max(out.UtilizationRatio, min(1, busy))
	out.WaitProbability = r.wait
	out.ResponseSeconds = Response{P50: r.quantile(0.5), P99: r.quantile(0.99)}
}

// nodeUtilization returns the share of its capacity that the busiest node is asked for.
func (m *model) nodeUtilization(x *point, i int) float64 {
	s := &m.services[i]
	capacity, nodes := x.values[s.capacity], x.sizes[i].instances
	switch s.kind {
	case "cache":
		return s.hotShard(x.rates[i], m.hotKey, nodes) / capacity
	case "database":
	default:
		return x.rates[i] / (nodes * capacity)
	}
	writes := x.direct[i] * s.writes
	return max(writes, (x.rates[i]-writes)/max(1, nodes-1)) / capacity
}
