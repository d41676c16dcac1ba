package plan

import (
	"cmp"
	"slices"

	"fsctl/plan/model"
)

// Codes of warnings, the most important first: plans list them in this order.
func warningCodes() []string {
	return []string{
		"calibration-scenario", "calibration-unused", "calibration-partial", "latency-infeasible", "usl-peak", "usl-extrapolation", "primary-writes", "hot-key", "connections", "partitions", "concurrency-limit", "quota", "source-figure", "burst-limit", "hot-row", "estate-too-small", "lead-too-short", "autoscaler-late", "unsized",
		"event-above-day-peak", "second-peak", "stock-bounds-orders", "zone-loss", "hit-ratio", "usl-peak-unknown",
		"peak-assumed", "busy-window-rounded",
	}
}

// newWarnings returns what a reader of the plan must know, and why a size is no candidate.
//
//	estate, autoscaling  nil where the scenario gives no estate
func newWarnings(m *model.Model, c model.Corners, demand Demand, estate *EstatePlan, autoscaling *Autoscaling) ([]Warning, []Excuse) {
	r := &review{Model: m, mid: c.Mid, high: c.High, demand: demand, placed: estate, autoscaling: autoscaling,
		warnings: []Warning{}, excuses: []Excuse{}}
	for i := range m.Services {
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
	return byImportance(r.warnings), r.excuses
}

// byImportance sorts warnings by their codes.
func byImportance(list []Warning) []Warning {
	codes := warningCodes()
	slices.SortStableFunc(list, func(a, b Warning) int {
		return cmp.Compare(slices.Index(codes, a.Code), slices.Index(codes, b.Code))
	})
	return list
}
