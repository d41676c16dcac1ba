package scenarios

import (
	"maps"
	"slices"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
)

// setBefore returns the variables that every user of a journey may have from what it does before: those of every phase that brings
// users for it.
func (v *validator) setBefore(journey string) map[string]bool {
	var set map[string]bool
	if v.s.Storm == nil {
		return map[string]bool{}
	}
	for i := range v.s.Storm.Phases {
		p := &v.s.Storm.Phases[i]
		if !p.Journey.has(journey) {
			continue
		}
		own := map[string]bool{}
		if p.Before != nil {
			if j := v.s.Journey(p.Before.Journey); j != nil {
				for _, s := range v.stepsOf(j.Do) {
					addExtracts(own, s)
				}
			}
		}
		if set == nil {
			set = own
		}
		maps.DeleteFunc(set, func(name string, _ bool) bool { return !own[name] })
	}
	if set == nil || v.isBefore(journey) { // its users come without
		return map[string]bool{}
	}
	return set
}

// isBefore reports whether users go through a journey before a phase.
func (v *validator) isBefore(journey string) bool {
	return slices.ContainsFunc(v.s.Storm.Phases, func(p Phase) bool { return p.Before != nil && p.Before.Journey == journey })
}

func (m Mix) has(journey string) bool {
	return slices.ContainsFunc(m, func(w Weighted) bool { return w.Journey == journey })
}

// mostStreams bounds the users' parts of a storm: each phase counts once for each of its journeys.
const mostStreams = 10_000

// streams checks how many parts a storm has.
func (v *validator) streams() {
	n := 0
	for i := range v.s.Storm.Phases {
		n += len(v.s.Storm.Phases[i].Journey)
	}
	if n > mostStreams {
		v.Problem("storm.phases", "found %s with their journeys, wanted at most %s", quantity.Of(n, "phase"), quantity.Count(mostStreams))
	}
}

// mix checks the journeys of a phase.
func (v *validator) mix(path string, m Mix) {
	var sum float64
	for _, w := range m {
		v.oneOf(path, "journey", w.Journey, v.journeyNames())
		if sum += w.Weight; w.Weight <= 0 && !v.IsUnread(path+"."+w.Journey) {
			v.Problem(path+"."+w.Journey, "found a weight of 0, wanted above 0, or the journey left out")
		}
	}
	if sum > mostWeight {
		v.Problem(path, "found weights that add up to over 1e12, wanted at most that: they are shares of their sum")
	}
}

// before checks what users do ahead of a phase that begins at first, and returns when they begin.
func (v *validator) before(path string, p *Phase, first time.Duration) time.Duration {
	b := p.Before
	v.oneOf(path+".before.journey", "journey", b.Journey, v.journeyNames())
	if p.Journey.has(b.Journey) {
		v.Problem(path+".before.journey", "found %s, which is the phase's own journey, wanted another one", b.Journey)
	}
	if p.Spacing == "even" {
		v.Problem(path+".spacing", "found even beside before, wanted poisson: each user waits for an instant of its own, drawn at random")
	}
	if b.From == nil || b.To == nil {
		return first
	}
	switch from, to := time.Duration(*b.From), time.Duration(*b.To); {
	case from >= to:
		v.Problem(path+".before", "found from %v and to %v: it ends before it begins, wanted from < to", b.From, b.To)
	case to > first:
		v.Problem(path+".before.to", "found %v, wanted %v or earlier: the phase's first users are due then", b.To, amount.Instant(first))
	default:
		return from
	}
	return first
}

// begins checks one phase and returns when its first user comes.
func (v *validator) begins(path string, p *Phase) time.Duration {
	at, ok := v.phase(path, p)
	if p.Before == nil || !ok {
		return at
	}
	first, _ := p.Curve().Span()
	return min(at, v.before(path, p, first))
}
