package plan

import (
	"cmp"
	"slices"

	"fsctl/plan/model"
	"fsctl/scenarios"
)

// Codes of warnings, the most important first: plans list them in this order.
func warningCodes() []string {
	return []string{
		"calibration-scenario", "calibration-unused", "calibration-overridden", "calibration-partial", "latency-infeasible", "usl-peak", "usl-extrapolation", "primary-cpu", "primary-writes", "hot-key", "connections", "partitions", "concurrency-limit", "quota", "source-figure", "burst-limit", "hot-row", "estate-too-small", "lead-too-short", "start-assumed", "autoscaler-late", "unsized", "writes-unused", "unsized-cores", "unpriced", "few-trials",
		"size-for", "storm-above-event", "storm-below-event", "storm-alone", "event-below-day-peak", "event-above-day-peak", "second-peak", "stock-bounds-orders", "zone-loss", "hit-ratio", "usl-peak-unknown",
		"peak-assumed", "busy-window-rounded",
	}
}

// newWarnings returns what a reader of the plan must know, and why a size is no candidate.
//
//	estate, autoscaling  nil where the scenario gives no estate
func newWarnings(sc *scenarios.Scenario, m *model.Model, c model.Corners, demand Demand, totals Totals, estate *EstatePlan, autoscaling *Autoscaling, trials int) ([]Warning, []Excuse) {
	r := &review{Model: m, scenario: sc, mid: c.Mid, high: c.High, demand: demand, totals: totals, placed: estate, autoscaling: autoscaling,
		warnings: []Warning{}, excuses: []Excuse{}}
	for i := range m.Services {
		r.latency(i)
		r.primary(i)
		r.hotRow(i)
		r.unsized(i)
		r.writesUnused(i)
		r.hitRatio(i)
		r.usl(i)
		r.kinds(i)
	}
	r.estate()
	r.unknown()
	r.fewTrials(trials)
	r.lead()
	r.autoscaler()
	r.loads()
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
