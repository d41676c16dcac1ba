// Package visits says how many requests of each step a storm is expected to make.
package visits

import (
	"fmt"
	"math"
	"slices"
	"time"

	"fsctl/scenarios"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/quantity"
)

// Assumption is what an expected number follows from where the scenario leaves it open.
type Assumption struct {
	Field string `json:"field"` // of the scenario
	Text  string `json:"text"`
}

// Journey is what one user who goes through a journey is expected to send: if every answer comes at once and is as expected, and users
// think for their mean times.
type Journey struct {
	Name    string
	Visits  []Visit       // in the order of the journey
	Length  time.Duration // of those who reach its end, on average
	Assumed []Assumption
}

// Load is the users of a stream who begin a journey.
type Load struct {
	Journey
	Phase  int            // of the storm, from 0
	Begins arrivals.Curve // in users per second, from T0
	Users  float64
}

// Storm is what a storm is expected to send.
type Storm struct {
	Loads   []Load // in the order of its streams; what users do before comes before
	Assumed []Assumption
}

// Of returns what a scenario's storm is expected to send. The scenario is a valid one with a storm.
//
// A request of a step that sells, a transaction with the outcome that places an order, gets something with a probability of
//
//	sum over items i of min(stock, attempts * popularity_i) / attempts
//
// and users who got nothing leave before a step that needs what only such an answer has. Attempts are the requests of all such steps
// in the storm that come to the stock: all but those for which a retry around them expects another try. How many there are may depend
// on the share in turn, where users buy more than once: it is the one share that agrees with the attempts that follow from it.
func Of(sc *scenarios.Scenario) Storm {
	return OfUsers(sc, func(_ int, _ bool, begins arrivals.Curve) float64 {
		_, end := begins.Span()
		return begins.Area(end)
	})
}

// Users says how many users of a stream of the storm begin what they do before its journey, or the journey itself, and when they do.
type Users func(stream int, before bool, begins arrivals.Curve) float64

// OfUsers returns the same of users whose numbers are known.
func OfUsers(sc *scenarios.Scenario, users Users) Storm {
	selling := sellingSteps(sc)
	storm := loads(sc, users, shareOf(selling, 1))
	if sc.Sale == nil || len(selling) == 0 {
		return storm
	}
	share, attempts := soldShare(sc.Sale, storm.attempts()), storm.attempts()
	if share < 1 {
		const rounds = 30 // halvings
		for low, high, i := 0.0, 1.0, 0; i < rounds; i++ {
			storm = loads(sc, users, shareOf(selling, share))
			attempts = storm.attempts()
			agrees := soldShare(sc.Sale, attempts)
			if math.Abs(agrees-share) <= 1e-8*share {
				break
			}
			if agrees > share { // fewer attempts for a smaller share
				low = share
			} else {
				high = share
			}
			share = low + (high-low)/2
		}
		storm.Assumed = append(storm.Assumed, Assumption{"sale.stock", stockText(share, attempts)})
	}
	return storm
}

// Requests returns how many requests of each step all users of the storm make.
func (s *Storm) Requests() map[string]Number {
	sum := map[string]Number{}
	for i := range s.Loads {
		for _, v := range s.Loads[i].Visits {
			sum[v.Step] = sum[v.Step].Plus(v.Requests.Times(Exactly(s.Loads[i].Users)))
		}
	}
	return sum
}

// attempts returns how many requests of all users come to the stock.
func (s *Storm) attempts() (sum float64) {
	for i := range s.Loads {
		for _, v := range s.Loads[i].Visits {
			sum += s.Loads[i].Users * v.attempts[mid]
		}
	}
	return sum
}

// loads walks through the journeys of every stream.
func loads(sc *scenarios.Scenario, users Users, sold map[string]Number) (storm Storm) {
	add := func(w *walk, phase int, journey string, begins arrivals.Curve, n float64) {
		w.visits, w.looked, w.at, w.round, w.assumed = nil, 0, 0, 0, nil
		w.through("journeys."+journey, sc.Journey(journey).Do)
		storm.Loads = append(storm.Loads, Load{Journey{journey, w.visits, w.at, w.assumed}, phase, begins, n})
		for _, a := range w.assumed {
			if !slices.Contains(storm.Assumed, a) {
				storm.Assumed = append(storm.Assumed, a)
			}
		}
	}
	for i, stream := range sc.Storm.Streams() {
		w := newWalk(sc, sold)
		if stream.Before != nil {
			comes := stream.Comes()
			add(w, stream.Index, stream.Before.Journey, comes, users(i, true, comes))
		}
		begins := stream.Curve()
		add(w, stream.Index, stream.Journey, begins, users(i, false, begins))
	}
	return storm
}

// sellingSteps returns the steps whose answers tell a buyer of an order.
func sellingSteps(sc *scenarios.Scenario) (names []string) {
	outcome := scenarios.DefaultLedgerOutcome
	if sc.Ledger != nil {
		outcome = sc.Ledger.Outcome
	}
	for i := range sc.Steps {
		s := &sc.Steps[i]
		if s.Transaction && slices.ContainsFunc(s.Outcome, func(o scenarios.Outcome) bool { return o.Name == outcome }) {
			names = append(names, s.Name)
		}
	}
	return names
}

// shareOf returns the same share for each of some steps.
func shareOf(steps []string, share float64) map[string]Number {
	sold := map[string]Number{}
	for _, step := range steps {
		sold[step] = Exactly(share)
	}
	return sold
}

// soldShare returns the share of attempts that get something, 0 to 1.
func soldShare(s *scenarios.Sale, attempts float64) float64 {
	if attempts == 0 {
		return 1
	}
	stock := float64(s.Stock)
	z := s.Popularity.Zipf
	all := harmonic(float64(s.Items), z)
	// Items are in falling order of their popularity: the first of them sell out, 0 to Items.
	first, last := 0, s.Items
	for first < last {
		if rank := first + (last-first)/2; attempts*math.Pow(float64(rank+1), -z)/all > stock {
			first = rank + 1
		} else {
			last = rank
		}
	}
	rest := 1 - harmonic(float64(first), z)/all
	return min((float64(first)*stock+attempts*rest)/attempts, 1)
}

// harmonic returns 1 + 2^-z + ... + n^-z for n of 0 or more and z of 0 or more: the first thousand terms one by one, and the others by
// the midpoint rule, whose relative error is below 1e-7 there.
func harmonic(n, z float64) (sum float64) {
	const exact = 1000
	for i := 1.0; i <= min(n, exact); i++ {
		sum += math.Pow(i, -z)
	}
	if n > exact {
		a, b := exact+0.5, n+0.5
		if math.Abs(z-1) < 1e-9 {
			return sum + math.Log(b/a)
		}
		return sum + (math.Pow(b, 1-z)-math.Pow(a, 1-z))/(1-z)
	}
	return sum
}

func stockText(share, attempts float64) string {
	return fmt.Sprintf("%s of %s get something: the rest is sold out", quantity.Percent(share), quantity.EstimateOf(attempts, "attempt"))
}
