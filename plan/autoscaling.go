package plan

import (
	"fmt"
	"math"

	"fsctl/plan/model"
	"fsctl/plan/queueing"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

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

// growth returns b/a for rates, 1 where nothing grows.
func growth(a, b float64) float64 {
	if a < model.LeastRate || b <= a {
		return 1
	}
	return b / a
}

// newAutoscaling returns what the autoscalers would do, or nil without an estate.
func newAutoscaling(m *model.Model, mid *model.Case) *Autoscaling {
	if m.Estate == nil || !m.HasDay() { // without a day there is nothing to grow from
		return nil
	}
	normal := m.NormalDay(mid)
	a := &Autoscaling{Growth: 1, Services: []ServiceScaling{}}
	step := 0
	for i, s := range m.Steps {
		if g := growth(normal.Steps[i], mid.Steps[i]); g > a.Growth || a.Step == "" {
			step, a.Step, a.Growth = i, s.Name, g
		}
	}
	start := 0.0
	for i := range m.Services {
		if s := &m.Services[i]; s.Calls[step] > 0 && s.Kind == "service" {
			start = max(start, s.StartSeconds)
		}
	}
	for _, target := range climbTargets() {
		a.Climbs = append(a.Climbs, climb(target, a.Growth, start))
	}
	a.Because = a.because(soldOutSeconds(m, mid))
	for _, s := range m.Estate.Scaling {
		for i := range m.Services {
			if m.Services[i].Name == s.Service && m.Services[i].Called {
				a.Services = append(a.Services, scalingOf(m, i, &s, normal, mid))
			}
		}
	}
	return a
}

// soldOutSeconds returns when the stock is gone at the rate of transactions that the sale is sized for, 0 where unknown.
func soldOutSeconds(m *model.Model, mid *model.Case) float64 {
	tps := mid.Loads[mid.Largest].TPS
	if m.Sale == nil || tps < model.LeastRate {
		return 0
	}
	return m.Sale.Pieces() / tps
}

func (a *Autoscaling) because(soldOut float64) string {
	quickest, slowest := a.Climbs[0], a.Climbs[len(a.Climbs)-1]
	if slowest.Cycles == 0 {
		return fmt.Sprintf("%s does not grow over the normal day: an autoscaler has nothing to be late for", a.Step)
	}
	text := fmt.Sprintf("%s grows %s times: a CPU target alone needs %s at %s to %s at %s, %s to %s on nodes that run and up to %s where nodes must come",
		a.Step, quantity.Number(a.Growth), quantity.Of(quickest.Cycles, "cycle"), quantity.Percent(quickest.TargetRatio), quantity.Count(slowest.Cycles), quantity.Percent(slowest.TargetRatio),
		quantity.Seconds(quickest.Seconds), quantity.Seconds(slowest.Seconds), quantity.Seconds(slowest.SecondsWithNodes))
	switch {
	case soldOut > 0 && soldOut < quickest.Seconds:
		text += fmt.Sprintf("; the stock is gone %s after the opening, so a scale-up must be scheduled", quantity.Seconds(soldOut))
	default:
		text += "; the crowd comes within seconds, so a scale-up must be scheduled"
	}
	return text
}

// scalingOf follows one entry of the estate's scaling.
//
//	pods = ceil(rate x demand / (target x cores of one)) under an autoscaler, at least its min
//
// A scheduled service goes to the plan's instances.
func scalingOf(m *model.Model, i int, s *scenarios.Scaling, normal, mid *model.Case) ServiceScaling {
	v := &m.Services[i]
	out := ServiceScaling{Name: v.Name, Policy: s.Policy, LeadSeconds: s.Lead.Seconds(), ToInstances: mid.Sizes[i].Instances}
	normal.Sizes[i] = m.Size(normal, i)
	out.FromInstances = normal.Sizes[i].Instances
	targets := climbTargets()
	if s.Policy == "hpa" {
		targets = []float64{float64(s.Target)}
		if v.Demand != model.Absent && s.Target > 0 {
			out.FromInstances, out.ToInstances = m.AtTarget(normal, i, float64(s.Target)), m.AtTarget(mid, i, float64(s.Target))
		}
		out.FromInstances = max(out.FromInstances, float64(s.Min))
	}
	out.ToInstances = max(out.ToInstances, out.FromInstances)
	out.Growth = growth(out.FromInstances, out.ToInstances)
	for _, target := range targets {
		out.Climbs = append(out.Climbs, climb(target, out.Growth, v.StartSeconds))
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
		return fmt.Sprintf("scheduled: there at T0, where an autoscaler is late by %s to %s", quantity.Seconds(c.Seconds), quantity.Seconds(last.SecondsWithNodes))
	case s.Policy != "hpa":
		return "it does not scale: what runs must do"
	case float64(given.Max) < s.ToInstances:
		return fmt.Sprintf("too small: its max is %s", quantity.Of(given.Max, "pod"))
	case c.Stuck:
		return fmt.Sprintf("never: a target of %s is within the autoscaler's tolerance", quantity.Percent(c.TargetRatio))
	}
	least := math.Ceil(s.ToInstances / math.Min(1/c.TargetRatio, 2))
	text := fmt.Sprintf("late by %s to %s; with min %s it is on time", quantity.Seconds(c.Seconds), quantity.Seconds(c.SecondsWithNodes), quantity.Given(s.ToInstances)) // in full: a min that is rounded down is late
	if c.Cycles > 1 {
		text += fmt.Sprintf(", with min %s one cycle late", quantity.Given(least))
	}
	return text
}
