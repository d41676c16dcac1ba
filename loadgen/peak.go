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

// longestStay bounds how long users are counted as there.
const longestStay = 7 * 24 * time.Hour

// forecast looks at the storm's busiest second, and at how many users think, second by second.
func (s *Storm) forecast() forecast {
	storm := visits.Of(s.Scenario)
	s.cut(&storm)
	f := forecast{}
	f.at, f.requestsPerSec = storm.Busiest(time.Second, nil)
	from, _ := s.Scenario.Storm.Curve().Span()
	first := arrivals.Second(from)
	var thinking []float64
	for _, load := range storm.Loads {
		thinking = addStay(thinking, beganBySecond(load.Begins, first), int(math.Ceil(min(load.Length, longestStay).Seconds())))
	}
	for _, stream := range s.Scenario.Storm.Streams() {
		if stream.Before != nil { // users wait from when they are through with it to their instant
			thinking = addWaiting(thinking, beganBySecond(s.upTo(stream.Comes()), first), beganBySecond(s.upTo(stream.Curve()), first))
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

// cut leaves out the users who would begin when the storm has been ended.
func (s *Storm) cut(storm *visits.Storm) {
	if s.Duration > 0 {
		storm.Until(s.Duration - s.Lead())
	}
}

// upTo leaves out the users of a curve who would begin when the storm has been ended.
func (s *Storm) upTo(curve arrivals.Curve) arrivals.Curve {
	if s.Duration > 0 {
		return arrivals.Until{Curve: curve, End: s.Duration - s.Lead()}
	}
	return curve
}

// beganBySecond returns how many users begin a journey in each second from first on.
func beganBySecond(curve arrivals.Curve, first int) []float64 {
	_, end := curve.Span()
	var came []float64
	before := 0.0
	for t := time.Duration(first) * time.Second; t < end; t += time.Second {
		area := curve.Area(t + time.Second - 1)
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
		for len(sum) <= i {
			sum = append(sum, 0)
		}
		sum[i] += max(waiting, 0)
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
