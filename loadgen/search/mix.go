package search

import (
	"time"

	"fsctl/loadgen"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/random"
)

// stream is one journey's part of the users of a level.
type stream struct {
	journey string
	share   float64 // 0 to 1, above 0; all streams add up to 1
	even    bool    // spacing; else users come independently of each other
}

// mixOf returns the journeys that a storm's phases bring, by their number of users, in the order of the phases.
func mixOf(storm *scenarios.Storm) []stream {
	var mix []stream
	at := map[string]int{}
	var all float64
	for _, p := range storm.Streams() {
		curve := p.Curve()
		_, to := curve.Span()
		users := curve.Area(to)
		if users <= 0 {
			continue
		}
		k, known := at[p.Journey]
		if !known {
			k, at[p.Journey] = len(mix), len(mix)
			mix = append(mix, stream{journey: p.Journey, even: true})
		}
		mix[k].share += users
		mix[k].even = mix[k].even && p.Spacing == "even"
		all += users
	}
	for i := range mix {
		mix[i].share /= all
	}
	return mix
}

// level returns the storm that holds a rate from a second on. Its users get numbers from first on, so that no
// two of a search are alike.
func (s *Search) level(number uint64, rate float64, first uint64, fromSecond int) *loadgen.Storm {
	from := amount.Instant(time.Duration(fromSecond) * time.Second)
	to := from + amount.Instant(s.length())
	var phases []scenarios.Phase
	for _, m := range s.mix {
		part := amount.Rate(rate * m.share)
		spacing := ""
		if m.even {
			spacing = "even"
		}
		phases = append(phases, scenarios.Phase{Journey: scenarios.Only(m.journey), From: &from, To: &to, Rate: amount.Ramp{From: part, To: part}, Spacing: spacing})
	}
	return s.storm.With(phases, random.NewStream(s.storm.Seed, "level").Uint64(number), first)
}
