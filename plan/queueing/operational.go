package queueing

import (
	"errors"
	"math"
)

// LittleConcurrency returns the mean number in a system: L = lambda W (Little's law).
//
//	ratePerSec lambda  completed requests [1/s], 0 or 1e-15 to 1e15
//	seconds    W       mean time in the system [s], 0 or 1e-12 to 1e12
//
// Exact for every stable system. Errors: [RangeError].
// Source: Little, Operations Research 9(3), 1961, 383-387.
func LittleConcurrency(ratePerSec, seconds float64) (float64, error) {
	if err := errors.Join(checkRateOrZero("rate", ratePerSec), checkSecondsOrZero("time in system", seconds)); err != nil {
		return 0, err
	}
	return ratePerSec * seconds, nil
}

// LittleSeconds returns the mean time in a system [s]: W = L / lambda.
//
//	concurrency L       mean number in the system, 0 to 1e18
//	ratePerSec  lambda  completed requests [1/s], 1e-15 to 1e15
//
// Errors: [RangeError]. Source: as [LittleConcurrency].
func LittleSeconds(concurrency, ratePerSec float64) (float64, error) {
	if err := errors.Join(checkCount("concurrency", concurrency), checkRate("rate", ratePerSec)); err != nil {
		return 0, err
	}
	return concurrency / ratePerSec, nil
}

// Utilization returns the share of time that each of c servers is busy: rho = lambda S / c. Above 1
// it says by how much they are overloaded.
//
//	ratePerSec     lambda  [1/s], 0 or 1e-15 to 1e15
//	serviceSeconds S       mean service time [s], 0 or 1e-12 to 1e12
//	servers        c       1 to 2^31-1
//
// Errors: [RangeError]. Source: Denning and Buzen, ACM Computing Surveys 10(3), 1978.
func Utilization(ratePerSec, serviceSeconds float64, servers int) (float64, error) {
	if err := errors.Join(checkRateOrZero("rate", ratePerSec), checkSecondsOrZero("service time", serviceSeconds),
		checkServers(servers, 1)); err != nil {
		return 0, err
	}
	return ratePerSec * serviceSeconds / float64(servers), nil
}

// DemandSeconds returns the service time [s] that a measurement implies: D = U c / X.
//
//	utilizationRatio U  measured share of time busy, 0 to 1
//	servers          c  servers (cores) that U is the mean of, 1 to 2^31-1
//	throughputPerSec X  measured throughput [1/s], 1e-15 to 1e15
//
// U must be of this workload alone; subtract what the machine does when idle. Errors: [RangeError].
// Source: Denning and Buzen 1978, the service demand law.
func DemandSeconds(utilizationRatio float64, servers int, throughputPerSec float64) (float64, error) {
	if err := errors.Join(checkProbability("utilization", utilizationRatio), checkServers(servers, 1),
		checkRate("throughput", throughputPerSec)); err != nil {
		return 0, err
	}
	return utilizationRatio * float64(servers) / throughputPerSec, nil
}

// Station is a place of a closed network where a request queues for the first free of some servers.
type Station struct {
	DemandSeconds float64 // D, service time x visits of one request [s], 1e-12 to 1e12
	Servers       int     // m, at least 1
}

// ClosedNetwork is a fixed number of users who each wait for an answer, think, and ask again.
type ClosedNetwork struct {
	Stations     []Station
	ThinkSeconds float64 // Z, mean time between an answer and the next request [s], 0 or 1e-12 to 1e12
}

// Bounds are what a closed network can do at best, whatever its distributions.
type Bounds struct {
	ThroughputPerSec float64 // X is at most this
	ResponseSeconds  float64 // R is at least this
	KneeUsers        float64 // N* = (D+Z)/max(Di/mi): from here on someone always waits
}

// AsymptoticBounds returns the limits for N users.
//
//	X <= min(N/(D+Z), min_i mi/Di), R >= max(D, N max(Di/mi) - Z), D = sum Di
//
//	Di, mi   demand [s] and servers of station i, as [Station] has them
//	Z        think time [s], 0 or 1e-12 to 1e12
//	users N  1 to 1e9
//
// Errors: [RangeError]. Source: Denning and Buzen 1978; Lazowska et al., Quantitative System
// Performance, 1984, chapter 5.
func (c ClosedNetwork) AsymptoticBounds(users int) (Bounds, error) {
	if err := c.check(users, 1e9); err != nil {
		return Bounds{}, err
	}
	total, slowest := 0.0, 0.0
	for _, s := range c.Stations {
		total += s.DemandSeconds
		slowest = math.Max(slowest, s.DemandSeconds/float64(s.Servers))
	}
	n := float64(users)
	return Bounds{
		ThroughputPerSec: math.Min(n/(total+c.ThinkSeconds), 1/slowest),
		ResponseSeconds:  math.Max(total, n*slowest-c.ThinkSeconds),
		KneeUsers:        (total + c.ThinkSeconds) / slowest,
	}, nil
}

func (c ClosedNetwork) check(users int, most float64) error {
	errs := []error{checkSecondsOrZero("think time", c.ThinkSeconds), checkAtLeast("stations", len(c.Stations), 1)}
	if users < 1 || float64(users) > most {
		errs = append(errs, &RangeError{Parameter: "users", Value: float64(users), Want: "in [1, " + formatFloat(most) + "]"})
	}
	for _, s := range c.Stations {
		errs = append(errs, checkSeconds("service demand", s.DemandSeconds), checkServers(s.Servers, 1))
	}
	return errors.Join(errs...)
}
