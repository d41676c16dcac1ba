package journey

import (
	"math"
	"time"

	"fsctl/scenarios"
)

const (
	// mostVisits bounds the requests of one journey that are looked at.
	mostVisits = 1000

	// longestVisit bounds the time of one journey that is looked at.
	longestVisit = 7 * 24 * time.Hour
)

// Visits returns when a journey's requests are due, from the arrival on, and how long the journey takes: if every answer
// comes at once, users think for their mean times, and no journey ends early. Loops that end by a condition count as one
// round. After 1000 requests, or 7 days, no more are looked at.
func Visits(do []scenarios.Action) (at []time.Duration, length time.Duration) {
	return visitsOf(do, nil, 0)
}

// visitsOf appends when a journey's requests are due, from the instant at on, and returns when it ends.
func visitsOf(do []scenarios.Action, visits []time.Duration, at time.Duration) ([]time.Duration, time.Duration) {
	for _, a := range do {
		switch {
		case len(visits) >= mostVisits || at >= longestVisit:
			return visits, at
		case a.Think != nil:
			at += a.Think.Mean()
		case a.Repeat != nil:
			visits, at = roundsOf(a.Repeat, visits, at)
		default:
			visits = append(visits, at)
		}
	}
	return visits, at
}

func roundsOf(r *scenarios.Repeat, visits []time.Duration, at time.Duration) ([]time.Duration, time.Duration) {
	began := at
	for round := 1; ; round++ {
		start := at
		before := len(visits)
		visits, at = visitsOf(r.Do, visits, at)
		next := max(at, start+r.Every)
		if len(visits) == before && round == 1 && r.Until == "" {
			return visits, began + idle(r, next-start)
		}
		if r.Until != "" || r.Times > 0 && round >= r.Times || r.For > 0 && next-began >= r.For ||
			len(visits) >= mostVisits || next >= longestVisit {
			return visits, at
		}
		at = next
	}
}

// idle returns how long the rounds of a repeat take together that send nothing, each so long; at most longestVisit.
func idle(r *scenarios.Repeat, round time.Duration) time.Duration {
	if round <= 0 {
		return 0
	}
	rounds := math.Inf(1)
	if r.Times > 0 {
		rounds = float64(r.Times)
	}
	if r.For > 0 {
		rounds = min(rounds, math.Ceil(float64(r.For)/float64(round)))
	}
	return time.Duration(min(rounds*float64(round), float64(longestVisit)))
}
