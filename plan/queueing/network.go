package queueing

import "math"

// NetworkResult is the steady state of a [ClosedNetwork].
type NetworkResult struct {
	ThroughputPerSec  float64   // X, requests completed [1/s]
	ResponseSeconds   float64   // R = N/X - Z, mean time from request to answer [s]
	UtilizationRatios []float64 // X Di / mi, per station
}

const maxNetworkUsers = 10_000

// Solve returns the exact mean values for N users and exponential service.
//
//	X(N) = G(N-1)/G(N), G the convolution over stations of f_i(n) = Di^n / prod_{k<=n} min(k, mi)
//
//	Di, mi   demand [s] and servers of station i, as [Station] has them
//	users N  1 to 10000; time grows with N for one server and with N^2 for more
//
// The same answers as mean value analysis (Reiser and Lavenberg, Journal of the ACM 27(2), 1980),
// whose recursion for stations of many servers loses all its digits where these sums of positive
// terms, kept as logarithms, lose none. Errors: [RangeError].
// Source: Buzen, Communications of the ACM 16(9), 1973, 527-531.
func (c ClosedNetwork) Solve(users int) (NetworkResult, error) {
	if err := c.check(users, maxNetworkUsers); err != nil {
		return NetworkResult{}, err
	}
	g := logThinking(c.ThinkSeconds, users)
	for _, s := range c.Stations {
		logDemand := math.Log(s.DemandSeconds)
		if s.Servers == 1 {
			for n := 1; n <= users; n++ {
				g[n] = logAdd(g[n], logDemand+g[n-1])
			}
			continue
		}
		g = logConvolve(g, logStation(logDemand, s.Servers, users))
	}
	x := math.Exp(g[users-1] - g[users])
	r := NetworkResult{ThroughputPerSec: x, ResponseSeconds: math.Max(0, float64(users)/x-c.ThinkSeconds)}
	for _, s := range c.Stations {
		r.UtilizationRatios = append(r.UtilizationRatios, math.Min(1, x*s.DemandSeconds/float64(s.Servers)))
	}
	return r, nil
}

// logThinking is a station without a queue; without think time it is empty.
func logThinking(seconds float64, users int) []float64 {
	return logStation(math.Log(seconds), users, users)
}

func logStation(logDemand float64, servers, users int) []float64 {
	f := make([]float64, users+1)
	for n := 1; n <= users; n++ {
		f[n] = f[n-1] + logDemand - math.Log(float64(min(n, servers)))
	}
	return f
}

func logAdd(a, b float64) float64 {
	high, low := math.Max(a, b), math.Min(a, b)
	if math.IsInf(low, -1) {
		return high
	}
	return high + math.Log1p(math.Exp(low-high))
}

func logConvolve(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for n := range out {
		high := math.Inf(-1)
		for k := 0; k <= n; k++ {
			high = math.Max(high, a[k]+b[n-k])
		}
		sum := 0.0
		for k := 0; k <= n; k++ {
			if d := a[k] + b[n-k] - high; d > -45 { // less does not reach the last digit
				sum += math.Exp(d)
			}
		}
		out[n] = high + math.Log(sum)
	}
	return out
}
