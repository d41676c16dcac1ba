package report

import (
	"slices"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/threshold"
)

// Add has the run judged by more thresholds, after those of its scenario. One whose metric, expression and window are there
// already is not added. What the run kept no figures for has no data.
func (r *Run) Add(limits []threshold.Limit) {
	sc := &scenarios.Scenario{Name: r.Record.Manifest.Scenario}
	if r.Scenario != nil {
		copied := *r.Scenario
		sc = &copied
	}
	sc.Thresholds = slices.Clone(sc.Thresholds)
	has := map[string]bool{}
	for _, l := range sc.Thresholds {
		for i := range l.Thresholds {
			has[identity(&l.Thresholds[i])] = true
		}
	}
	for _, l := range limits {
		fresh := threshold.Limit{Name: l.Name}
		for _, t := range l.Thresholds {
			if id := identity(&t); !has[id] {
				has[id], t.Added = true, true
				fresh.Thresholds = append(fresh.Thresholds, t)
			}
		}
		if len(fresh.Thresholds) > 0 {
			sc.Thresholds = append(sc.Thresholds, fresh)
		}
	}
	r.Scenario = sc
}

// identity tells thresholds apart.
func identity(t *threshold.Threshold) string {
	text := t.Key() + " " + t.Text
	if t.Window != nil {
		text += " " + t.Window.String()
	}
	return text
}

// slicesOf returns the parts of vegeta's results that thresholds ask for.
func slicesOf(limits []threshold.Limit) (list []record.Slice) {
	for _, l := range limits {
		for i := range l.Thresholds {
			slice := record.Slice{Status: l.Thresholds[i].Status, Method: l.Thresholds[i].Method}
			if slice != (record.Slice{}) && !slices.Contains(list, slice) {
				list = append(list, slice)
			}
		}
	}
	return list
}
