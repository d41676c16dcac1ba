package queueing

import (
	"errors"
	"fmt"
	"math"
)

// FanOutRatio returns the share of requests that at least one of n parallel calls makes slow (or
// fails): 1 - (1-p)^n.
//
//	callRatio p  share of single calls that are slow, 0 to 1
//	calls     n  at least 0
//
// For independent calls. Errors: [RangeError].
// Source: Dean and Barroso, The Tail at Scale, Communications of the ACM 56(2), 2013.
func FanOutRatio(callRatio float64, calls int) (float64, error) {
	if err := errors.Join(checkProbability("share of slow calls", callRatio), checkAtLeast("calls", calls, 0)); err != nil {
		return 0, err
	}
	if calls == 0 {
		return 0, nil
	}
	return -math.Expm1(float64(calls) * math.Log1p(-callRatio)), nil
}

// ZoneRedundancy returns the factor by which to provision so that the load still fits after zones
// are lost: Z/(Z-k).
//
//	zones     Z  at least 1
//	survive   k  zones that may be lost, 0 to Z-1
//
// For load and capacity spread evenly. Errors: [RangeError].
// Derived: the Z-k zones that stay must carry the load of Z.
func ZoneRedundancy(zones, survive int) (float64, error) {
	if err := errors.Join(checkAtLeast("zones", zones, 1), checkAtLeast("zones to survive", survive, 0)); err != nil {
		return 0, err
	}
	if survive >= zones {
		return 0, &RangeError{Parameter: "zones to survive", Value: float64(survive), Want: fmt.Sprintf("fewer than all %d", zones)}
	}
	return float64(zones) / float64(zones-survive), nil
}

const maxRetries = 1000

func checkRetries(retries int) error {
	if retries >= 0 && retries <= maxRetries {
		return nil
	}
	return &RangeError{Parameter: "retries", Value: float64(retries), Want: "in [0, 1000]"}
}

// RetryAmplification returns attempts per request: 1 + p + ... + p^r = (1-p^(r+1))/(1-p).
//
//	failureRatio p  share of attempts that fail, 0 to 1
//	retries      r  attempts after the first, 0 to 1000
//
// For attempts that fail independently. Errors: [RangeError].
// Derived: attempt i+1 is made where i attempts failed, p^i of the requests; a geometric sum.
func RetryAmplification(failureRatio float64, retries int) (float64, error) {
	if err := errors.Join(checkProbability("failure share", failureRatio), checkRetries(retries)); err != nil {
		return 0, err
	}
	return amplification(failureRatio, retries), nil
}

func amplification(p float64, retries int) float64 {
	sum := 1.0
	for range retries {
		sum = 1 + p*sum
	}
	return sum
}

// RetryBranch is a load that retries keep up: attempts cause failures that cause these attempts.
type RetryBranch struct {
	AttemptsPerSec float64 // first attempts and retries [1/s], at least the first attempts
	FailureRatio   float64 // share of attempts that fail, 0 to 1
}

// RetryLoad is what [RetryFixedPoint] found.
type RetryLoad struct {
	Healthy RetryBranch // where the system settles when it comes from rest
	Worst   RetryBranch // where it settles when it comes from a full storm of retries
	// Metastable says that the two differ: a passing disturbance can push the system to the upper
	// branch, and it stays there after the disturbance has gone.
	Metastable bool
}

// RetryFixedPoint returns the least and the greatest load x that retries sustain:
//
//	x = lambda (1 - p(x)^(r+1)) / (1 - p(x))
//
//	requestsPerSec lambda  first attempts [1/s], 1e-15 to 1e15
//	retries        r       0 to 1000
//	failure        p       share of attempts that fail at x attempts a second [1/s], 0 to 1; must
//	                       not fall as x grows, and must give the same for the same x
//
// Because the right side rises with x, repeating it from lambda climbs to the least solution and
// from lambda (r+1) descends to the greatest (Tarski 1955); whatever lies between is unstable or
// between stable branches. Errors: [RangeError], also for a failure share outside 0 to 1; an error
// where 100000 rounds do not settle to 1e-10 relative.
// Source: Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021.
func RetryFixedPoint(requestsPerSec float64, retries int, failure func(attemptsPerSec float64) float64) (RetryLoad, error) {
	if err := errors.Join(checkRate("request rate", requestsPerSec), checkRetries(retries)); err != nil {
		return RetryLoad{}, err
	}
	healthy, err := settle(requestsPerSec, requestsPerSec, retries, failure)
	if err != nil {
		return RetryLoad{}, fmt.Errorf("retries from rest: %w", err)
	}
	worst, err := settle(requestsPerSec*float64(retries+1), requestsPerSec, retries, failure)
	if err != nil {
		return RetryLoad{}, fmt.Errorf("retries from a storm: %w", err)
	}
	return RetryLoad{Healthy: healthy, Worst: worst,
		Metastable: worst.AttemptsPerSec > healthy.AttemptsPerSec*(1+1e-6)}, nil
}

func settle(start, requestsPerSec float64, retries int, failure func(float64) float64) (RetryBranch, error) {
	x := start
	for range 100_000 {
		p := failure(x)
		if err := checkProbability("failure share", p); err != nil {
			return RetryBranch{}, err
		}
		next := requestsPerSec * amplification(p, retries)
		if math.Abs(next-x) <= 1e-10*x {
			return RetryBranch{AttemptsPerSec: next, FailureRatio: p}, nil
		}
		x = next
	}
	return RetryBranch{}, errors.New("attempts do not settle, want a failure share that rises with the rate, away from a fold")
}

// TimeoutFailure returns the failure share for [RetryFixedPoint] of M/M/c servers whose callers give
// up after a time-out, while the servers finish the abandoned work all the same:
// p(x) = P(T > timeout), and 1 where x attempts a second are more than the servers can do.
//
//	serviceSeconds S        mean service time [s], 1e-12 to 1e12
//	servers        c        1 to 2^31-1
//	timeoutSeconds timeout  [s], 1e-12 to 1e12
//
// Errors: [RangeError]. Source: [MMc.ResponseTail].
func TimeoutFailure(serviceSeconds float64, servers int, timeoutSeconds float64) (func(attemptsPerSec float64) float64, error) {
	if err := errors.Join(checkSeconds("time-out", timeoutSeconds), checkSeconds("service time", serviceSeconds),
		checkServers(servers, 1)); err != nil {
		return nil, err
	}
	return func(attemptsPerSec float64) float64 {
		q, err := NewMMc(attemptsPerSec, serviceSeconds, servers)
		if err != nil { // overloaded: the line grows past any time-out
			return 1
		}
		return responseTail(q.wait, q.spare, 1/serviceSeconds, timeoutSeconds)
	}, nil
}
