package loadgen

import (
	"math"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/scenarios"
	"fsctl/scenarios/arrivals"
)

// forecast is what a storm asks for if every answer comes at once, users think for their mean times, and
// no journey ends early. Loops that end by a condition count as one round.
type forecast struct {
	requestsPerSec float64       // in the busiest second
	at             time.Duration // when that second begins, from T0
	thinking       float64       // users between two requests at once, at most
}

// mostAdded bounds the work of a forecast, in seconds of requests that are added up: beyond it, as of a day with 400 phases of
// journeys with 10 requests, the last requests of each journey are left out.
const mostAdded = 400_000_000

// forecast looks at the storm second by second.
func (s *Storm) forecast() forecast {
	storm := s.Scenario.Storm
	from, _ := storm.Curve().Span()
	first := arrivals.Second(from)
	var requests, thinking []float64
	for i := range storm.Phases {
		p := &storm.Phases[i]
		came := s.arrivalsBySecond(p, first)
		visits, length := journey.Visits(s.Scenario.Journey(p.Journey).Do)
		for _, v := range visits[:min(len(visits), mostAdded/(1+len(came)*len(storm.Phases)))] {
			requests = addAt(requests, came, int(v/time.Second))
		}
		thinking = addStay(thinking, came, int(math.Ceil(length.Seconds())))
	}
	f := forecast{}
	for i, n := range requests {
		if n > f.requestsPerSec*(1+1e-6) { // the first of those that are alike
			f.requestsPerSec, f.at = n, time.Duration(first+i)*time.Second
		}
	}
	for _, n := range thinking {
		f.thinking = max(f.thinking, n)
	}
	return f
}

// PeakRequests returns the requests per second of the storm's busiest second, and when that begins, from
// T0: if every answer comes at once, users think for their mean times, and no journey ends early.
func (s *Storm) PeakRequests() (ratePerSec float64, at time.Duration) {
	f := s.forecast()
	return f.requestsPerSec, f.at
}

// arrivalsBySecond returns how many users of a phase come in each second from first on.
func (s *Storm) arrivalsBySecond(p *scenarios.Phase, first int) []float64 {
	curve := p.Curve()
	_, end := curve.Span()
	if s.Duration > 0 {
		end = min(end, s.Duration-s.Lead())
	}
	var came []float64
	before := 0.0
	for t := time.Duration(first) * time.Second; t < end; t += time.Second {
		area := curve.Area(min(t+time.Second, end) - 1)
		came = append(came, area-before)
		before = area
	}
	return came
}

// addAt adds what came so many seconds later.
func addAt(sum, came []float64, later int) []float64 {
	for len(sum) < len(came)+later {
		sum = append(sum, 0)
	}
	for i, n := range came {
		sum[i+later] += n
	}
	return sum
}

// addStay adds what came and stays so many seconds.
func addStay(sum, came []float64, seconds int) []float64 {
	if seconds == 0 {
		return sum
	}
	for len(sum) < len(came)+seconds-1 {
		sum = append(sum, 0)
	}
	present := 0.0
	for i := range len(came) + seconds - 1 {
		if i < len(came) {
			present += came[i]
		}
		if i >= seconds {
			present -= came[i-seconds]
		}
		sum[i] += max(present, 0) // which rounding may bring below 0
	}
	return sum
}
