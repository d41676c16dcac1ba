package plan

import (
	"fmt"
	"maps"
	"math"
	"slices"

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
	mid, high, pools := r.EstateCores(r.mid), r.EstateCores(r.high), 0.0
	for _, p := range e.Pools {
		pools += p.Cores
	}
	if len(e.Pools) > 0 && max(mid, high) > pools {
		most, limit := quantity.Against(max(mid, high), pools)
		r.warn("estate-too-small", "the instances need %s, up to %s in the high case; the pools have %s", quantity.EstimateOf(mid, "core"), most, limit)
	}
	if e.SurviveZones > 0 {
		r.warn("zone-loss", "to carry on with %d of %d zones lost, provision %s times these instances: %s in place of %s",
			e.SurviveZones, e.Zones, quantity.Number(e.ZoneFactor), quantity.EstimateOf(math.Ceil(e.ZoneFactor*mid), "core"), quantity.Estimate(mid))
	}
}

// Peak second over day mean of Double 11 in 2015 and in 2019; docs/model.md.
const (
	leastSaleFactor = 26
	mostSaleFactor  = 36
)

func (r *review) event() {
	d := &r.demand
	if !r.HasEvent() {
		r.warn("second-peak", "the day's peak of %s is spread over hours; a sale's first second was %d to %d times the day's mean, here %s to %s; give workload.event for a sale",
			quantity.Rate(d.PeakQPS.Mid), leastSaleFactor, mostSaleFactor, quantity.Rate(leastSaleFactor*d.DayMeanQPS), quantity.Rate(mostSaleFactor*d.DayMeanQPS))
		return
	}
	if d.EventQPS.Mid > d.PeakQPS.Mid {
		r.warn("event-above-day-peak", "the event brings %s, %s times the day's peak of %s; services are sized for the event",
			quantity.Rate(d.EventQPS.Mid), quantity.Number(d.EventQPS.Mid/d.PeakQPS.Mid), quantity.Rate(d.PeakQPS.Mid))
	}
}

func (r *review) stock() {
	s := r.Sale
	if s == nil || r.mid.EventTPS == 0 {
		return
	}
	all := s.Pieces() / r.mid.EventTPS
	if all > r.Workload.BusySeconds {
		return
	}
	first := ""
	if s.Items > 1 {
		first = fmt.Sprintf(" (the most wanted item after %s)", quantity.Seconds(s.Stock/(r.mid.EventTPS*r.Event.Hottest)))
	}
	pieces := quantity.Of(int64(s.Pieces()), "piece")
	pieces += quantity.Verb(pieces, " is", " are")
	r.warn("stock-bounds-orders", "%s sold out %s after the opening%s at %s; every later attempt is a refusal, which still has to be answered",
		pieces, quantity.Seconds(all), first, quantity.RateOf(r.mid.EventTPS, "transaction"))
}

// mostActions a day is where a figure is more likely a slip than a habit: one every 86 s all day.
const mostActions = 1000

func (r *review) workload() {
	w, d := &r.Workload, &r.demand
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
	if e == nil || !e.late() {
		return
	}
	r.warn("lead-too-short", "the scale-up is scheduled %s before T0 and takes %s at mid, %s at p95, with a margin of %s; bound by %s",
		quantity.Seconds(e.GivenLeadSeconds), quantity.Seconds(e.LeadSeconds.Mid), quantity.Seconds(e.LeadSeconds.P95), quantity.Seconds(e.MarginSeconds), e.BindingLimit)
}
