package report

import (
	"fsctl/loadgen/record"
	"fsctl/report/history"
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

	// Of a search for capacity, in users per second, as they came in the holds: the highest level that passed and the
	// lowest above it that failed, absent where there is none. Users have the intervals. Asked is what the search meant
	// to send. QPS, AtSeconds and Steps are those of the former then, and LowerBound
	// says that there is none of the latter.
	RatePerSec      float64 `json:"rate_per_sec,omitempty"`
	FailsRatePerSec float64 `json:"fails_rate_per_sec,omitempty"`

	Users            *UserRate `json:"users,omitempty"`
	FailsUsers       *UserRate `json:"fails_users,omitempty"`
	AskedPerSec      float64   `json:"asked_per_sec,omitempty"`
	FailsAskedPerSec float64   `json:"fails_asked_per_sec,omitempty"`
}

// measureCapacity measures the target. A saturated generator never shows the target's limit.
func measureCapacity(run *history.History, p history.Pressure, share float64, generatorSaturated bool) Capacity {
	c := Capacity{Steps: map[string]float64{}}
	answered := func(events map[string]record.Counters) float64 {
		var sum float64
		for _, counters := range events {
			sum += history.Good(counters)
		}
		return sum
	}
	if !generatorSaturated {
		for i, events := range run.Events {
			if p.AtLimit(run.Seconds[i], events, share) {
				c.SaturatedSeconds++
			}
		}
	}
	c.LowerBound = c.SaturatedSeconds == 0
	c.QPS, c.AtSeconds = run.Most(answered, !c.LowerBound)
	for _, name := range run.Names {
		c.Steps[name], _ = run.Most(func(events map[string]record.Counters) float64 { return history.Good(events[name]) }, !c.LowerBound)
	}
	return c
}
