package plan

import (
	"math"
	"runtime"
	"slices"

	"fsctl/scenarios"
)

// trial returns the case of one Monte Carlo trial, every service sized.
func (m *model) trial(n int) *point {
	x := m.newPoint()
	for i := range m.quantities {
		x.values[i] = m.quantities[i].draw(uint64(n))
	}
	m.rate(x)
	for i := range m.services {
		x.sizes[i] = m.size(x, i)
	}
	return x
}

// percentileTrials finds, for each of the estimates, the trials whose values are its P50, P95 and P99.
func (m *model) percentileTrials(columns []column, trials int) map[*Estimate][3]int {
	found := map[*Estimate][3]int{}
	for group := range slices.Chunk(columns, max(1, sampleBudget/trials)) {
		samples := make([][]float64, len(group))
		for i := range samples {
			samples[i] = make([]float64, trials)
		}
		m.sample(group, samples, runtime.GOMAXPROCS(0))
		for i, c := range group {
			found[c.into] = [3]int{
				slices.Index(samples[i], c.into.P50), slices.Index(samples[i], c.into.P95), slices.Index(samples[i], c.into.P99),
			}
		}
	}
	return found
}

// Quantile is a point of a distribution: a share of the trials needs at most Value.
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
// Errors: *[InputError] as [New], and for points out of range.
func TotalCores(sc *scenarios.Scenario, p *Plan, points int) ([]Quantile, error) {
	if points < 1 || points > 10_000 {
		return nil, &InputError{"points", figure(float64(points)), "1 to 10000"}
	}
	m, err := newModel(sc, p.Seed)
	if err != nil {
		return nil, err
	}
	samples := []float64{p.Totals.CPUCores.Mid}
	if !m.certain() {
		samples = make([]float64, max(1, p.Trials))
		columns := m.columns(p)
		at := slices.IndexFunc(columns, func(c column) bool { return c.into == &p.Totals.CPUCores })
		m.sample(columns[at:at+1], [][]float64{samples}, runtime.GOMAXPROCS(0))
		slices.Sort(samples)
	}
	list := make([]Quantile, points)
	for i := range list {
		share := (float64(i) + 0.5) / float64(points)
		list[i] = Quantile{share, rank(samples, share)}
	}
	return list, nil
}

// samplingError says between which shares the true one of a percentile lies, for so many trials:
// p +- 1.96 sqrt(p (1-p) / n).
func samplingError(share float64, trials int) string {
	half := 1.96 * math.Sqrt(share*(1-share)/float64(trials))
	return "with " + figure(float64(trials)) + " trials, the true " + figure(100*share) + " % point lies between the trials' " +
		percent(max(0, share-half)) + " and " + percent(min(1, share+half)) + " % points (95 % confidence)"
}

// percent writes a share in percent with two decimals.
func percent(share float64) string { return figure(math.Round(share*1e4) / 100) }
