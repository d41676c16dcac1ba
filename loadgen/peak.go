package loadgen

import (
	"math"
	"time"

	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/visits"
)

// forecast is what a storm is expected to ask for, see visits.Of.
type forecast struct {
	requestsPerSec float64       // in the busiest second
	at             time.Duration // when that second begins, from T0
	thinking       float64       // users between two requests at once, at most
}

// mostAdded bounds the work of a forecast, in seconds of requests that are added up: beyond it, as of a day with 400 phases of
// journeys with 10 requests, the last requests of each journey are left out.
const mostAdded = 400_000_000

// longestStay bounds how long users are counted as there.
const longestStay = 7 * 24 * time.Hour

// forecast looks at the storm second by second.
func (s *Storm) forecast() forecast {
	from, _ := s.Scenario.Storm.Curve().Span()
	first := arrivals.Second(from)
	var requests, thinking []float64
	loads := visits.Of(s.Scenario).Loads
	for _, load := range loads {
		came := s.beganBySecond(load.Begins, first)
		for _, v := range load.Visits[:min(len(load.Visits), mostAdded/(1+len(came)*len(loads)))] {
			requests = addAt(requests, came, int(v.At/time.Second), v.Requests.Mid())
		}
		thinking = addStay(thinking, came, int(math.Ceil(min(load.Length, longestStay).Seconds())))
	}
	for _, stream := range s.Scenario.Storm.Streams() {
		if stream.Before != nil { // users wait from when they are through with it to their instant
			thinking = addWaiting(thinking, s.beganBySecond(stream.Comes(), first), s.beganBySecond(stream.Curve(), first))
		}
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

// PeakRequests returns the requests per second that are expected in the storm's busiest second, and when that begins, from T0;
// see visits.Of.
func (s *Storm) PeakRequests() (ratePerSec float64, at time.Duration) {
	f := s.forecast()
	return f.requestsPerSec, f.at
}

// beganBySecond returns how many users begin a journey in each second from first on.
func (s *Storm) beganBySecond(curve arrivals.Curve, first int) []float64 {
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

// addWaiting adds those who have come and not yet begun, by second.
func addWaiting(sum, came, began []float64) []float64 {
	waiting := 0.0
	for i := range came {
		if waiting += came[i]; i < len(began) {
			waiting -= began[i]
		}
		sum = addAt(sum, []float64{max(waiting, 0)}, i, 1)
	}
	return sum
}

// Expected returns how many requests of each step the users of the storm, who are drawn already, are expected to make, and what that
// assumes; see visits.Of. Where the storm is cut, users who begin later make none.
func (s *Storm) Expected() (requests map[string]visits.Number, assumed []visits.Assumption) {
	streams := s.Scenario.Storm.Streams()
	storm := visits.OfUsers(s.Scenario, func(stream int, before bool, begins arrivals.Curve) float64 {
		came := float64(s.schedule.LenOf(stream))
		if s.Duration > 0 && !before && streams[stream].Before != nil { // who has come begins later
			return min(came, begins.Area(s.Duration-s.Lead()))
		}
		return came
	})
	return storm.Requests(), storm.Assumed
}

// addAt adds what came so many seconds later, times a factor.
func addAt(sum, came []float64, later int, factor float64) []float64 {
	for len(sum) < len(came)+later {
		sum = append(sum, 0)
	}
	for i, n := range came {
		sum[i+later] += n * factor
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
