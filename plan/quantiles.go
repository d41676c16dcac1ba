package plan

import (
	"strconv"

	"fsctl/plan/bill"
	"fsctl/plan/model"
	"fsctl/scenarios"
)

// Quantile is a point of a distribution: a share of the trials needs at most Value, in the unit of
// the figure, such as cores.
type Quantile struct {
	ShareRatio float64 `json:"share_ratio"` // above 0 and below 1
	Value      float64 `json:"value"`
}

// TotalCores returns the cores of the sizes with which a share of the plan's trials has no service short, for the given number of
// shares p, evenly spaced at (i + 1/2)/points.
//
//	sc      the scenario that the plan was made from
//	p       its plan; the seed and the number of trials are taken from it
//	points  how many shares, 1 to 10 000
//
// Values are in cores. Errors: *[model.InputError] as [New], and for points outside 1 to 10,000. Formula: [bill.NewTrials].
func TotalCores(sc *scenarios.Scenario, p *Plan, points int) ([]Quantile, error) {
	if points < 1 || points > 10_000 {
		return nil, &model.InputError{Field: "points", Found: strconv.Itoa(points), Wanted: "1 to 10000"}
	}
	m, err := model.New(sc, p.Seed)
	if err != nil {
		return nil, err
	}
	if err := m.SizeFor(p.SizeFor); err != nil {
		return nil, err
	}
	opts, err := Options{Trials: max(1, p.Trials)}.Resolved()
	if err != nil {
		return nil, err
	}
	trials := bill.NewTrials(m, opts, nil)
	list, levels := make([]Quantile, points), make([]bill.Level, points)
	for i := range list {
		list[i].ShareRatio = (float64(i) + 0.5) / float64(points)
		levels[i] = trials.Level(list[i].ShareRatio)
	}
	for i, cores := range trials.Cores(levels) {
		list[i].Value = cores
	}
	return list, nil
}
