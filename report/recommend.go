package report

import (
	"fmt"
	"math"
	"strconv"

	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/report/health"
	"fsctl/report/history"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// Recommendation is a setting to change, and why.
type Recommendation struct {
	Setting string `json:"setting"`
	Value   string `json:"value"`
	Current string `json:"current"` // empty where unknown
	Because string `json:"because"` // one sentence with the figures
}

// recommend returns what to set. Of an invalid run it only mends the generator: what the target did under
// the wrong load says nothing about the target. Of a run that is unfit, and of services that no answered request called, it
// says nothing.
func recommend(rec *record.Record, run *history.History, r *Report, sc *scenarios.Scenario, p *plan.Plan) []Recommendation {
	list := []Recommendation{}
	if r.Health.Saturated || r.Health.SkewOverBudget {
		return append(list, mendGenerator(rec, run, &r.Health)...)
	}
	if p == nil || r.unfit != "" {
		return list
	}
	sizing := sizing{run: run, capacity: r.Capacity, sc: sc, plan: p, further: "a larger --scale"}
	if len(r.Levels) > 0 {
		sizing.further = "a higher --to"
	}
	for i := range p.Services {
		s := &p.Services[i]
		if !scales(s.Kind) || sizing.calls(s.Name) == 0 { // none of the requests that call it was answered
			continue
		}
		v := sizing.replicas(s)
		if unmeasured := sizing.running(s) == 0 && sizing.anyRunning(); rec.Manifest.PracticeShop && !unmeasured {
			v.Because += "; measured on fsctl's built-in practice shop, which says nothing about yours"
		}
		list = append(list, v)
	}
	return list
}

// mostUnfitRatio is the share of failed requests above which a target's best seconds do not show what it can do.
const mostUnfitRatio = 0.01

// unfitBy says why the seconds of the capacity do not show what the target can do, or nothing.
func unfitBy(run *history.History, c Capacity) string {
	best := run.Only(record.Window{From: c.AtSeconds, To: c.AtSeconds + run.Width()}.Contains).All()
	if share := history.Ratio(best.Failed, best.Done); share > mostUnfitRatio {
		return fmt.Sprintf("%s of the requests failed in the seconds with most good answers, and at most %s may", quantity.Percent(min(share, 1)), quantity.Percent(mostUnfitRatio))
	}
	return ""
}

// scales says whether a kind of service is sized in replicas.
func scales(kind string) bool { return kind == "service" || kind == "function" }

func mendGenerator(rec *record.Record, run *history.History, h *health.Health) []Recommendation {
	var list []Recommendation
	for _, f := range h.Findings {
		switch f.Code {
		case health.FindingConnections:
			current := ""
			if h.Connections > 0 {
				current = strconv.Itoa(h.Connections)
			}
			list = append(list, Recommendation{
				Setting: "attack.connections", Value: strconv.Itoa(h.ConnectionsNeeded), Current: current,
				Because: "by Little's law the busiest second had that many requests in flight, with room for chance",
			})
			if last := &list[len(list)-1]; rec.Manifest.PerUser {
				last.Setting, last.Because = "attack.max-connections", "so many users were there at once, each with a connection of its own, with room for chance"
			}
		case health.FindingCPU:
			agents := max(len(rec.Manifest.Agents), 1)
			late := lateSeconds(run)
			needed := int(math.Ceil(float64(agents) * min(history.Ratio(late.Due, late.Sent), 1000)))
			list = append(list, Recommendation{
				Setting: "attack.agents", Value: strconv.Itoa(max(needed, agents+1)), Current: strconv.Itoa(agents),
				Because: fmt.Sprintf("in the seconds with late requests the generator used all of its CPU and sent %s of %s due", quantity.Count(late.Sent), quantity.Of(late.Due, "request")),
			})
		}
	}
	return list
}

// lateSeconds sums the seconds in which requests were late for the generator's own reasons.
func lateSeconds(run *history.History) record.Counters {
	var sum record.Counters
	for _, events := range run.Events {
		if c := history.Sum(events); c.Late > 0 {
			sum.Add(c)
		}
	}
	return sum
}

// sizing turns the measured capacity of a target into instances of its services.
type sizing struct {
	run      *history.History
	capacity Capacity
	sc       *scenarios.Scenario
	plan     *plan.Plan
	further  string // what would find the target's limit
}

// replicas returns how many instances of a service the planned peak needs:
//
//	n = ceil(peak / (measured / running x utilization))
//
//	peak         calls at the planned peak, P95 [1/s]
//	measured     calls in the target's best seconds, as for [Capacity] [1/s]
//	running      instances behind the target during the run
//	utilization  share of its capacity that the service may be planned to use
//
// That holds for the service that was the limit: of those which run behind the target, the one that the
// plan would enlarge most. The others were below theirs, by an unknown amount, so that they keep the
// plan's P95, as do all when the target never met its limit.
func (z *sizing) replicas(s *plan.Service) Recommendation {
	running := z.running(s)
	planned := max(int(math.Ceil(bounded(s.Instances.P95))), 1)
	r := Recommendation{Setting: s.Name + ".replicas", Value: strconv.Itoa(planned), Current: strconv.Itoa(max(running, 1))}
	assumed := ""
	if running == 0 {
		assumed = fmt.Sprintf(" (1 is assumed: set services.%s.running)", s.Name)
	}
	measured := z.calls(s.Name)
	peak := s.PeakQPS.P95
	keep := fmt.Sprintf("the plan asks for it at its peak of %s (p95)", quantity.Rate(peak))
	switch {
	case running == 0 && z.anyRunning():
		r.Current = ""
		r.Because = fmt.Sprintf("%s; services.%s.running is not set, so the run says nothing about it", keep, s.Name)
	case z.capacity.LowerBound:
		r.Because = fmt.Sprintf("%s; the run measured at least %s on %s%s and never met the target's limit; %s finds it",
			keep, quantity.Rate(measured), quantity.Of(max(running, 1), "instance"), assumed, z.further)
	case !z.isLimit(s):
		r.Because = fmt.Sprintf("%s; the run measured at least %s on %s%s, and by the plan another service was the limit",
			keep, quantity.Rate(measured), quantity.Of(max(running, 1), "instance"), assumed)
	default:
		each := measured / float64(max(running, 1))
		use := z.utilization(s.Name)
		needed := max(int(math.Ceil(bounded(peak/(each*use)))), 1)
		r.Value = strconv.Itoa(needed)
		r.Because = fmt.Sprintf("at its limit the target held %s on %s%s, so one may be planned for %s at %s, and its peak is %s (p95; by assumed demand the plan asked for %s)",
			quantity.Rate(measured), quantity.Of(max(running, 1), "instance"), assumed, quantity.Rate(each*use), quantity.Percent(use), quantity.Rate(peak), quantity.Count(planned))
	}
	return r
}

// bounded keeps a number of instances within what an int holds.
func bounded(n float64) float64 { return min(max(history.Finite(n), 0), 1e12) }

func (z *sizing) service(name string) *scenarios.Service {
	for i := range z.sc.Services {
		if z.sc.Services[i].Name == name {
			return &z.sc.Services[i]
		}
	}
	return nil
}

// running returns the instances behind the target, 0 where that is unknown.
func (z *sizing) running(s *plan.Service) int {
	if own := z.service(s.Name); own != nil && own.Running > 0 {
		return own.Running
	}
	return max(s.Running, 0)
}

func (z *sizing) anyRunning() bool {
	for i := range z.plan.Services {
		if s := &z.plan.Services[i]; scales(s.Kind) && z.running(s) > 0 {
			return true
		}
	}
	return false
}

func (z *sizing) utilization(name string) float64 {
	if own := z.service(name); own != nil && own.Utilization > 0 {
		return float64(own.Utilization)
	}
	return float64(scenarios.DefaultUtilization)
}

// calls returns the most calls a second that reached a service.
func (z *sizing) calls(name string) float64 {
	own := z.service(name)
	if own == nil {
		return 0
	}
	perSec, _ := z.run.Most(func(events map[string]record.Counters) float64 {
		var sum float64
		for _, step := range z.run.Names {
			sum += history.Good(events[step]) * own.Calls[step]
		}
		return sum
	}, !z.capacity.LowerBound)
	return history.Finite(perSec)
}

// isLimit says whether the plan would enlarge no service behind the target by more than this one.
func (z *sizing) isLimit(s *plan.Service) bool {
	growth := func(s *plan.Service) float64 { return s.Instances.Mid / float64(max(z.running(s), 1)) }
	for i := range z.plan.Services {
		other := &z.plan.Services[i]
		if scales(other.Kind) && (z.running(other) > 0 || !z.anyRunning()) && z.calls(other.Name) > 0 && growth(other) > growth(s) {
			return false
		}
	}
	return true
}
