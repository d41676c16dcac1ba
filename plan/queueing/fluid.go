package queueing

import (
	"errors"
	"fmt"
	"math"
)

// Flow is a stretch of time with constant rates.
type Flow struct {
	Seconds       float64 // how long it lasts [s], 0 or 1e-12 to 1e12
	ArrivalPerSec float64 // lambda [1/s], 0 or 1e-15 to 1e15
	ServicePerSec float64 // mu, what the servers could finish [1/s], 0 or 1e-15 to 1e15
}

// FluidPoint is a corner of a backlog that changes linearly in between.
type FluidPoint struct {
	Seconds float64 // since the first flow began [s]
	Backlog float64 // requests, 0 or more
}

// Fluid is a backlog over time.
type Fluid struct {
	Points       []FluidPoint // begin, end of each flow, and wherever the backlog empties
	PeakBacklog  float64      // requests
	PeakSeconds  float64      // when it was first reached [s]
	FinalBacklog float64      // requests, when the last flow ends
	// WaitRequestSeconds is the area under the backlog: divided by the arrivals, the mean wait.
	WaitRequestSeconds float64
}

// FluidBacklog follows the backlog q of dq/dt = lambda - mu, q >= 0, through flows with constant
// rates. The same equation is an order queue with its consumers, a waiting room and a broker.
//
//	initialBacklog  q(0), requests, 0 to 1e18
//
// Exact for fluids; a random queue also waits while lambda < mu, see [MMc]. Errors: [RangeError].
// Source: Newell, Applications of Queueing Theory, 1982, chapter 2.
func FluidBacklog(initialBacklog float64, flows []Flow) (Fluid, error) {
	if err := checkCount("initial backlog", initialBacklog); err != nil {
		return Fluid{}, err
	}
	q, now := initialBacklog, 0.0
	f := Fluid{Points: []FluidPoint{{0, q}}, PeakBacklog: q}
	for i, flow := range flows {
		if err := flow.check(); err != nil {
			return Fluid{}, fmt.Errorf("flow %d: %w", i+1, err)
		}
		left, net := flow.Seconds, flow.ArrivalPerSec-flow.ServicePerSec
		if net < 0 && q > 0 && q <= -net*left {
			empty := q / -net
			f.WaitRequestSeconds += q * empty / 2
			now, left, q = now+empty, left-empty, 0
			f.Points = append(f.Points, FluidPoint{now, 0})
		}
		end := math.Max(0, q+net*left)
		f.WaitRequestSeconds += (q + end) / 2 * left
		now, q = now+left, end
		f.Points = append(f.Points, FluidPoint{now, q})
		if q > f.PeakBacklog {
			f.PeakBacklog, f.PeakSeconds = q, now
		}
	}
	f.FinalBacklog = q
	return f, nil
}

func (f Flow) check() error {
	return errors.Join(checkSecondsOrZero("duration", f.Seconds),
		checkRateOrZero("arrival rate", f.ArrivalPerSec), checkRateOrZero("service rate", f.ServicePerSec))
}

// DrainSeconds returns the time [s] until a backlog is gone: q / (mu - lambda).
//
//	backlog       q       requests, 0 to 1e18
//	arrivalPerSec lambda  rate that still arrives [1/s], 0 or 1e-15 to 1e15
//	servicePerSec mu      rate at which it is worked off [1/s], 0 or 1e-15 to 1e15
//
// Errors: [RangeError]; [ErrUnstable] where mu <= lambda with a backlog to drain.
// Source: as [FluidBacklog].
func DrainSeconds(backlog, arrivalPerSec, servicePerSec float64) (float64, error) {
	if err := errors.Join(checkCount("backlog", backlog), checkRateOrZero("arrival rate", arrivalPerSec),
		checkRateOrZero("service rate", servicePerSec)); err != nil {
		return 0, err
	}
	if backlog == 0 {
		return 0, nil
	}
	if servicePerSec <= arrivalPerSec {
		return 0, fluidUnstable(arrivalPerSec, servicePerSec)
	}
	return backlog / (servicePerSec - arrivalPerSec), nil
}

func fluidUnstable(arrivalPerSec, servicePerSec float64) error {
	return fmt.Errorf("%w: %g requests/s arrive for good and %g/s are served, want a higher service rate",
		ErrUnstable, arrivalPerSec, servicePerSec)
}

// Spike is an arrival rate that jumps and fades, by definition lambda(t) = b + l0 e^(-t/tau), t >=
// 0.
type Spike struct {
	BasePerSec   float64 // b, what stays [1/s], 0 or 1e-15 to 1e15
	SurgePerSec  float64 // l0, what the jump adds at t = 0 [1/s], 0 or 1e-15 to 1e15
	DecaySeconds float64 // tau [s], 1e-12 to 1e12
}

// SpikeBacklog is what a [Spike] does to servers of constant rate.
type SpikeBacklog struct {
	TurnSeconds  float64 // when the backlog stops growing [s]; 0 where it never grows
	PeakBacklog  float64 // requests at that time
	EmptySeconds float64 // when it is gone [s]
}

// Against returns the backlog that the spike leaves before servers that finish mu requests a second.
//
//	q(t)   = (b - mu) t + l0 tau (1 - e^(-t/tau))
//	t_turn = tau ln(l0 / (mu - b)), where lambda falls to mu
//
//	servicePerSec mu  [1/s], 1e-15 to 1e15
//
// Errors: [RangeError]; [ErrUnstable] where mu <= b. Source: as [FluidBacklog].
func (s Spike) Against(servicePerSec float64) (SpikeBacklog, error) {
	if err := errors.Join(checkRateOrZero("base rate", s.BasePerSec), checkRateOrZero("surge rate", s.SurgePerSec),
		checkSeconds("decay time", s.DecaySeconds), checkRate("service rate", servicePerSec)); err != nil {
		return SpikeBacklog{}, err
	}
	if servicePerSec <= s.BasePerSec {
		return SpikeBacklog{}, fluidUnstable(s.BasePerSec, servicePerSec)
	}
	spare := servicePerSec - s.BasePerSec
	over := s.SurgePerSec / spare
	if over <= 1 {
		return SpikeBacklog{}, nil
	}
	// In units of tau and of spare x tau: q(x) = over (1 - e^-x) - x, gone before x = over.
	backlog := func(x float64) float64 { return -over*math.Expm1(-x) - x }
	turn := math.Log(over)
	return SpikeBacklog{
		TurnSeconds:  s.DecaySeconds * turn,
		PeakBacklog:  math.Max(0, backlog(turn)) * spare * s.DecaySeconds,
		EmptySeconds: s.DecaySeconds * findRoot(backlog, turn, over),
	}, nil
}

// TokenBucket lets a burst through at once and then a steady rate.
type TokenBucket struct {
	Burst      float64 // b, what passes at once, 0 to 1e18
	RatePerSec float64 // r, what passes per second after that, 0 or 1e-15 to 1e15
}

// MaxPassed returns the most that passes in any t seconds: b + r t.
//
//	seconds t  [s], 0 or 1e-12 to 1e12
//
// Exact. Errors: [RangeError]. Source: Cruz, IEEE Transactions on Information Theory 37(1), 1991.
func (b TokenBucket) MaxPassed(seconds float64) (float64, error) {
	if err := errors.Join(b.check(), checkSecondsOrZero("time", seconds)); err != nil {
		return 0, err
	}
	return b.Burst + b.RatePerSec*seconds, nil
}

// SecondsToPass returns the least time [s] in which n pass a full bucket: max(0, (n-b)/r).
//
//	count n  0 to 1e18
//
// Exact. Errors: [RangeError]; [ErrInfeasible] where n > b and r = 0. Source: as MaxPassed.
func (b TokenBucket) SecondsToPass(count float64) (float64, error) {
	if err := errors.Join(b.check(), checkCount("count", count)); err != nil {
		return 0, err
	}
	if count <= b.Burst {
		return 0, nil
	}
	if b.RatePerSec == 0 {
		return 0, fmt.Errorf("%w: %g to pass a bucket of %g that is never refilled", ErrInfeasible, count, b.Burst)
	}
	return (count - b.Burst) / b.RatePerSec, nil
}

func (b TokenBucket) check() error {
	return errors.Join(checkCount("burst", b.Burst), checkRateOrZero("refill rate", b.RatePerSec))
}

// InstanceLimitPerSec returns the limit each instance must enforce so that all together pass a
// global limit, after a zone is lost: global / (instances left).
//
//	globalPerSec    [1/s], 0 or 1e-15 to 1e15
//	instances       running before the loss, at least 1
//	lostInstances   gone with the zone, 0 to instances-1
//
// Before a loss the same setting passes more than the limit. Errors: [RangeError].
// Derived from instances x limit = global, for requests spread evenly.
func InstanceLimitPerSec(globalPerSec float64, instances, lostInstances int) (float64, error) {
	if err := errors.Join(checkRateOrZero("global limit", globalPerSec), checkAtLeast("instances", instances, 1),
		checkAtLeast("lost instances", lostInstances, 0)); err != nil {
		return 0, err
	}
	if lostInstances >= instances {
		return 0, &RangeError{Parameter: "lost instances", Value: float64(lostInstances), Want: fmt.Sprintf("fewer than all %d", instances)}
	}
	return globalPerSec / float64(instances-lostInstances), nil
}
