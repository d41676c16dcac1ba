package queueing

import (
	"errors"
	"math"
)

// MMc is a stable M/M/c queue: Poisson arrivals, exponential service times, c equal servers, one
// first-come first-served line without end. [NewMMc] makes it; the zero value is a queue that
// no arrival enters, and refuses to give quantiles.
//
// In the comments of its methods lambda is the arrival rate [1/s], S the mean service time [s], mu = 1/S, c the
// servers, C the wait probability of [ErlangC], by definition theta = c mu - lambda the spare rate [1/s].
type MMc struct {
	arrivalPerSec  float64
	serviceSeconds float64
	servers        int
	erlang         float64
	wait           float64 // Erlang C
	spare          float64 // theta = c mu - lambda [1/s]
}

// NewMMc returns the queue with the given load.
//
//	arrivalPerSec  lambda  mean arrival rate [1/s], 0 or 1e-15 to 1e15
//	serviceSeconds S       mean service time [s], 1e-12 to 1e12; mu = 1/S
//	servers        c       number of servers, 1 to 2^31-1
//
// Errors: [RangeError]; [ErrUnstable] where lambda S >= c.
// Source: Erlang C as [ErlangC]; Kleinrock, Queueing Systems I, 1975, section 3.5.
func NewMMc(arrivalPerSec, serviceSeconds float64, servers int) (MMc, error) {
	if err := errors.Join(checkRateOrZero("arrival rate", arrivalPerSec),
		checkSeconds("service time", serviceSeconds), checkServers(servers, 1)); err != nil {
		return MMc{}, err
	}
	erlang := arrivalPerSec * serviceSeconds
	if err := checkErlang(erlang); err != nil {
		return MMc{}, err
	}
	if erlang >= float64(servers) {
		return MMc{}, unstable(servers, erlang)
	}
	return MMc{
		arrivalPerSec: arrivalPerSec, serviceSeconds: serviceSeconds, servers: servers, erlang: erlang,
		wait:  erlangC(servers, erlang, erlangB(servers, erlang)),
		spare: (float64(servers) - erlang) / serviceSeconds,
	}, nil
}

// Utilization returns rho = lambda S / c, the share of time that a server is busy, 0 to 1 exclusive.
// Source: as the function [Utilization].
func (q MMc) Utilization() float64 { return q.erlang / math.Max(1, float64(q.servers)) }

// WaitProbability returns C, the share of requests that find every server busy, 0 to 1. Source: as
// [ErlangC].
func (q MMc) WaitProbability() float64 { return q.wait }

// MeanWaitSeconds returns Wq = C / theta [s], theta = c/S - lambda, the mean time in line.
// Source: Kleinrock, Queueing Systems I, 1975, section 3.5.
func (q MMc) MeanWaitSeconds() float64 {
	if q.wait == 0 {
		return 0
	}
	return q.wait / q.spare
}

// MeanResponseSeconds returns R = Wq + S [s], by definition the mean time in line plus in service.
func (q MMc) MeanResponseSeconds() float64 { return q.MeanWaitSeconds() + q.serviceSeconds }

// MeanQueueLength returns Lq = lambda Wq, the mean number of requests in line, 0 or more. Source:
// Little's law, as [LittleConcurrency].
func (q MMc) MeanQueueLength() float64 { return q.arrivalPerSec * q.MeanWaitSeconds() }

// WaitTail returns P(W > t) = C e^(-theta t), the share of requests that wait longer than t [s], t
// from 0 to 1e30. Errors: [RangeError]. Source: Kleinrock 1975, section 3.5.
func (q MMc) WaitTail(seconds float64) (float64, error) {
	if err := checkTailTime(seconds); err != nil {
		return 0, err
	}
	return q.wait * math.Exp(-q.spare*seconds), nil
}

// ResponseTail returns the share of requests whose time in line plus in service exceeds t.
//
//	P(T > t) = (1-C) e^(-mu t) + C (theta e^(-mu t) - mu e^(-theta t)) / (theta - mu)
//	         = e^(-mu t) (1 + C mu t)  where theta = mu
//
//	seconds t  [s], 0 to 1e30
//
// Errors: [RangeError]. Source: Kleinrock 1975, section 3.5 (an exponential wait plus a service).
func (q MMc) ResponseTail(seconds float64) (float64, error) {
	if err := checkTailTime(seconds); err != nil {
		return 0, err
	}
	if q.servers == 0 {
		return 0, nil
	}
	return responseTail(q.wait, q.spare, 1/q.serviceSeconds, seconds), nil
}

// WaitQuantile returns the time [s] within which a share q of requests leaves the line:
// ln(C/(1-q))/theta, or 0 where 1-q >= C. q is 0 to 1 exclusive. Errors: [RangeError]. Derived by
// inverting [MMc.WaitTail].
func (q MMc) WaitQuantile(quantile float64) (float64, error) {
	if err := errors.Join(checkQuantile(quantile), q.checkBuilt()); err != nil {
		return 0, err
	}
	return q.waitQuantile(1 - quantile), nil
}

func (q MMc) waitQuantile(tail float64) float64 {
	if tail >= q.wait {
		return 0
	}
	return math.Log(q.wait/tail) / q.spare
}

// ResponseQuantile returns the time [s] within which a share q of requests is answered, the root t
// of ResponseTail(t) = 1-q, to a relative 1e-12. q is 0 to 1 exclusive. Errors: [RangeError].
// Derived by inverting [MMc.ResponseTail] with a root finder.
func (q MMc) ResponseQuantile(quantile float64) (float64, error) {
	if err := errors.Join(checkQuantile(quantile), q.checkBuilt()); err != nil {
		return 0, err
	}
	if quantile == 0 {
		return 0, nil
	}
	tail := 1 - quantile
	service := -q.serviceSeconds * math.Log1p(-quantile)
	logTail := math.Log(tail)
	mu := 1 / q.serviceSeconds
	// The response is at least the service. It exceeds t only if the wait or the service exceeds
	// t/2, so the sum of both quantiles at half the tail, doubled, is never too small.
	excess := func(t float64) float64 { return logResponseTail(q.wait, q.spare, mu, t) - logTail }
	high := 2 * math.Max(q.waitQuantile(tail/2), service+q.serviceSeconds*math.Ln2)
	if excess(service) <= 0 { // no arrival waits: rounding decides the sign
		return service, nil
	}
	return findRoot(excess, service, high), nil
}

func (q MMc) checkBuilt() error {
	return checkAtLeast("servers of an MMc that NewMMc did not make", q.servers, 1)
}

// responseTail is P(W + service > t), where W is exponential at rate theta with probability wait.
func responseTail(wait, theta, mu, t float64) float64 {
	return (1-wait)*math.Exp(-mu*t) + wait*math.Exp(logSumOfTwoTail(theta, mu, t))
}

func logResponseTail(wait, theta, mu, t float64) float64 {
	two := logSumOfTwoTail(theta, mu, t)
	// two > -mu t, so the bracket is between wait and 1 and cannot underflow.
	return two + math.Log(wait+(1-wait)*math.Exp(-mu*t-two))
}

// logSumOfTwoTail is the logarithm of the chance that two exponential times with rates a and b
// together exceed t. Written around the slower rate it is smooth through a = b, where the
// textbook form divides zero by zero.
func logSumOfTwoTail(a, b, t float64) float64 {
	slow, gap := math.Min(a, b), math.Abs(a-b)*t
	mean := 1.0 // (1 - e^-gap) / gap
	if gap > 0 {
		mean = -math.Expm1(-gap) / gap
	}
	return -slow*t + math.Log1p(slow*t*mean)
}
