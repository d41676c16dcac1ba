package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

// Codes of warnings, the most important first: plans list them in this order.
func warningCodes() []string {
	return []string{
		"calibration-scenario", "calibration-unused", "calibration-partial", "latency-infeasible", "usl-peak", "usl-extrapolation", "primary-writes", "hot-key", "connections", "partitions", "concurrency-limit", "quota", "source-figure", "burst-limit", "hot-row", "estate-too-small", "lead-too-short", "autoscaler-late", "unsized",
		"event-above-day-peak", "second-peak", "stock-bounds-orders", "zone-loss", "hit-ratio", "usl-peak-unknown",
		"peak-assumed", "busy-window-rounded",
	}
}

// review collects what a reader of the plan must know.
type review struct {
	*model
	sc        *scenarios.Scenario
	plan      *Plan
	mid, high *point
}

// limits fills in the warnings and excuses.
func (m *model) limits(p *Plan, sc *scenarios.Scenario, mid, high *point) {
	r := &review{m, sc, p, mid, high}
	for i := range m.services {
		r.latency(i)
		r.primary(i)
		r.hotRow(i)
		r.unsized(i)
		r.hitRatio(i)
		r.usl(i)
		r.kinds(i)
	}
	r.estate()
	r.lead()
	r.autoscaler()
	r.event()
	r.stock()
	r.workload()
	r.origins()
	codes := warningCodes()
	slices.SortStableFunc(p.Warnings, func(a, b Warning) int {
		return cmp.Compare(slices.Index(codes, a.Code), slices.Index(codes, b.Code))
	})
}

func (r *review) warn(code, format string, args ...any) {
	r.plan.Warnings = append(r.plan.Warnings, Warning{code, fmt.Sprintf(format, args...)})
}

func (r *review) excuse(candidate, bottleneck string, got, limit float64) {
	r.plan.Excuses = append(r.plan.Excuses, Excuse{candidate, bottleneck, got, limit})
}

// figure writes a number with at most six digits that count and no exponent.
func figure(x float64) string {
	if x == 0 || math.Abs(x) >= 1e15 || math.Abs(x) < 1e-4 {
		return strconv.FormatFloat(x, 'g', 6, 64)
	}
	digits := 5 - int(math.Floor(math.Log10(math.Abs(x))))
	text := strconv.FormatFloat(x, 'f', max(0, digits), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// seconds writes a time of the plan.
func seconds(s float64) string {
	if s >= 1e9 {
		return figure(s) + "s"
	}
	d := time.Duration(s * 1e9)
	for _, step := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= step {
			return d.Round(step / 100).String()
		}
	}
	return d.String()
}

// worst returns the case in which something happens, mid before high, with words for it.
func (r *review) worst(happens func(*point) bool) (x *point, when string) {
	switch {
	case happens(r.mid):
		return r.mid, ""
	case happens(r.high):
		return r.high, " in the high case"
	}
	return nil, ""
}

func (r *review) latency(i int) {
	s := &r.services[i]
	x, when := r.worst(func(x *point) bool { return x.sizes[i].late })
	if x == nil {
		return
	}
	demand := s.seconds(x, 1)
	alone := responseOf(demand, x.value(s.variability, 1)).quantile(s.quantile)
	r.warn("latency-infeasible", "%s: the service time alone is %s at p%s%s, over the limit of %s; no number of cores helps, a shorter demand than %s does",
		s.name, seconds(alone), figure(s.quantile*100), when, seconds(s.limit), seconds(demand*s.limit/alone))
	if x == r.mid {
		r.excuse(s.name+" at any size", byLatency, alone, s.limit)
	}
}

func (r *review) primary(i int) {
	s := &r.services[i]
	if s.kind != "database" {
		return
	}
	writes := func(x *point) float64 { return x.direct[i] * s.writes }
	x, when := r.worst(func(x *point) bool { return writes(x) > x.values[s.capacity]*s.utilization })
	if x == nil {
		return
	}
	got, capacity := writes(x), x.values[s.capacity]
	r.warn("primary-writes", "%s: %s writes/s%s for one primary that takes %s/s, %s/s at %s %% utilization; replicas do not help, sharding or a queue before it does",
		s.name, figure(got), when, figure(capacity), figure(capacity*s.utilization), figure(s.utilization*100))
	if x == r.mid && got > capacity {
		r.excuse(s.name+" with one primary", byPrimaryWrites, got, capacity)
	}
}

func (r *review) hotRow(i int) {
	s := &r.services[i]
	if s.kind != "database" || s.hotRow == 0 {
		return
	}
	x, when := r.worst(func(x *point) bool { return r.hotWrites(x, i) > s.hotRow })
	if x == nil {
		return
	}
	whose := fmt.Sprintf("the most wanted item's row, %s %% of orders", figure(r.hottest*100))
	if r.sc.Sale == nil {
		whose = "one row, for the scenario names no sale that would spread them"
	}
	r.warn("hot-row", "%s: %s writes/s%s meet in %s, which takes %s/s; more nodes do not help",
		s.name, figure(r.hotWrites(x, i)), when, whose, figure(s.hotRow))
}

func (r *review) unsized(i int) {
	s := &r.services[i]
	switch {
	case r.high.rates[i] < leastRate:
		r.warn("unsized", "%s: no step calls it, so nothing is planned for it", s.name)
	case r.high.sizes[i].instances == 0:
		r.warn("unsized", "%s: %s calls/s, but neither demand nor capacity says what they need, so nothing is planned for it", s.name, figure(r.mid.rates[i]))
	}
}

// hitRatio shows how much hangs on a cache's last percent.
func (r *review) hitRatio(i int) {
	s := &r.services[i]
	if s.misses == absent || s.hit == absent {
		return
	}
	miss := 1 - r.mid.values[s.hit]
	if rate := r.mid.rates[i]; miss <= 0.05 && rate > 0 {
		r.warn("hit-ratio", "%s: one point fewer hits than %s %% raises what reaches %s from %s/s to %s/s",
			s.name, figure(100-100*miss), r.services[s.misses].name, figure(miss*rate), figure((miss+0.01)*rate))
	}
}

// estate compares the plan with the pools and zones it has to fit in.
func (r *review) estate() {
	e := r.sc.Estate
	if e == nil {
		return
	}
	mid, high, pools := r.estateCores(r.mid), r.estateCores(r.high), 0.0
	for _, p := range e.Pools {
		pools += float64(p.Cores)
	}
	if len(e.Pools) > 0 && max(mid, high) > pools {
		r.warn("estate-too-small", "the instances need %s cores, up to %s in the high case; the pools have %s", figure(mid), figure(max(mid, high)), figure(pools))
	}
	if e.SurviveZones > 0 {
		if factor, err := queueing.ZoneRedundancy(e.Zones, e.SurviveZones); err == nil {
			r.warn("zone-loss", "to carry on with %d of %d zones lost, provision %s times these instances: %s cores in place of %s",
				e.SurviveZones, e.Zones, figure(factor), figure(math.Ceil(factor*mid)), figure(mid))
		}
	}
}

// Peak second over day mean of Double 11 in 2015 and in 2019; docs/model.md.
const (
	leastSaleFactor = 26
	mostSaleFactor  = 36
)

func (r *review) event() {
	d := r.plan.Demand
	if len(r.sc.Workload.Event) == 0 {
		r.warn("second-peak", "the day's peak of %s/s is spread over hours; a sale's first second was %d to %d times the day's mean, here %s to %s/s; give workload.event for a sale",
			figure(d.PeakQPS.Mid), leastSaleFactor, mostSaleFactor, figure(leastSaleFactor*d.DayMeanQPS), figure(mostSaleFactor*d.DayMeanQPS))
		return
	}
	if d.EventQPS.Mid > d.PeakQPS.Mid {
		r.warn("event-above-day-peak", "the sale brings %s/s, %s times the day's peak of %s/s; services are sized for the sale",
			figure(d.EventQPS.Mid), figure(math.Round(100*d.EventQPS.Mid/d.PeakQPS.Mid)/100), figure(d.PeakQPS.Mid))
	}
}

func (r *review) stock() {
	s := r.sc.Sale
	if s == nil || r.mid.eventTPS == 0 {
		return
	}
	pieces := float64(s.Stock) * float64(max(1, s.Items))
	all := pieces / r.mid.eventTPS
	if all > r.busySeconds {
		return
	}
	first := ""
	if s.Items > 1 {
		first = fmt.Sprintf(" (the most wanted item after %s)", seconds(float64(s.Stock)/(r.mid.eventTPS*r.hottest)))
	}
	r.warn("stock-bounds-orders", "%s pieces are sold out %s after the opening%s at %s transactions/s; every later attempt is a refusal, which still has to be answered",
		figure(pieces), seconds(all), first, figure(r.mid.eventTPS))
}

// mostActions a day is where a figure is more likely a slip than a habit: one every 86 s all day.
const mostActions = 1000

func (r *review) workload() {
	w, d := r.sc.Workload, r.plan.Demand
	if actions := r.mid.value(r.actions, 0); actions > mostActions {
		r.warn("source-figure", "%s actions a user a day are one every %s around the clock; check the figure", figure(actions), seconds(daySeconds/actions))
	}
	if !peakGiven(r.sc) {
		r.warn("peak-assumed", "no peak is given: %s to %s times the busy mean is assumed, %s to %s/s", figure(w.Peak.Low), figure(w.Peak.High), figure(d.PeakQPS.Low), figure(d.PeakQPS.High))
	}
	if w.Busy.Share == 0.8 && w.Busy.Window == 5*time.Hour {
		exact := d.BusyMeanQPS * 5 / 4.8
		r.warn("busy-window-rounded", "5h is rounded: 20 %% of a day is 4.8h, which gives a busy mean of %s/s in place of %s/s and a peak of up to %s/s",
			figure(exact), figure(d.BusyMeanQPS), figure(d.PeakQPS.High*5/4.8))
	}
}
