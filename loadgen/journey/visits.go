package journey

import (
	"time"

	"fsctl/scenarios"
)

// mostVisits bounds the requests of one journey that are looked at.
const mostVisits = 1000

// Visits returns when a journey's requests are due, from the arrival on, and how long the journey takes: if every answer
// comes at once, users think for their mean times, and no journey ends early. Loops that end by a condition count as one
// round. After 1000 requests no more are looked at.
func Visits(do []scenarios.Action) (at []time.Duration, length time.Duration) {
	return visitsOf(do, nil, 0)
}

// visitsOf appends when a journey's requests are due, from the instant at on, and returns when it ends.
func visitsOf(do []scenarios.Action, visits []time.Duration, at time.Duration) ([]time.Duration, time.Duration) {
	for _, a := range do {
		switch {
		case len(visits) >= mostVisits:
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
		if r.Until != "" || r.Times > 0 && round >= r.Times || r.For > 0 && next-began >= r.For ||
			len(visits) >= mostVisits || len(visits) == before && next == start {
			return visits, at
		}
		at = next
	}
}
