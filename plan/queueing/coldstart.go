package queueing

import (
	"errors"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// ColdStart is a function under steady Poisson arrivals, whose instances the provider removes when
// they have been idle for a while. Each instance serves one request at a time. A request goes to the
// idle instance that was used last; where none is idle, a new instance is created for it.
type ColdStart struct {
	ArrivalPerSec      float64 // lambda, Poisson [1/s], 1e-15 to 1e15; lambda times each time at most 1e5
	WarmSeconds        float64 // mean time of a request on an instance that exists, exponential [s], 1e-12 to 1e12
	ColdSeconds        float64 // mean time of a request that creates its instance, exponential [s], 1e-12 to 1e12
	IdleTimeoutSeconds float64 // an instance idle for so long is removed [s], 1e-12 to 1e12
}

// ColdStartEstimate is what a simulation of a [ColdStart] found, with 99 % confidence intervals.
type ColdStartEstimate struct {
	ColdRatio     Estimate // share of requests that create an instance
	MeanInstances Estimate // instances that exist, busy or idle, in the mean over time
	Requests      int      // counted, after the warm-up
}

const (
	coldStartBatches    = 30
	coldStartConfidence = 0.99
	// coldStartTimeouts is how long the simulation warms up, in idle time-outs and cold starts.
	coldStartTimeouts = 10
	maxColdStartUnits = 1e5
	maxColdStartRuns  = 100_000_000
)

// Simulate estimates the share of cold starts and the mean number of instances from a number of
// requests, made from the seed: the same seed gives the same figures on any machine.
//
//	requests  counted, 3000 to 1e8; those that arrive in the warm-up of 10 (time-out + cold time) come before
//
// There is no closed form with a fixed time-out. The requests are counted in 30 batches in a row,
// whose means give Student's 99 % interval; it is too narrow where a batch is shorter than an
// instance exists, many times lambda x time-out requests. The example of SimFaaS with 3 M requests
// gives .0013 and 7.69 +- .03, where .0014 and 7.66 are published, 0.4 % below; it takes 0.2 s.
// Errors: [RangeError]. Source: Mahmoudi and Khazaei, SimFaaS, 2021, arXiv:2102.08904, whose
// example (0.9/s, 1.991 s warm, 2.244 s cold, 600 s) has a cold share of .0014 and 7.66 instances;
// batch means, Law, Simulation Modeling and Analysis, 2015, section 9.5.
func (c ColdStart) Simulate(seed uint64, requests int) (ColdStartEstimate, error) {
	if err := c.check(requests); err != nil {
		return ColdStartEstimate{}, err
	}
	f := newFleet(c, seed)
	for until := coldStartTimeouts * (c.IdleTimeoutSeconds + c.ColdSeconds); f.now < until; {
		f.request()
	}
	batch := requests / coldStartBatches
	cold, instances := make([]float64, coldStartBatches), make([]float64, coldStartBatches)
	for b := range coldStartBatches {
		f.area = 0
		began := f.now
		for range batch {
			if f.request() {
				cold[b]++
			}
		}
		cold[b] /= float64(batch)
		instances[b] = f.area / (f.now - began)
	}
	return ColdStartEstimate{batchMean(cold), batchMean(instances), batch * coldStartBatches}, nil
}

func (c ColdStart) check(requests int) error {
	err := errors.Join(checkRate("arrival rate", c.ArrivalPerSec), checkSeconds("warm time", c.WarmSeconds),
		checkSeconds("cold time", c.ColdSeconds), checkSeconds("idle time-out", c.IdleTimeoutSeconds))
	if err != nil {
		return err
	}
	if units := c.ArrivalPerSec * max(c.WarmSeconds, c.ColdSeconds, c.IdleTimeoutSeconds); units > maxColdStartUnits {
		return &RangeError{Parameter: "arrival rate x longest time", Value: units, Want: "at most 1e5"}
	}
	if requests < 100*coldStartBatches || requests > maxColdStartRuns {
		return &RangeError{Parameter: "requests", Value: float64(requests), Want: "in [3000, 1e8]"}
	}
	return nil
}

// batchMean returns the mean of batches with Student's interval.
func batchMean(batches []float64) Estimate {
	mean, deviation := stat.MeanStdDev(batches, nil)
	n := float64(len(batches))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(1 - (1-coldStartConfidence)/2)
	half := t * deviation / math.Sqrt(n)
	return Estimate{Value: mean, Low: math.Max(0, mean-half), High: mean + half}
}

// fleet is the instances of a function at an instant. Idle ones are a stack: the one used last is on
// top, and the one that has been idle longest, the next to be removed, at the bottom.
type fleet struct {
	ColdStart
	random    *rand.Rand
	now, area float64   // area under the number of instances since it was last set to 0
	idle      []float64 // since when, earliest first
	busy      ends      // until when, a heap
}

func newFleet(c ColdStart, seed uint64) *fleet {
	return &fleet{ColdStart: c, random: rand.New(rand.NewPCG(seed, 0))}
}

// request lets the next request arrive, and reports whether it found no idle instance.
func (f *fleet) request() (cold bool) {
	f.advance(f.now + f.random.ExpFloat64()/f.ArrivalPerSec)
	work := f.random.ExpFloat64()
	if cold = len(f.idle) == 0; cold {
		f.busy.push(f.now + work*f.ColdSeconds)
		return cold
	}
	f.idle = f.idle[:len(f.idle)-1]
	f.busy.push(f.now + work*f.WarmSeconds)
	return cold
}

// advance goes on to a time through every end of work and every removal before it.
func (f *fleet) advance(to float64) {
	for {
		next := to
		if len(f.busy) > 0 {
			next = math.Min(next, f.busy[0])
		}
		if len(f.idle) > 0 {
			next = math.Min(next, f.idle[0]+f.IdleTimeoutSeconds)
		}
		f.area += float64(len(f.idle)+len(f.busy)) * (next - f.now)
		f.now = next
		switch {
		case len(f.idle) > 0 && f.idle[0]+f.IdleTimeoutSeconds <= next:
			f.idle = append(f.idle[:0], f.idle[1:]...)
		case len(f.busy) > 0 && f.busy[0] <= next:
			f.idle = append(f.idle, f.busy.pop())
		default:
			return
		}
	}
}

// ends is a heap of times, the earliest first.
type ends []float64

func (h *ends) push(t float64) {
	*h = append(*h, t)
	list := *h
	for at := len(list) - 1; at > 0; {
		above := (at - 1) / 2
		if list[above] <= list[at] {
			return
		}
		list[above], list[at] = list[at], list[above]
		at = above
	}
}

func (h *ends) pop() float64 {
	list := *h
	first, last := list[0], len(list)-1
	list[0] = list[last]
	list = list[:last]
	*h = list
	for at := 0; ; {
		least := at
		for _, below := range []int{2*at + 1, 2*at + 2} {
			if below < last && list[below] < list[least] {
				least = below
			}
		}
		if least == at {
			return first
		}
		list[least], list[at] = list[at], list[least]
		at = least
	}
}
