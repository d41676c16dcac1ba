package plan

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"fsctl/plan/bill"
	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// estate compares the plan with the pools and zones it has to fit in.
func (r *review) estate() {
	e := r.Estate
	if e == nil {
		return
	}
	need := r.placed.NeedCores
	r.tooSmall()
	r.starts()
	if e.SurviveZones > 0 {
		r.warn("zone-loss", "to carry on with %d of %d zones lost, provision %s times these instances: %s in place of %s",
			e.SurviveZones, e.Zones, quantity.Number(e.ZoneFactor), quantity.EstimateOf(math.Ceil(e.ZoneFactor*need.Mid), "core"), quantity.Estimate(need.Mid))
	}
}

// unknown warns of what the bill leaves out.
func (r *review) unknown() {
	t := &r.totals
	var limits []string
	if r.Limits != nil && r.Limits.Cores != nil {
		limits = append(limits, "cores")
	}
	if r.Limits != nil && r.Limits.Cost != nil {
		limits = append(limits, "the cost")
	}
	if len(t.Unsized) > 0 && (r.Estate != nil || len(limits) > 0) {
		limit := ""
		if len(limits) > 0 {
			limit = "; so the limit on " + strings.Join(limits, " and that on ") + " cannot be said to hold"
		}
		r.warn("unsized-cores", "%s: nothing says how many cores an instance has (instance.cores), and the plan's cores and cost are without them%s", strings.Join(t.Unsized, ", "), limit)
	}
	var unpriced []string
	for _, p := range t.CostParts {
		if p.Cost == nil && p.Name != bill.UnsizedCores {
			unpriced = append(unpriced, p.Name)
		}
	}
	if len(unpriced) > 0 && (t.CostUnit == CostInMoney || r.Limits != nil && r.Limits.Cost != nil) {
		limit := ""
		if r.Limits != nil && r.Limits.Cost != nil {
			limit = "; so the limit on the cost cannot be said to hold"
		}
		r.warn("unpriced", "%s: no price is given (price of a pool, estate.functions), and the cost is without it%s; a price of 0 says that it costs nothing", strings.Join(unpriced, ", "), limit)
	}
}

// leastBeyond is how many trials p99 must have above it.
const leastBeyond = 10

// fewTrials warns of percentiles that rest on a handful of trials.
func (r *review) fewTrials(trials int) {
	if beyond := trials / 100; !r.Certain() && beyond < leastBeyond {
		r.warn("few-trials", "%s: p99 rests on the %s above it, wanted %d or more; confidence says between which values the percentiles lie, --trials %d narrows that",
			quantity.Of(trials, "trial"), quantity.Of(beyond, "trial"), leastBeyond, 100*leastBeyond)
	}
}

// Peak second over day mean of Double 11 in 2015 and in 2019; docs/model.md.
const (
	leastSaleFactor = 26
	mostSaleFactor  = 36
)

func (r *review) event() {
	d := &r.demand
	if !r.HasDay() {
		return
	}
	if !r.HasEvent() {
		if d.StormQPS != nil && d.StormQPS.Mid > d.PeakQPS.Mid {
			return // the storm says what the sale's first second is
		}
		r.warn("second-peak", "the day's peak of %s is spread over hours; a sale's first second was %d to %d times the day's mean, here %s to %s; give workload.event for a sale",
			quantity.Rate(d.PeakQPS.Mid), leastSaleFactor, mostSaleFactor, quantity.Rate(leastSaleFactor*d.DayMeanQPS), quantity.Rate(mostSaleFactor*d.DayMeanQPS))
		return
	}
	if d.EventQPS.Mid > d.PeakQPS.Mid {
		sized := ""
		if r.Loads[r.mid.Largest].Kind == model.EventLoad {
			sized = "; services are sized for the event"
		}
		r.warn("event-above-day-peak", "the event brings %s, %s times the day's peak of %s%s",
			quantity.Rate(d.EventQPS.Mid), quantity.Number(d.EventQPS.Mid/d.PeakQPS.Mid), quantity.Rate(d.PeakQPS.Mid), sized)
	}
}

func (r *review) stock() {
	s, tps := r.Sale, r.mid.Loads[r.mid.Largest].TPS
	if s == nil || tps == 0 {
		return
	}
	all := s.Pieces() / tps
	if all > max(r.Workload.BusySeconds, r.Event.Seconds) {
		return
	}
	first := ""
	if s.Items > 1 {
		first = fmt.Sprintf(" (the most wanted item after %s)", quantity.Seconds(s.Stock/(tps*r.Event.Hottest)))
	}
	pieces := quantity.Of(int64(s.Pieces()), "piece")
	pieces += quantity.Verb(pieces, " is", " are")
	r.warn("stock-bounds-orders", "%s sold out %s after the opening%s at %s; every later attempt is a refusal, which still has to be answered",
		pieces, quantity.Seconds(all), first, quantity.RateOf(tps, "transaction"))
}

// mostActions a day is where a figure is more likely a slip than a habit: one every 86 s all day.
const mostActions = 1000

func (r *review) workload() {
	w, d := &r.Workload, &r.demand
	if !r.HasDay() {
		return
	}
	if actions := r.mid.Value(w.Actions, 0); actions > mostActions {
		r.warn("source-figure", "%s actions a user a day are one every %s around the clock; check the figure", quantity.Given(actions), quantity.Seconds(model.DaySeconds/actions))
	}
	if !w.PeakGiven {
		peak := &r.Inputs[w.Peak]
		r.warn("peak-assumed", "no peak is given: %s to %s times the busy mean is assumed, %s to %s", quantity.Number(peak.Low), quantity.Number(peak.High), quantity.Rate(d.PeakQPS.Low), quantity.Rate(d.PeakQPS.High))
	}
	if w.BusyShare == float64(scenarios.DefaultBusyShare) && w.BusySeconds == scenarios.DefaultBusyWindow.Seconds() {
		exact := d.BusyMeanQPS * 5 / 4.8
		r.warn("busy-window-rounded", "5 h is rounded: 20 %% of a day is 4.8 h, which gives a busy mean of %s in place of %s and a peak of up to %s",
			quantity.Rate(exact), quantity.Rate(d.BusyMeanQPS), quantity.Rate(d.PeakQPS.High*5/4.8))
	}
}

// mostPerOrigin is the day's requests of one store or device from which a figure is doubted: one a
// second around the clock.
const mostPerOrigin = model.DaySeconds

// origins doubts a workload that would ask more of each place it comes from than a place can do.
func (r *review) origins() {
	for _, name := range slices.Sorted(maps.Keys(r.Workload.Origins)) {
		count := r.Workload.Origins[name]
		if each := r.mid.RequestsPerDay / count; each > mostPerOrigin {
			r.warn("source-figure", "each of %s %s would make %s requests a day, one every %s around the clock; the figure is read as requests of all kinds, not as transactions: check it",
				quantity.Given(count), name, quantity.Estimate(each), quantity.Seconds(model.DaySeconds/each))
		}
	}
}

// autoscaler warns of services that only an autoscaler brings up.
func (r *review) autoscaler() {
	if r.autoscaling == nil {
		return
	}
	for _, s := range r.autoscaling.Services {
		if s.Policy == "hpa" && s.Growth > 1 {
			r.warn("autoscaler-late", "%s goes from %s to %s by an autoscaler that sees nothing before T0: %s", s.Name,
				quantity.Given(s.FromInstances), quantity.Of(int64(s.ToInstances), "pod"), s.Because)
		}
	}
}

// lead warns of a scale-up that is scheduled too late.
func (r *review) lead() {
	e := r.placed
	if e == nil {
		return
	}
	for i := range e.schedules {
		if s := &e.schedules[i]; s.late() {
			r.warn("lead-too-short", "the scale-up of %s is scheduled %s before T0 and takes %s at mid, %s at p95, with a margin of %s",
				s.whose(), quantity.Seconds(s.given), quantity.Seconds(s.mid), quantity.Seconds(s.p95), quantity.Seconds(e.MarginSeconds))
		}
	}
}
