package scenarios

import (
	"math"
	"reflect"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/strict"
)

// Curve returns the rate of the phase's arrivals over time, in users per second from T0. The phase is a valid one: it has
// From and To, or At.
func (p *Phase) Curve() arrivals.Curve {
	if p.At != nil {
		return arrivals.Crowd{Start: time.Duration(*p.At), Users: math.Round(float64(p.Users)), Reaction: p.Reaction}
	}
	return arrivals.Line{From: time.Duration(*p.From), To: time.Duration(*p.To), FromRate: float64(p.Rate.From), ToRate: float64(p.Rate.To)}
}

// Stream is users of a phase who go through the same journey: all of them, or a part by weight.
type Stream struct {
	Phase   // as it would be with these users alone
	Journey string
	Index   int // of the phase in the storm, from 0
}

// Streams returns the storm's users by journey, in the order of its phases and of the journeys in them. A phase of several is cut by
// weight: its rate, or its crowd in whole users. The storm is a valid one.
func (s *Storm) Streams() (list []Stream) {
	for i := range s.Phases {
		p := &s.Phases[i]
		whole, sum, cut := math.Round(float64(p.Users)), 0.0, 0.0
		for _, w := range p.Journey {
			sum += w.Weight
		}
		before := 0.0
		for _, w := range p.Journey {
			part := Stream{*p, w.Journey, i}
			cut += w.Weight
			share := amount.Rate(w.Weight / sum)
			part.Rate = amount.Ramp{From: p.Rate.From * share, To: p.Rate.To * share}
			upTo := math.Round(whole * cut / sum)
			part.Users, before = amount.Count(upTo-before), upTo
			list = append(list, part)
		}
	}
	return list
}

// Comes returns the rate at which the stream's users come, in users per second from T0: ahead of the phase where they do something
// before.
func (s *Stream) Comes() arrivals.Curve {
	if s.Before == nil {
		return s.Curve()
	}
	from, to := time.Duration(*s.Before.From), time.Duration(*s.Before.To)
	phase := s.Curve()
	_, end := phase.Span()
	rate := phase.Area(end) / (to - from).Seconds()
	return arrivals.Line{From: from, To: to, FromRate: rate, ToRate: rate}
}

// Curve returns the rate at which journeys begin, in users per second from T0: those of all phases, and what users do before them.
func (s *Storm) Curve() (sum arrivals.Sum) {
	for _, stream := range s.Streams() {
		sum = append(sum, stream.Curve())
		if stream.Before != nil {
			sum = append(sum, stream.Comes())
		}
	}
	return sum
}

// Schedule draws the storm's arrivals of a seed, stream by stream, without those due after end, counted from T0; 0 means no end.
func (s *Storm) Schedule(seed uint64, end time.Duration) *arrivals.Schedule {
	var phases []arrivals.Phase
	for _, stream := range s.Streams() {
		phases = append(phases, arrivals.Phase{Curve: stream.Comes(), Even: stream.Spacing == "even" || stream.Before != nil})
	}
	return arrivals.NewSchedule(phases, seed, end)
}

// Scaled returns the scenario with its storm's rates and crowds and its stock multiplied by the ratio. Crowds and stock
// stay at least 1. The workload, which plan reads, is left as it is. ratio is above 0.
func (s *Scenario) Scaled(ratio float64) *Scenario {
	c := *s
	if s.Sale != nil {
		sale := *s.Sale
		sale.Stock = int(max(math.Round(float64(sale.Stock)*ratio), min(1, float64(sale.Stock))))
		c.Sale = &sale
	}
	if s.Storm != nil {
		storm := *s.Storm
		storm.Phases = slices.Clone(storm.Phases)
		for i := range storm.Phases {
			p := &storm.Phases[i]
			p.Rate.From *= amount.Rate(ratio)
			p.Rate.To *= amount.Rate(ratio)
			p.Users = amount.Count(max(math.Round(float64(p.Users)*ratio), min(1, float64(p.Users))))
		}
		c.Storm = &storm
	}
	return &c
}

// Mix is the journeys of a phase: one, or several by weight.
type Mix []Weighted

// Weighted is a journey with its weight, above 0: of all weights together it is the share of the users who go through it.
type Weighted struct {
	Journey string
	Weight  float64
}

// Only returns the mix of one journey.
func Only(journey string) Mix { return Mix{{journey, 1}} }

// ReadNode reads a journey's name, or {name: weight, ...}.
func (m *Mix) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && !strict.IsNull(n) && n.Value != "":
		*m = Only(n.Value)
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		d.Pairs(n, path, func(name string, k, v *yaml.Node) {
			at := strict.Join(path, name)
			w, before := Weighted{Journey: name}, d.Problems()
			if share, err := amount.ParseRatio(v.Value); err == nil && v.Kind == yaml.ScalarNode {
				w.Weight = float64(share)
			} else {
				d.Value(v, at, reflect.ValueOf(&w.Weight).Elem())
			}
			if d.Found(at, k); d.Problems() == before {
				*m = append(*m, w)
			}
		})
	default:
		d.Wrong(n, path, "a journey's name, or journeys by weight such as {visitor: 80%, searcher: 20%}")
	}
}

// Before is what users of a phase do ahead of it: they come evenly from From to To, and go through a journey.
type Before struct {
	Journey string          `yaml:"journey" jsonschema:"required" jsonschema_description:"What each user does, such as signing in."`
	From    *amount.Instant `yaml:"from" jsonschema:"required" jsonschema_description:"When the first user comes."`
	To      *amount.Instant `yaml:"to" jsonschema:"required" jsonschema_description:"When the last user comes."`
}
