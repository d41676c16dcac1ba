package plan

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"fsctl/plan/model"
	"fsctl/scenarios"
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
		r.warn("estate-too-small", "the instances need %s cores, up to %s in the high case; the pools have %s", model.Number(mid), model.Number(max(mid, high)), model.Number(pools))
	}
	if e.SurviveZones > 0 {
		r.warn("zone-loss", "to carry on with %d of %d zones lost, provision %s times these instances: %s cores in place of %s",
			e.SurviveZones, e.Zones, model.Number(e.ZoneFactor), model.Number(math.Ceil(e.ZoneFactor*mid)), model.Number(mid))
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
		r.warn("second-peak", "the day's peak of %s/s is spread over hours; a sale's first second was %d to %d times the day's mean, here %s to %s/s; give workload.event for a sale",
			model.Number(d.PeakQPS.Mid), leastSaleFactor, mostSaleFactor, model.Number(leastSaleFactor*d.DayMeanQPS), model.Number(mostSaleFactor*d.DayMeanQPS))
		return
	}
	if d.EventQPS.Mid > d.PeakQPS.Mid {
		r.warn("event-above-day-peak", "the sale brings %s/s, %s times the day's peak of %s/s; services are sized for the sale",
			model.Number(d.EventQPS.Mid), model.Number(math.Round(100*d.EventQPS.Mid/d.PeakQPS.Mid)/100), model.Number(d.PeakQPS.Mid))
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
		first = fmt.Sprintf(" (the most wanted item after %s)", model.Duration(s.Stock/(r.mid.EventTPS*r.Event.Hottest)))
	}
	r.warn("stock-bounds-orders", "%s pieces are sold out %s after the opening%s at %s transactions/s; every later attempt is a refusal, which still has to be answered",
		model.Number(s.Pieces()), model.Duration(all), first, model.Number(r.mid.EventTPS))
}

// mostActions a day is where a figure is more likely a slip than a habit: one every 86 s all day.
const mostActions = 1000

func (r *review) workload() {
	w, d := &r.Workload, &r.demand
	if actions := r.mid.Value(w.Actions, 0); actions > mostActions {
		r.warn("source-figure", "%s actions a user a day are one every %s around the clock; check the figure", model.Number(actions), model.Duration(model.DaySeconds/actions))
	}
	if !w.PeakGiven {
		peak := &r.Inputs[w.Peak]
		r.warn("peak-assumed", "no peak is given: %s to %s times the busy mean is assumed, %s to %s/s", model.Number(peak.Low), model.Number(peak.High), model.Number(d.PeakQPS.Low), model.Number(d.PeakQPS.High))
	}
	if w.BusyShare == float64(scenarios.DefaultBusyShare) && w.BusySeconds == scenarios.DefaultBusyWindow.Seconds() {
		exact := d.BusyMeanQPS * 5 / 4.8
		r.warn("busy-window-rounded", "5h is rounded: 20 %% of a day is 4.8h, which gives a busy mean of %s/s in place of %s/s and a peak of up to %s/s",
			model.Number(exact), model.Number(d.BusyMeanQPS), model.Number(d.PeakQPS.High*5/4.8))
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
				model.Number(count), name, rounded(each), model.Duration(model.DaySeconds/each))
		}
	}
}

// rounded writes a count to three digits, in millions where there are any.
func rounded(n float64) string {
	if n < 1e6 {
		return model.Number(math.Round(n))
	}
	unit := math.Pow(10, math.Floor(math.Log10(n))-2)
	return model.Number(math.Round(n/unit)*unit/1e6) + " M"
}

// autoscaler warns of services that only an autoscaler brings up.
func (r *review) autoscaler() {
	if r.autoscaling == nil {
		return
	}
	for _, s := range r.autoscaling.Services {
		if s.Policy == "hpa" && s.Growth > 1 {
			r.warn("autoscaler-late", "%s goes from %s to %s pods by an autoscaler that sees nothing before T0: %s", s.Name,
				model.Number(s.FromInstances), model.Number(s.ToInstances), s.Because)
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
		model.Duration(e.GivenLeadSeconds), model.Duration(e.LeadSeconds.Mid), model.Duration(e.LeadSeconds.P95), model.Duration(e.MarginSeconds), e.BindingLimit)
}
