package report

import (
	"cmp"
	"maps"
	"slices"

	"fsctl/loadgen/record"
)

// Capacity is the most that the target was seen to do: the best mean rate of good answers over three
// consecutive seconds, or over fewer in which it was busy throughout. Failed requests are left out,
// since refusing is cheap.
type Capacity struct {
	QPS              float64            `json:"qps"`               // requests per second
	AtSeconds        int                `json:"at_seconds"`        // where that rate began, from T0
	Steps            map[string]float64 `json:"steps"`             // each step's own best rate [1/s]
	LowerBound       bool               `json:"lower_bound"`       // the target was never at its limit: it may do more
	SaturatedSeconds int                `json:"saturated_seconds"` // in which it was

	// Of a search for capacity, in users per second: the highest rate that passed and the lowest above it that
	// failed, absent where there is none. QPS, AtSeconds and Steps are those of the former then, and LowerBound
	// says that there is none of the latter.
	RatePerSec      float64 `json:"rate_per_sec,omitempty"`
	FailsRatePerSec float64 `json:"fails_rate_per_sec,omitempty"`
}

// pressure compares a target's service time with all connections busy with that of quiet moments.
type pressure struct {
	known bool
	ratio float64 // mean over the steps of full over quiet, weighted by full requests
	full  float64 // mean service time of those requests [s]
	quiet float64 // what the same requests would have taken in quiet moments [s]
	calm  map[string]float64
}

// queues says whether the target is the one that makes requests wait.
func (p pressure) queues() bool { return p.known && p.ratio >= queueingRatio }

func comparePressure(run *history) pressure { return pressureOn(run, run) }

// pressureOn compares the service times of a part of a run with those of its quiet moments elsewhere.
func pressureOn(calmer, run *history) pressure {
	p := pressure{calm: map[string]float64{}}
	var requests, ratios, full, quiet, allFull, allRequests float64
	for _, name := range run.names {
		c, rest := run.total(name), calmer.total(name).Quiet
		n := float64(c.Full.Requests)
		allFull, allRequests = allFull+c.Full.Seconds, allRequests+n
		if rest.Requests == 0 || rest.Seconds <= 0 {
			continue
		}
		calm := rest.Seconds / float64(rest.Requests)
		p.calm[name] = calm
		if n == 0 {
			continue
		}
		requests += n
		ratios += n * (c.Full.Seconds / n) / calm
		full += c.Full.Seconds
		quiet += n * calm
	}
	if requests == 0 {
		p.full = ratio(allFull, allRequests)
		return p
	}
	p.known = true
	p.ratio, p.full, p.quiet = finite(ratios/requests), finite(full/requests), finite(quiet/requests)
	return p
}

// good returns the requests of a second that were answered as expected.
func good(c record.Counters) float64 {
	if c.Failed >= c.Done {
		return 0
	}
	return float64(c.Done - c.Failed)
}

// measureCapacity measures the target. A saturated generator never shows the target's limit.
func measureCapacity(run *history, p pressure, share float64, generatorSaturated bool) Capacity {
	c := Capacity{Steps: map[string]float64{}}
	answered := func(events map[string]record.Counters) float64 {
		var sum float64
		for _, counters := range events {
			sum += good(counters)
		}
		return sum
	}
	if !generatorSaturated {
		for _, events := range run.events {
			if p.atLimit(events, share) {
				c.SaturatedSeconds++
			}
		}
	}
	c.LowerBound = c.SaturatedSeconds == 0
	c.QPS, c.AtSeconds = run.most(answered, !c.LowerBound)
	for _, name := range run.names {
		c.Steps[name], _ = run.most(func(events map[string]record.Counters) float64 { return good(events[name]) }, !c.LowerBound)
	}
	return c
}

// fullShare is the share of a second's answers that left with all connections busy when the target had
// work waiting throughout the second.
const fullShare = 0.9

// busyThroughout says whether the target had work waiting in all of a second. Then what it answered is
// what it can do, however short the rush was.
func busyThroughout(events map[string]record.Counters) bool {
	sum := allOf(events)
	return sum.Done > 0 && float64(sum.Full.Requests) >= fullShare*float64(sum.Done)
}

// atLimit says whether the target was at its limit in a second: it answered queueingRatio times slower
// than in quiet moments, or more requests than the share of lateness allowed had to wait.
func (p pressure) atLimit(events map[string]record.Counters, share float64) bool {
	var requests, ratios float64
	var waited, sent uint64
	for _, name := range slices.SortedFunc(maps.Keys(events), cmp.Compare) {
		c := events[name]
		waited, sent = waited+c.Waited, sent+c.Sent
		if calm := p.calm[name]; calm > 0 && c.Full.Requests > 0 {
			requests += float64(c.Full.Requests)
			ratios += c.Full.Seconds / calm
		}
	}
	return requests > 0 && ratios/requests >= queueingRatio || float64(waited) > share*float64(sent)
}
