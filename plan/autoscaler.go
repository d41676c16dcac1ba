package plan

import (
	"fmt"
	"math"

	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

// Autoscaling compares an autoscaler that watches the CPU with a scale-up that is scheduled.
//
//	cycles  = ceil(ln g / ln min(1/target, 2)), g the growth from the normal day to the event
//	seconds = cycles x (sync + service start), and a node's start more a cycle where nodes must come
//
// The normal day is the busy mean; the event is the mid case. While pods are saturated the
// autoscaler sees 100 %, whatever the load, so that a cycle multiplies them by 1/target at most.
// Source: queueing.HPA.ClimbCycles; docs/model.md.
type Autoscaling struct {
	Step     string           `json:"step"`         // that grows the most
	Growth   float64          `json:"growth_ratio"` // its rate at the event over that of the normal day
	Climbs   []Climb          `json:"climbs"`
	Services []ServiceScaling `json:"services"` // those that the estate scales
	Because  string           `json:"because"`  // why an autoscaler alone is, or is not, too late
}

// Climb is how long an autoscaler with one target takes.
type Climb struct {
	TargetRatio      float64 `json:"target_ratio"`
	Cycles           int     `json:"cycles"`
	Seconds          float64 `json:"seconds"`            // on nodes that run already
	SecondsWithNodes float64 `json:"seconds_with_nodes"` // where every cycle must add nodes first
	Stuck            bool    `json:"stuck"`              // the target is within the tolerance of 100 %: it never grows
}

// ServiceScaling is how one service gets from the normal day to the event.
type ServiceScaling struct {
	Name          string  `json:"name"`
	Policy        string  `json:"policy"`         // hpa, scheduled or none
	FromInstances float64 `json:"from_instances"` // on the normal day
	ToInstances   float64 `json:"to_instances"`   // at the event
	Growth        float64 `json:"growth_ratio"`
	Climbs        []Climb `json:"climbs"`
	LeadSeconds   float64 `json:"lead_seconds"` // before T0 that a scheduled scale-up is asked for
	Because       string  `json:"because"`
}

// nodeStartSeconds is what a cluster takes to add a node.
// Source: 3 to 5 min at public clouds; docs/model.md.
const nodeStartSeconds = 240

// climbTargets are those that are compared where the scenario gives no target.
func climbTargets() []float64 { return []float64{0.5, 0.7, 0.75} }

// climb returns how long an autoscaler takes to multiply a saturated service.
func climb(target, growth, startSeconds float64) Climb {
	c := Climb{TargetRatio: target}
	h := queueing.DefaultHPA(target, 1)
	cycles, err := h.ClimbCycles(min(growth, mostGrowth))
	if err != nil { // targets outside its range are those of no autoscaler that grows
		c.Stuck = growth > 1
		return c
	}
	c.Cycles = cycles
	c.Seconds = float64(cycles) * (h.SyncSeconds + startSeconds)
	c.SecondsWithNodes = c.Seconds + float64(cycles)*nodeStartSeconds
	return c
}

// mostGrowth is the end of queueing's range; no sale is beyond it.
const mostGrowth = 1e6

// normalDay returns the mid case with every step at its busy mean.
func (m *model) normalDay(mid *point) *point {
	quiet := *m
	quiet.steps = make([]stepModel, len(m.steps))
	for i, s := range m.steps {
		s.event = absent
		quiet.steps[i] = s
	}
	x := quiet.newPoint()
	copy(x.values, mid.values)
	x.values[m.peak] = 1
	quiet.rate(x)
	return x
}

// growth returns b/a for rates, 1 where nothing grows.
func growth(a, b float64) float64 {
	if a < leastRate || b <= a {
		return 1
	}
	return b / a
}

// newAutoscaling returns what the autoscalers would do, or nil without an estate.
func (m *model) newAutoscaling(sc *scenarios.Scenario, mid *point) *Autoscaling {
	if sc.Estate == nil {
		return nil
	}
	normal := m.normalDay(mid)
	a := &Autoscaling{Growth: 1, Services: []ServiceScaling{}}
	for i, s := range m.steps {
		if g := growth(normal.steps[i], mid.steps[i]); g > a.Growth || a.Step == "" {
			a.Step, a.Growth = s.name, g
		}
	}
	start := 0.0
	for i := range sc.Services {
		if sc.Services[i].Calls[a.Step] > 0 && m.services[i].kind == "service" {
			start = max(start, sc.Services[i].Start.Seconds())
		}
	}
	for _, target := range climbTargets() {
		a.Climbs = append(a.Climbs, climb(target, a.Growth, start))
	}
	a.Because = a.because(m.soldOutSeconds(sc, mid))
	for _, s := range sc.Estate.Scaling {
		for i := range m.services {
			if m.services[i].name == s.Service {
				a.Services = append(a.Services, m.serviceScaling(i, &s, sc.Services[i].Start.Seconds(), normal, mid))
			}
		}
	}
	return a
}

// soldOutSeconds returns when the stock is gone at the event's rate of transactions, 0 where unknown.
func (m *model) soldOutSeconds(sc *scenarios.Scenario, mid *point) float64 {
	if sc.Sale == nil || mid.eventTPS < leastRate {
		return 0
	}
	return float64(sc.Sale.Stock) * float64(max(1, sc.Sale.Items)) / mid.eventTPS
}

func (a *Autoscaling) because(soldOut float64) string {
	quickest, slowest := a.Climbs[0], a.Climbs[len(a.Climbs)-1]
	if slowest.Cycles == 0 {
		return fmt.Sprintf("%s does not grow over the normal day: an autoscaler has nothing to be late for", a.Step)
	}
	text := fmt.Sprintf("%s grows %s times: a CPU target alone needs %d cycles at %s %% to %d at %s %%, %s to %s on nodes that run and up to %s where nodes must come",
		a.Step, figure(a.Growth), quickest.Cycles, figure(100*quickest.TargetRatio), slowest.Cycles, figure(100*slowest.TargetRatio),
		seconds(quickest.Seconds), seconds(slowest.Seconds), seconds(slowest.SecondsWithNodes))
	switch {
	case soldOut > 0 && soldOut < quickest.Seconds:
		text += fmt.Sprintf("; the stock is gone %s after the opening, so a scale-up must be scheduled", seconds(soldOut))
	default:
		text += "; the crowd comes within seconds, so a scale-up must be scheduled"
	}
	return text
}

// serviceScaling follows one entry of the estate's scaling.
//
//	pods = ceil(rate x demand / (target x cores of one)) under an autoscaler, at least its min
//
// A scheduled service goes to the plan's instances.
func (m *model) serviceScaling(i int, s *scenarios.Scaling, startSeconds float64, normal, mid *point) ServiceScaling {
	v := &m.services[i]
	out := ServiceScaling{Name: v.name, Policy: s.Policy, LeadSeconds: s.Lead.Seconds(), ToInstances: mid.sizes[i].instances}
	out.FromInstances = m.size(normal, i).instances
	targets := climbTargets()
	if s.Policy == "hpa" {
		targets = []float64{float64(s.Target)}
		if v.demand != absent && s.Target > 0 {
			pods := func(x *point) float64 {
				return ceil(x.rates[i] * x.values[v.demand] / (float64(s.Target) * v.cores))
			}
			out.FromInstances, out.ToInstances = pods(normal), pods(mid)
		}
		out.FromInstances = max(out.FromInstances, float64(s.Min))
	}
	out.ToInstances = max(out.ToInstances, out.FromInstances)
	out.Growth = growth(out.FromInstances, out.ToInstances)
	for _, target := range targets {
		out.Climbs = append(out.Climbs, climb(target, out.Growth, startSeconds))
	}
	out.Because = out.because(s)
	return out
}

func (s *ServiceScaling) because(given *scenarios.Scaling) string {
	c := s.Climbs[0]
	switch {
	case s.Growth == 1:
		return "enough of them run already"
	case s.Policy == "scheduled":
		last := s.Climbs[len(s.Climbs)-1]
		if last.Stuck || c.Stuck {
			return "scheduled: there at T0"
		}
		return fmt.Sprintf("scheduled: there at T0, where an autoscaler is late by %s to %s", seconds(c.Seconds), seconds(last.SecondsWithNodes))
	case s.Policy != "hpa":
		return "it does not scale: what runs must do"
	case float64(given.Max) < s.ToInstances:
		return fmt.Sprintf("too small: its max is %d pods", given.Max)
	case c.Stuck:
		return fmt.Sprintf("never: a target of %s %% is within the autoscaler's tolerance", figure(100*c.TargetRatio))
	}
	least := math.Ceil(s.ToInstances / math.Min(1/c.TargetRatio, 2))
	text := fmt.Sprintf("late by %s to %s; min %s makes it none", seconds(c.Seconds), seconds(c.SecondsWithNodes), figure(s.ToInstances))
	if c.Cycles > 1 {
		text += fmt.Sprintf(", min %s one cycle", figure(least))
	}
	return text
}

// autoscaler warns of services that only an autoscaler brings up.
func (r *review) autoscaler() {
	if r.plan.Autoscaling == nil {
		return
	}
	for _, s := range r.plan.Autoscaling.Services {
		if s.Policy == "hpa" && s.Growth > 1 {
			r.warn("autoscaler-late", "%s goes from %s to %s pods by an autoscaler that sees nothing before T0: %s", s.Name,
				figure(s.FromInstances), figure(s.ToInstances), s.Because)
		}
	}
}

// lead warns of a scale-up that is scheduled too late.
func (r *review) lead() {
	e := r.plan.Estate
	if e == nil || !e.late() {
		return
	}
	r.warn("lead-too-short", "the scale-up is scheduled %s before T0 and takes %s at mid, %s at p95, with a margin of %s; bound by %s",
		seconds(e.GivenLeadSeconds), seconds(e.LeadSeconds.Mid), seconds(e.LeadSeconds.P95), seconds(e.MarginSeconds), e.BindingLimit)
}
