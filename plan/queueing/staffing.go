package queueing

import (
	"errors"
	"fmt"
	"math"
)

// HalfinWhittWait returns the share of requests that wait when c = A + beta sqrt(A) servers face a
// large offered load A.
//
//	alpha(beta) = 1 / (1 + beta Phi(beta)/phi(beta)), Phi and phi of the standard normal
//
//	beta  servers beyond the load in units of sqrt(A), 0 to 1e3
//
// The limit for A to infinity: good for A >= 10 erlang; [ErlangC] is exact. Errors: [RangeError].
// Source: Halfin and Whitt, Operations Research 29(3), 1981, 567-588.
func HalfinWhittWait(beta float64) (float64, error) {
	if !(beta >= 0 && beta <= 1e3) {
		return 0, &RangeError{Parameter: "beta", Value: beta, Want: "in [0, 1e3]"}
	}
	return 1 / (1 + math.Exp(logOddsHalfinWhitt(beta))), nil
}

// HalfinWhittBeta returns beta with [HalfinWhittWait](beta) = alpha.
//
//	alpha  share that waits, 0 to 1, 0 excluded
//
// Errors: [RangeError]. Source: as HalfinWhittWait, inverted with Newton's method.
func HalfinWhittBeta(waitProbability float64) (float64, error) {
	if err := checkTarget("wait probability", waitProbability); err != nil {
		return 0, err
	}
	return halfinWhittBeta(waitProbability), nil
}

// logOddsHalfinWhitt is ln(beta Phi/phi), the log odds that an arrival does not wait.
func logOddsHalfinWhitt(beta float64) float64 {
	return math.Log(beta*math.Erfc(-beta/math.Sqrt2)*math.Sqrt(math.Pi/2)) + beta*beta/2
}

func halfinWhittBeta(alpha float64) float64 {
	odds := math.Min((1-alpha)/alpha, math.MaxFloat64)
	if odds == 0 {
		return 0
	}
	target := math.Log(odds)
	beta := math.Min(0.8*odds, math.Sqrt(2*math.Log1p(odds)))
	for range 50 {
		normalTerm := math.Exp(-beta*beta/2) * math.Sqrt(2/math.Pi) / math.Erfc(-beta/math.Sqrt2)
		step := (logOddsHalfinWhitt(beta) - target) / (1/beta + beta + normalTerm)
		// Halving instead of overshooting zero keeps the logarithm defined.
		beta = math.Max(beta-step, beta/2)
		if math.Abs(step) <= 1e-12*beta {
			break
		}
	}
	return beta
}

// SquareRootStaffing returns the number of servers n = ceil(A + beta sqrt(A)), A = lambda S.
//
//	erlang          A     offered load [erlang], 0 to 1e9
//	waitProbability alpha target share that waits, 0 exclusive to 1; beta = HalfinWhittBeta(alpha)
//
// It explains a server count: a load, plus a reserve that grows with its root. Good for A >= 10
// erlang, and can be one server short (two at alpha 0.01 beyond 10 000 erlang); [MinServersErlangC]
// is exact. Errors: [RangeError].
// Source: Halfin and Whitt, Operations Research 29(3), 1981, 567-588.
func SquareRootStaffing(erlang, waitProbability float64) (int, error) {
	if err := checkErlang(erlang); err != nil {
		return 0, err
	}
	if err := checkTarget("wait probability", waitProbability); err != nil {
		return 0, err
	}
	return int(math.Ceil(erlang + halfinWhittBeta(waitProbability)*math.Sqrt(erlang))), nil
}

// Limit names what decides a number of servers.
type Limit string

// The limits that [MinServers] knows. Stability is always there: more servers than erlang.
const (
	LimitStability       Limit = "stability"
	LimitUtilization     Limit = "utilization"
	LimitWaitProbability Limit = "wait-probability"
	LimitLatency         Limit = "latency"
)

// Staffing is a load with the limits that its servers must keep. A limit left 0 is not asked for.
type Staffing struct {
	ArrivalPerSec       float64 // mean arrival rate [1/s], 0 or 1e-15 to 1e15
	ServiceSeconds      float64 // mean service time [s], 1e-12 to 1e12
	MaxUtilizationRatio float64 // largest share of time that a server may be busy, 0 to 1
	MaxWaitRatio        float64 // largest share of requests that may wait, 0 to 1
	LatencyQuantile     float64 // share of requests that must be answered within MaxLatencySeconds, 0 to 1 exclusive
	MaxLatencySeconds   float64 // [s], 1e-12 to 1e12
}

// ServerCount is what [MinServers] found: the servers each limit needs, and the largest of them.
type ServerCount struct {
	Servers int           // smallest number that keeps every limit
	Binding Limit         // the limit that needs that many; the simpler one where several do
	ByLimit map[Limit]int // servers per limit asked for, with stability
}

// MinServers returns the smallest number of M/M/c servers that keeps every limit, and which limit
// decides it.
//
//	stability        c > A, A = lambda S, c >= 1
//	utilization      c >= A / MaxUtilizationRatio
//	wait-probability ErlangC(c, A) <= MaxWaitRatio
//	latency          P(T > MaxLatencySeconds) <= 1 - LatencyQuantile
//
// Errors: [RangeError]; [ErrInfeasible] where the service alone, without any wait, is too slow for
// the latency limit. Source: [ErlangC], [MMc.ResponseTail].
func MinServers(s Staffing) (ServerCount, error) {
	if err := s.check(); err != nil {
		return ServerCount{}, err
	}
	erlang := s.ArrivalPerSec * s.ServiceSeconds
	count := ServerCount{ByLimit: make(map[Limit]int, 4)}
	count.raise(LimitStability, int(erlang)+1)
	if s.MaxUtilizationRatio > 0 {
		servers := ceilWithin(erlang / s.MaxUtilizationRatio)
		if servers > maxServers {
			return ServerCount{}, fmt.Errorf("%w: utilization of at most %g at %g erlang needs %g servers, want at most %d",
				ErrInfeasible, s.MaxUtilizationRatio, erlang, servers, maxServers)
		}
		count.raise(LimitUtilization, int(servers))
	}
	if s.MaxWaitRatio > 0 {
		servers, err := MinServersErlangC(erlang, s.MaxWaitRatio)
		if err != nil {
			return ServerCount{}, err
		}
		count.raise(LimitWaitProbability, servers)
	}
	if s.LatencyQuantile > 0 {
		servers, err := minServersLatency(erlang, s)
		if err != nil {
			return ServerCount{}, err
		}
		count.raise(LimitLatency, servers)
	}
	return count, nil
}

func (s Staffing) check() error {
	err := errors.Join(
		checkRateOrZero("arrival rate", s.ArrivalPerSec), checkSeconds("service time", s.ServiceSeconds),
		checkProbability("utilization limit", s.MaxUtilizationRatio), checkProbability("wait probability limit", s.MaxWaitRatio),
		checkQuantile(s.LatencyQuantile), checkSecondsOrZero("latency limit", s.MaxLatencySeconds),
		checkErlang(s.ArrivalPerSec*s.ServiceSeconds))
	if err == nil && (s.LatencyQuantile > 0) != (s.MaxLatencySeconds > 0) {
		return &RangeError{Parameter: "latency limit [s]", Value: s.MaxLatencySeconds,
			Want: "set together with its quantile, or neither"}
	}
	return err
}

// raise keeps the first of equals, so that limits are asked in order of simplicity.
func (c *ServerCount) raise(limit Limit, servers int) {
	c.ByLimit[limit] = servers
	if servers > c.Servers {
		c.Servers, c.Binding = servers, limit
	}
}

// ceilWithin rounds up, but takes 60.00000000000001 for the 60 that was meant: 42/0.7 is not one
// server more than 60.
func ceilWithin(x float64) float64 { return math.Ceil(x * (1 - 1e-12)) }

// minServersLatency starts from the Halfin-Whitt form of the response tail, then steps exactly.
func minServersLatency(erlang float64, s Staffing) (int, error) {
	limit, tail, mu := s.MaxLatencySeconds, 1-s.LatencyQuantile, 1/s.ServiceSeconds
	if alone := math.Exp(-mu * limit); alone > tail {
		return 0, fmt.Errorf("%w: %g of requests in service for longer than %g s, want at most %g; make the service faster than %g s",
			ErrInfeasible, alone, limit, tail, limit/-math.Log(tail))
	}
	start := 0.0
	if erlang > recursionServers {
		root := math.Sqrt(erlang)
		logTail := math.Log(tail)
		excess := func(beta float64) float64 {
			wait := 1 / (1 + math.Exp(logOddsHalfinWhitt(beta)))
			return logResponseTail(wait, mu*beta*root, mu, limit) - logTail
		}
		start = erlang + root*findRoot(excess, 1e-12, 40)
	}
	enough := func(servers int, wait float64) bool {
		theta := (float64(servers) - erlang) * mu
		return responseTail(wait, theta, mu, limit) <= tail
	}
	return searchServers(erlang, start, enough), nil
}
