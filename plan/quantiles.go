package plan

import (
	"slices"
	"strconv"

	"fsctl/plan/model"
	"fsctl/scenarios"
)

// Quantile is a point of a distribution: a share of the trials needs at most Value, in the unit of
// the figure, such as cores.
type Quantile struct {
	ShareRatio float64 `json:"share_ratio"` // above 0 and below 1
	Value      float64 `json:"value"`
}

// TotalCores returns the distribution of the plan's total cores, by its own trials: the values of
// rank ceil(p n) for the given number of shares p, evenly spaced at (i + 1/2)/points.
//
//	sc      the scenario that the plan was made from
//	p       its plan; the seed and the number of trials are taken from it
//	points  how many shares, 1 to 10 000
//
// Values are in cores. Errors: *[model.InputError] as [New], and for points outside 1 to 10,000. By definition they are
// the nearest-rank quantiles of the trials.
func TotalCores(sc *scenarios.Scenario, p *Plan, points int) ([]Quantile, error) {
	if points < 1 || points > 10_000 {
		return nil, &model.InputError{Field: "points", Found: strconv.Itoa(points), Wanted: "1 to 10000"}
	}
	m, err := model.New(sc, p.Seed)
	if err != nil {
		return nil, err
	}
	values := []float64{p.Totals.CPUCores.Mid}
	if !m.Certain() {
		opts, err := Options{Trials: max(1, p.Trials)}.Resolved()
		if err != nil {
			return nil, err
		}
		figures := []model.Figure{{Field: totalCores, Needs: model.AllServices, Read: sumOfCores}}
		m.Sample(figures, opts, func(_ []model.Figure, samples [][]float64) {
			values = samples[0]
		})
		slices.Sort(values)
	}
	list := make([]Quantile, points)
	for i := range list {
		share := (float64(i) + 0.5) / float64(points)
		list[i] = Quantile{share, model.Rank(values, share)}
	}
	return list, nil
}
